/// Removes axes of extent 1: those named, or all when none is. A named axis of another extent stays.
struct Squeeze: Operator {
  /// Version 15: whether an axis of unknown extent may turn out to stay.
  let allowsSkippedAxes: Bool

  init(_ node: Node) throws {
    allowsSkippedAxes = node.version(among: [1, 15]) == 15 ? try node.attributes.bool("allow_axis_skip", default: false) : false
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...2)
    let type = operands.elementType(0)
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard let axes = operands.has(1) ? operands.ints(1) : [] else {
      let one = operands.shape(1).shape?.checkedElementCount == 1 && !allowsSkippedAxes
      guard one, !dimensions.isEmpty, dimensions.allSatisfy({ $0.contains(1) }) else { return [ValueType(type, .dynamic)] }
      return [ValueType(type, .dynamic(rank: dimensions.count - 1))]
    }
    let named = try Set(axes.map { try normalizedAxis($0, rank: dimensions.count) })
    var kept: [Dimension] = []
    for (axis, dimension) in dimensions.enumerated() {
      guard named.isEmpty || named.contains(axis), dimension.contains(1) else {
        kept.append(dimension)
        continue
      }
      if dimension.length == nil && (named.isEmpty || allowsSkippedAxes) { return [ValueType(type, .dynamic)] }
    }
    return [ValueType(type, PartialShape(kept))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [operands[0].reshaped(to: try outputShape(operands))]
  }
}

/// Inserts axes of extent 1 at the named positions of the result.
struct Unsqueeze: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = operands.elementType(0)
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard let axes = operands.ints(1) else {
      guard let count = operands.shape(1).shape?.checkedElementCount else { return [ValueType(type, .dynamic)] }
      return [ValueType(type, .dynamic(rank: dimensions.count + count))]
    }
    var result = dimensions
    for axis in try normalizedAxes(axes, rank: dimensions.count + axes.count).sorted() { result.insert(1, at: axis) }
    return [ValueType(type, PartialShape(result))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [operands[0].reshaped(to: try outputShape(operands))]
  }
}
