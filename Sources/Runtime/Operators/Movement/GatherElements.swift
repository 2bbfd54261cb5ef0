/// Takes for each index the element at its own position, but on one axis at the index.
struct GatherElements: Operator {
  let axis: Int

  init(_ node: Node) throws { axis = try node.attributes.int("axis") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = operands.elementType(0)
    guard let data = operands.shape(0).dimensions, var indices = operands.shape(1).dimensions else {
      return [ValueType(type, operands.shape(1))]
    }
    guard data.count == indices.count else {
      throw invalid("the indices have rank \(indices.count), the data has rank \(data.count)")
    }
    let axis = try normalizedAxis(axis, rank: data.count)
    for other in indices.indices where other != axis {
      indices[other] = try indices[other].agreeing(with: data[other], "the extent of axis \(other)")
    }
    return [ValueType(type, PartialShape(indices))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let offsets = try operands[0].shape.elementOffsets(operands[1], axis: axis)
    return [operands[0].gathered(shape: operands[1].shape, offsets: offsets)]
  }
}

extension Shape {
  /// For each element of `indices` the offset of the element at the same position of a tensor of this shape, but on one axis
  /// at the index, counted from the end when negative.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when an index is out of range.
  func elementOffsets(_ indices: Tensor, axis: Int) throws -> [Int] {
    let axis = try normalizedAxis(axis, rank: count)
    var strides = rowMajorStrides
    let step = strides[axis]
    strides[axis] = 0
    return try zip(indices.shape.offsets(strides: strides), indices.ints()).map { offset, index in
      offset + (try normalizedIndex(index, extent: self[axis])) * step
    }
  }
}

/// `index` counted from the front; negative indices count from the end.
///
/// - Throws: ``OVError/Code/invalidData`` when it lies outside −extent..<extent.
func normalizedIndex(_ index: Int, extent: Int) throws -> Int {
  guard index >= -extent, index < extent else {
    throw OVError(.invalidData, "index \(index) is out of range", suggestion: "the axis has the extent \(extent)")
  }
  return index < 0 ? index + extent : index
}
