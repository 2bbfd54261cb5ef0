/// Takes slices of the data along an axis by their indices; leading batch axes are shared by data and indices.
struct Gather: Operator {
  let batchDims: Int
  /// Version 8: an index outside the axis yields zeros. Earlier versions leave it undefined, and here it is an error.
  let fillsOutOfRange: Bool

  init(_ node: Node) throws {
    let version = node.version(among: [1, 7, 8])
    batchDims = version == 1 ? 0 : try node.attributes.int("batch_dims", default: 0)
    fillsOutOfRange = version == 8
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = operands.elementType(0)
    guard let data = operands.shape(0).dimensions, let indices = operands.shape(1).dimensions else {
      return [ValueType(type, .dynamic)]
    }
    guard let axes = operands.ints(2) else {
      let batch = batchDims < 0 ? batchDims + indices.count : batchDims
      let rank = data.count - 1 + indices.count - batch
      return [ValueType(type, rank >= 0 ? .dynamic(rank: rank) : .dynamic)]
    }
    let (axis, batch) = try axes.gatherAxis(batchDims, dataRank: data.count, indicesRank: indices.count)
    var leading: [Dimension] = []
    for i in 0..<batch {
      guard let merged = data[i].merged(with: indices[i]) else {
        throw invalid("the batch extents of data \(operands.shape(0)) and indices \(operands.shape(1)) differ")
      }
      leading.append(merged)
    }
    return [ValueType(type, PartialShape(leading + data[batch..<axis] + indices[batch...] + data[(axis + 1)...]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let (axis, batch) = try operands[2].ints().gatherAxis(batchDims, dataRank: data.shape.count, indicesRank: operands[1].shape.count)
    let shape = try outputShape(operands)
    let indices = operands[1].ints()
    let extent = data.shape[axis]
    let block = data.shape[(axis + 1)...].elementCount
    let batches = data.shape[..<batch].elementCount
    let outer = data.shape[batch..<axis].elementCount
    if shape.contains(0) { return [data.gathered(shape: shape, blocks: [], of: 1)] }
    let inner = indices.count / batches
    var starts: [Int] = []
    starts.reserveCapacity(batches * outer * inner)
    for batch in 0..<batches {
      for row in 0..<outer {
        for index in indices[(batch * inner)..<((batch + 1) * inner)] {
          guard index >= -extent, index < extent else {
            guard fillsOutOfRange else {
              throw OVError(.invalidData, "index \(index) is out of range", suggestion: "the axis has the extent \(extent)")
            }
            starts.append(-1)
            continue
          }
          starts.append(((batch * outer + row) * extent + (index < 0 ? index + extent : index)) * block)
        }
      }
    }
    return [data.gathered(shape: shape, blocks: starts, of: block)]
  }
}

extension [Int] {
  /// The axis that these elements of Gather's third operand name, and the number of batch axes, both counted from the front.
  func gatherAxis(_ batchDims: Int, dataRank: Int, indicesRank: Int) throws -> (axis: Int, batch: Int) {
    guard count == 1 else { throw OVError(.invalidModel, "there are \(count) axes, Gather takes 1") }
    let axis = try normalizedAxis(self[0], rank: dataRank)
    let batch = batchDims < 0 ? batchDims + indicesRank : batchDims
    guard batch >= 0, batch <= indicesRank, batch <= axis else {
      throw OVError(
        .invalidModel, "batch_dims \(batchDims) does not suit axis \(axis) and indices of rank \(indicesRank)",
        suggestion: "it is at most the axis and the rank of the indices")
    }
    return (axis, batch)
  }
}
