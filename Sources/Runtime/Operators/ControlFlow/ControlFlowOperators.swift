let controlFlowOperators: [OperatorRegistry.Entry] = []
