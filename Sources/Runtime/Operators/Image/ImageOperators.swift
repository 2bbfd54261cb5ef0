let imageOperators: [OperatorRegistry.Entry] = []
