let mathematicsOperators: [OperatorRegistry.Entry] = []
