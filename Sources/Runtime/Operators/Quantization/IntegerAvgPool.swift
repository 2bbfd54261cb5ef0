/// An AvgPool of 8-bit integers, as the real numbers it stands for: scale times the mean of x less the zero point over each window.
///
/// Operands: data x (`u8` or `i8`), scale `f32` and zero point `f32` of one element each. Attributes: those of AvgPool.
struct IntegerAvgPool: Operator {
  let average: AvgPool

  init(_ node: Node) throws { average = try AvgPool(node) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try operands.requireQuantized(0, [.u8, .i8])
    try operands.requireFloats(1, 2)
    for index in 1...2 where !(operands.shape(index).shape.map { $0.checkedElementCount == 1 } ?? true) {
      throw invalid("input \(index) has the shape \(operands.shape(index))", suggestion: "it is one number")
    }
    return [ValueType(.f32, try average.pooling.shape(operands.shape(0)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (scale, zeroPoint) = (operands[1].doubles()[0], operands[2].doubles()[0])
    let values = operands[0].doubles().map { ($0 - zeroPoint) * scale }
    return try average.evaluate([Tensor(.f32, shape: operands[0].shape, doubles: values)], context)
  }
}
