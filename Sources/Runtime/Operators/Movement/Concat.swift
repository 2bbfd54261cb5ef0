/// Lays tensors side by side along an axis.
struct Concat: Operator {
  let axis: Int

  init(_ node: Node) throws { axis = try node.attributes.int("axis") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...Int.max)
    let type = try operands.commonElementType(of: Array(0..<operands.count))
    guard let rank = operands.types.lazy.compactMap(\.shape.rank).first else { return [ValueType(type, .dynamic)] }
    let axis = try normalizedAxis(axis, rank: rank)
    var extent = Dimension(0)
    var others = PartialShape.dynamic(rank: rank)
    for (index, shape) in operands.types.map(\.shape).enumerated() {
      guard var dimensions = shape.dimensions else {
        extent = extent + .dynamic
        continue
      }
      guard dimensions.count == rank else { throw invalid("input \(index) has rank \(dimensions.count), another input has \(rank)") }
      extent = extent + dimensions[axis]
      dimensions[axis] = .dynamic
      guard let merged = others.merged(with: PartialShape(dimensions)) else {
        throw invalid("input \(index) of shape \(shape) differs from the others beside axis \(axis)")
      }
      others = merged
    }
    others.dimensions![axis] = extent
    return [ValueType(type, others)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    if operands.count == 1 { return operands }
    return [Tensor.concatenated(operands, axis: try normalizedAxis(axis, rank: operands[0].shape.count))]
  }
}
