let convolutionOperators: [OperatorRegistry.Entry] = []
