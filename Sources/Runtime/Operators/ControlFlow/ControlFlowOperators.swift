let controlFlowOperators: [OperatorRegistry.Entry] = [
  .init("If", [8], If.init),
  .init("Loop", [5]) { try Loop($0, hasTripCount: true) },
  .init("TensorIterator", [1]) { try Loop($0, hasTripCount: false) },
  .init("ReadValue", [3, 6], ReadValue.init),
  .init("Assign", [3, 6], Assign.init),
]
