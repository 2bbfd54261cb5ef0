let sortingOperators: [OperatorRegistry.Entry] = []
