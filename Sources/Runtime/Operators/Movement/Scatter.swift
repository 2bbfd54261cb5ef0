/// Replaces slices of the data along an axis, named by their indices.
struct ScatterUpdate: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonElementType(0, 2)
    guard let data = operands.shape(0).dimensions, let indices = operands.shape(1).dimensions, let axes = operands.ints(3) else {
      return [ValueType(type, operands.shape(0))]
    }
    guard axes.count == 1 else { throw invalid("there are \(axes.count) axes, the operation takes 1") }
    let axis = try normalizedAxis(axes[0], rank: data.count)
    let expected = PartialShape(data[..<axis] + indices + data[(axis + 1)...])
    guard expected.merged(with: operands.shape(2)) != nil else {
      throw invalid("the updates have the shape \(operands.shape(2)), the slices have \(expected)")
    }
    return [ValueType(type, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let axis = try normalizedAxis(operands[3].ints()[0], rank: shape.count)
    let block = shape[(axis + 1)...].elementCount
    let indices = try operands[1].ints().map { try normalizedIndex($0, extent: shape[axis]) }
    if operands[2].elementCount == 0 { return [operands[0]] }
    let starts = (0..<shape[..<axis].elementCount).flatMap { row in indices.map { (row * shape[axis] + $0) * block } }
    return [operands[0].scattering(operands[2], blocks: starts, of: block)]
  }
}

/// Combines each update with the element at its own position, but on one axis at the index.
struct ScatterElementsUpdate: Operator {
  let reduction: ScatterReduction
  let includesData: Bool

  init(_ node: Node) throws {
    let reduces = node.version(among: [3, 12]) == 12
    reduction = reduces ? try node.scatterReduction([.none, .sum, .prod, .min, .max, .mean]) : .none
    includesData = reduces ? try node.attributes.bool("use_init_val", default: true) : true
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonElementType(0, 2)
    guard operands.shape(1).merged(with: operands.shape(2)) != nil else {
      throw invalid("the updates have the shape \(operands.shape(2)), the indices have \(operands.shape(1))")
    }
    if let rank = operands.shape(0).rank {
      if let other = operands.shape(1).rank, other != rank { throw invalid("the indices have rank \(other), the data has rank \(rank)") }
      if let axes = operands.ints(3) {
        guard axes.count == 1 else { throw invalid("there are \(axes.count) axes, the operation takes 1") }
        let axis = try normalizedAxis(axes[0], rank: rank)
        for (other, extents) in zip(operands.shape(0).dimensions!, operands.shape(1).dimensions ?? []).enumerated() where other != axis {
          guard extents.1.lowerBound <= extents.0.upperBound ?? .max else {
            throw invalid("the updates of shape \(operands.shape(2)) exceed the data of shape \(operands.shape(0)) beside axis \(axis)")
          }
        }
      }
    }
    guard type != .boolean || reduction != .mean else { throw invalid("booleans have no mean") }
    return [ValueType(type, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let offsets = try operands[0].shape.elementOffsets(operands[1], axis: operands[3].ints()[0])
    return [reduction.scatter(operands[2], into: operands[0], blocks: offsets, of: 1, includesData: includesData)]
  }
}

/// Combines slices of the data, named by tuples of leading indices, with the updates.
struct ScatterNDUpdate: Operator {
  let reduction: ScatterReduction

  init(_ node: Node) throws {
    reduction = node.version(among: [4, 15]) == 15 ? try node.scatterReduction([.none, .sum, .sub, .prod, .min, .max]) : .none
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = try operands.commonElementType(0, 2)
    guard let data = operands.shape(0).dimensions, let indices = operands.shape(1).dimensions else {
      return [ValueType(type, operands.shape(0))]
    }
    guard let last = indices.last else { throw invalid("the indices are a scalar") }
    guard last.lowerBound <= data.count else { throw invalid("the indices are tuples of \(last), the data has rank \(data.count)") }
    if let tuple = last.length {
      let expected = PartialShape(Array(indices.dropLast()) + data[tuple...])
      guard expected.merged(with: operands.shape(2)) != nil else {
        throw invalid("the updates have the shape \(operands.shape(2)), the slices have \(expected)")
      }
    }
    return [ValueType(type, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    if operands[2].elementCount == 0 { return [operands[0]] }
    let tuple = operands[1].shape.last!
    let strides = shape.rowMajorStrides
    let values = operands[1].ints()
    let starts = try (0..<operands[1].shape.dropLast().elementCount).map { i in
      try (0..<tuple).reduce(0) { $0 + (try normalizedIndex(values[i * tuple + $1], extent: shape[$1])) * strides[$1] }
    }
    return [reduction.scatter(operands[2], into: operands[0], blocks: starts, of: shape[tuple...].elementCount)]
  }
}
