let sequenceOperators: [OperatorRegistry.Entry] = []
