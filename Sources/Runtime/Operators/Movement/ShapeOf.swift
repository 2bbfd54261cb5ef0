/// The extents of a tensor as a vector of integers.
struct ShapeOf: ShapeReading {
  let outputType: ElementType

  init(_ node: Node) throws {
    outputType = node.version(among: [1, 3]) == 1 ? .i64 : try node.attributes.elementType("output_type", default: .i64)
    guard outputType == .i32 || outputType == .i64 else {
      throw OVError(.invalidModel, "output_type is \(outputType)", suggestion: "it can be i32 or i64")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    return [ValueType(outputType, operands.shape(0).rank.map { PartialShape([$0]) } ?? .dynamic(rank: 1))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [Tensor(outputType, shape: [operands[0].shape.count], ints: operands[0].shape)]
  }
}
