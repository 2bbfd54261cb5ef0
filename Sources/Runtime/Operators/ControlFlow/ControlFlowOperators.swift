let controlFlowOperators: [OperatorRegistry.Entry] = [
  .init("ReadValue", [3, 6], ReadValue.init),
  .init("Assign", [3, 6], Assign.init),
]
