/// A vector for each index: one value at the index, another everywhere else.
struct OneHot: Operator {
  private enum NegativeIndices: String, CaseIterable {
    case ignore = "ignore_negative"
    case normalize
  }

  let axis: Int
  /// Version 16: whether negative indices count from the end; otherwise they mark nothing.
  let normalizes: Bool

  init(_ node: Node) throws {
    axis = try node.attributes.int("axis")
    let mode =
      node.version(among: [1, 16]) == 16
      ? try node.attributes.choice("negative_indices_mode", default: NegativeIndices.ignore) : .ignore
    normalizes = mode == .normalize
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    try operands.requireInteger(0, "indices")
    let type = try operands.commonElementType(2, 3)
    guard var dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    let axis = try normalizedAxis(axis, rank: dimensions.count + 1)
    if let depth = operands.ints(1) {
      guard depth.count == 1, depth[0] >= 0 else { throw invalid("the depth \(depth) is not an extent") }
    }
    dimensions.insert(operands.dimensions(1)?.first ?? .dynamic, at: axis)
    return [ValueType(type, PartialShape(dimensions))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    try Tensor.requireSize(operands[2].elementType, shape)
    let axis = try normalizedAxis(axis, rank: shape.count)
    let depth = shape[axis]
    let (rows, inner) = (shape[..<axis].elementCount, shape[(axis + 1)...].elementCount)
    let indices = operands[0].ints()
    var places: [Int] = []
    for row in 0..<rows {
      for column in 0..<inner {
        var index = indices[row * inner + column]
        if normalizes && index < 0 { index += depth }
        if (0..<depth).contains(index) { places.append((row * depth + index) * inner + column) }
      }
    }
    let (on, off) = (operands[2], operands[3])
    guard on.elementCount == 1, off.elementCount == 1 else { throw invalid("on_value and off_value are not scalars") }
    return [off.filling(shape).scattering(on.filling([places.count]), at: places)]
  }
}
