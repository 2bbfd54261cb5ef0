/// The same elements under another shape, which the second operand holds: −1 stands for what is left, 0 for the data's own
/// extent when `special_zero` is set.
struct Reshape: Operator {
  let specialZero: Bool

  init(_ node: Node) throws { specialZero = try node.attributes.bool("special_zero", default: false) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = operands.elementType(0)
    let data = operands.shape(0)
    if let pattern = operands.ints(1) { return [ValueType(type, try shape(pattern, data))] }
    guard let extents = operands.dimensions(1) else { return [ValueType(type, .dynamic)] }
    // An extent that may be 0 may also be the data's.
    return [ValueType(type, PartialShape(extents.map { specialZero && $0.lowerBound == 0 ? .dynamic : $0 }))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [operands[0].reshaped(to: try outputShape(operands))]
  }

  private func shape(_ pattern: [Int], _ data: PartialShape) throws -> PartialShape {
    var result: [Dimension] = []
    var rest: Int?
    // The data's extents that a 0 copies count on neither side, so that what is left stays known next to unknown extents.
    var counted = data.dimensions
    var product = Dimension(1)
    for (axis, extent) in pattern.enumerated() {
      switch extent {
      case 0 where specialZero:
        guard let dimensions = data.dimensions else {
          result.append(.dynamic)
          continue
        }
        guard axis < dimensions.count else { throw invalid("the 0 at position \(axis) has no extent to copy, the data is \(data)") }
        result.append(dimensions[axis])
        counted![axis] = 1
      case -1:
        guard rest == nil else { throw invalid("the shape \(pattern) leaves more than one extent open") }
        rest = axis
        result.append(.dynamic)
      case 0...:
        result.append(Dimension(extent))
        product = product * Dimension(extent)
      default: throw invalid("the shape \(pattern) has a negative extent", suggestion: "−1 leaves one extent open")
      }
    }
    guard let counted else { return PartialShape(result) }
    let count = counted.reduce(Dimension(1), *)
    guard let rest else {
      guard product.merged(with: count) != nil else { throw invalid("\(data) cannot be reshaped to \(pattern)") }
      return PartialShape(result)
    }
    guard let known = product.length, known > 0 else {
      // Zero elements on both sides: what is left is nothing.
      if product.length == 0 {
        guard count.contains(0) else { throw invalid("\(data) cannot be reshaped to \(pattern)") }
        result[rest] = 0
      }
      return PartialShape(result)
    }
    if let length = count.length {
      guard length % known == 0 else { throw invalid("\(data) cannot be reshaped to \(pattern)") }
      result[rest] = Dimension(length / known)
    } else {
      let lower = count.lowerBound / known + (count.lowerBound % known == 0 ? 0 : 1)
      result[rest] = Dimension(lowerBound: lower, upperBound: count.upperBound.map { max(lower, $0 / known) })
    }
    return PartialShape(result)
  }
}
