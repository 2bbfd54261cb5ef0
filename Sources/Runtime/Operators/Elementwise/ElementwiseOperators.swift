let elementwiseOperators: [OperatorRegistry.Entry] = [
  .init("Add", [1]) { try BinaryArithmetic($0, .add) },
  .init("Subtract", [1]) { try BinaryArithmetic($0, .subtract) },
  .init("Multiply", [1]) { try BinaryArithmetic($0, .multiply) },
  .init("Divide", [1]) { try BinaryArithmetic($0, .divide) },
  .init("Maximum", [1]) { try BinaryArithmetic($0, .maximum) },
  .init("Minimum", [1]) { try BinaryArithmetic($0, .minimum) },
]
