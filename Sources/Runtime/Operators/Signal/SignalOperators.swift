let signalOperators: [OperatorRegistry.Entry] = []
