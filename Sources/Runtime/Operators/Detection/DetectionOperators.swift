let detectionOperators: [OperatorRegistry.Entry] = []
