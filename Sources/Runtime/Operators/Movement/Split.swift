/// Cuts a tensor along an axis into pieces of equal extent.
struct Split: Operator {
  let count: Int

  init(_ node: Node) throws {
    count = try node.attributes.int("num_splits")
    guard count > 0 else { throw OVError(.invalidModel, "num_splits is \(count)", suggestion: "it is at least 1") }
    guard count <= max(node.outputs.count, 1) else {
      throw OVError(.invalidModel, "num_splits is \(count), the layer has \(node.outputs.count) outputs")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let shape = try splitAxis(operands).map { axis, dimensions in
      var dimensions = dimensions
      if let length = dimensions[axis].length, length % count != 0 {
        throw invalid("an extent of \(length) cannot be split into \(count) equal pieces")
      }
      dimensions[axis] = dimensions[axis].map { $0 / count }
      return PartialShape(dimensions)
    }
    let unknown = operands.shape(0).rank.map { PartialShape.dynamic(rank: $0) } ?? .dynamic
    return [ValueType](repeating: ValueType(operands.elementType(0), shape ?? unknown), count: count)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let axis = try normalizedAxis(operands[1].ints()[0], rank: operands[0].shape.count)
    return operands[0].split(axis: axis, extents: [Int](repeating: operands[0].shape[axis] / count, count: count))
  }
}

/// Cuts a tensor along an axis into pieces of given extents; one of them may be −1, what is left.
struct VariadicSplit: Operator {
  let outputCount: Int

  init(_ node: Node) { outputCount = node.outputs.count }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = operands.elementType(0)
    let unknown = operands.shape(0).rank.map { PartialShape.dynamic(rank: $0) } ?? .dynamic
    guard let lengths = operands.ints(2) else {
      return [ValueType](repeating: ValueType(type, unknown), count: operands.shape(2).shape?.checkedElementCount ?? outputCount)
    }
    guard lengths.allSatisfy({ $0 >= -1 }), lengths.count(where: { $0 == -1 }) <= 1 else {
      throw invalid("the split lengths \(lengths) are not extents, one of them open")
    }
    guard let (axis, dimensions) = try splitAxis(operands) else {
      return [ValueType](repeating: ValueType(type, unknown), count: lengths.count)
    }
    let extents = try extents(lengths, of: dimensions[axis])
    return extents.map { extent in
      var piece = dimensions
      piece[axis] = extent
      return ValueType(type, PartialShape(piece))
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let axis = try normalizedAxis(operands[1].ints()[0], rank: operands[0].shape.count)
    let extents = try extents(operands[2].ints(), of: Dimension(operands[0].shape[axis]))
    return operands[0].split(axis: axis, extents: extents.map(\.lowerBound))
  }

  private func extents(_ lengths: [Int], of whole: Dimension) throws -> [Dimension] {
    let named = lengths.reduce(Dimension(0)) { $0 + Dimension(max(0, $1)) }.lowerBound
    let fits = lengths.contains(-1) ? named <= whole.upperBound ?? .max : whole.contains(named)
    guard fits else { throw invalid("the split lengths \(lengths) do not add up to \(whole)") }
    return lengths.map { $0 == -1 ? whole.map { $0 - named } : Dimension($0) }
  }
}

extension Operator {
  /// The axis that a splitting operation's second operand names, and the extents of its first; `nil` when either is unknown.
  fileprivate func splitAxis(_ operands: Operands) throws -> (axis: Int, dimensions: [Dimension])? {
    guard let axes = operands.ints(1) else { return nil }
    guard axes.count == 1 else { throw invalid("there are \(axes.count) axes, the operation takes 1") }
    guard let dimensions = operands.shape(0).dimensions else { return nil }
    return (try normalizedAxis(axes[0], rank: dimensions.count), dimensions)
  }
}

extension Tensor {
  /// The pieces of these extents along an axis, one after the other.
  fileprivate func split(axis: Int, extents: [Int]) -> [Tensor] {
    let strides = shape.rowMajorStrides
    var start = 0
    return extents.map { extent in
      defer { start += extent * strides[axis] }
      var piece = shape
      piece[axis] = extent
      return gathered(shape: piece, strides: strides, start: start)
    }
  }
}
