/// Matrices with ones on a diagonal and zeros elsewhere, for a batch of a given shape.
struct Eye: Operator {
  let outputType: ElementType

  init(_ node: Node) throws {
    outputType = try node.attributes.elementType("output_type")
    guard outputType != .string, outputType != .dynamic else { throw OVError(.invalidModel, "output_type is \(outputType)") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...4)
    for index in 0..<3 where (operands.shape(index).shape?.checkedElementCount ?? 1) != 1 {
      throw invalid("input \(index) has the shape \(operands.shape(index)), not one number")
    }
    for index in 0..<2 where (operands.ints(index)?.first ?? 0) < 0 { throw invalid("input \(index), an extent, is negative") }
    let matrix = (0..<2).map { operands.dimensions($0)?.first ?? .dynamic }
    if !operands.has(3) { return [ValueType(outputType, PartialShape(matrix))] }
    guard let batch = operands.dimensions(3) else { return [ValueType(outputType, .dynamic)] }
    return [ValueType(outputType, PartialShape(batch + matrix))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    _ = try Tensor(outputType, shape: shape)
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    let diagonal = operands[2].ints()[0]
    let values = (0..<shape.elementCount).map { (i: Int) -> Int64 in
      (i % columns).subtractingReportingOverflow(i / columns % rows).partialValue == diagonal ? 1 : 0
    }
    return [Tensor(outputType, shape: shape, int64s: values)]
  }
}
