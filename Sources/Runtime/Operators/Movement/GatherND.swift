/// Takes slices of the data by tuples of leading indices, behind leading batch axes that data and indices share.
struct GatherND: Operator {
  let batchDims: Int
  /// Version 5: the result has one axis for all batch axes.
  let mergesBatch: Bool

  init(_ node: Node) throws {
    batchDims = try node.attributes.int("batch_dims", default: 0)
    mergesBatch = node.version(among: [5, 8]) == 5 && batchDims > 1
    guard batchDims >= 0 else { throw OVError(.invalidModel, "batch_dims is \(batchDims)", suggestion: "it is 0 or more") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = operands.elementType(0)
    guard let data = operands.shape(0).dimensions, let indices = operands.shape(1).dimensions else {
      return [ValueType(type, .dynamic)]
    }
    guard batchDims < min(data.count, indices.count) else {
      throw invalid("batch_dims is \(batchDims), the operands have the ranks \(data.count) and \(indices.count)")
    }
    var batch = try (0..<batchDims).map { axis in
      guard let extent = Dimension.broadcast(data[axis], indices[axis]) else {
        throw invalid("the batch extents of data \(operands.shape(0)) and indices \(operands.shape(1)) differ")
      }
      return extent
    }
    if mergesBatch { batch = [batch.reduce(1, *)] }
    guard let tuple = indices.last?.length else { return [ValueType(type, .dynamic)] }
    guard batchDims + tuple <= data.count else {
      throw invalid("the indices are tuples of \(tuple), the data has rank \(data.count) with \(batchDims) batch axes")
    }
    return [ValueType(type, PartialShape(batch + indices[batchDims..<(indices.count - 1)] + data[(batchDims + tuple)...]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (data, indices) = (operands[0], operands[1])
    let shape = try outputShape(operands)
    if shape.contains(0) { return [data.gathered(shape: shape, blocks: [], of: 1)] }
    let tuple = indices.shape.last!
    let batch = (0..<batchDims).map { max(data.shape[$0], indices.shape[$0]) }
    // Positions in the leading axes of both operands, batch axes of 1 repeated.
    let dataStrides = batch.indices.map { data.shape[$0] == 1 ? 0 : data.shape.rowMajorStrides[$0] }
    let leading = batch + indices.shape[batchDims..<(indices.shape.count - 1)]
    let own = indices.shape.rowMajorStrides
    let positions = leading.offsets(strides: leading.indices.map { $0 < batchDims && indices.shape[$0] == 1 ? 0 : own[$0] })
    let bases = leading.offsets(strides: leading.indices.map { $0 < batchDims ? dataStrides[$0] : 0 })
    let values = indices.ints()
    let inner = Array(data.shape[batchDims..<(batchDims + tuple)])
    let strides = data.shape.rowMajorStrides[batchDims...]
    let starts = try zip(bases, positions).map { base, position in
      try zip(inner, strides).enumerated().reduce(base) { start, axis in
        start + (try normalizedIndex(values[position + axis.offset], extent: axis.element.0)) * axis.element.1
      }
    }
    return [data.gathered(shape: shape, blocks: starts, of: data.shape[(batchDims + tuple)...].elementCount)]
  }
}
