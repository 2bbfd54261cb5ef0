let embeddingOperators: [OperatorRegistry.Entry] = []
