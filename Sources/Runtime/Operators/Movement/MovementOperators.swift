let movementOperators: [OperatorRegistry.Entry] = [
  .init("ShapeOf", [1, 3], ShapeOf.init),
  .init("Transpose", [1], Transpose.init),
]
