/// Moves blocks of the batch into space, then crops.
struct BatchToSpace: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.inferBatchBlocks { dimensions, blocks, cropsBegin, cropsEnd in
      let count = try blocks.blockCount()
      if let batch = dimensions[0].length, batch % count != 0 {
        throw invalid("a batch of \(batch) does not consist of blocks \(blocks)")
      }
      dimensions[0] = dimensions[0].map { $0 / count }
      for axis in 1..<dimensions.count {
        let whole = dimensions[axis] * Dimension(blocks[axis])
        let (cropped, overflow) = cropsBegin[axis].addingReportingOverflow(cropsEnd[axis])
        guard !overflow, cropped <= whole.upperBound ?? .max else { throw invalid("the crops of axis \(axis) exceed its extent \(whole)") }
        dimensions[axis] = whole.map { $0 - cropped }
      }
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    let (blocks, crops) = (operands[1].ints(), operands[2].ints())
    let space = shape.count - 1
    let split = Array(blocks[1...]) + [shape[0]] + data.shape[1...]
    let permutation = [space] + (0..<space).flatMap { [space + 1 + $0, $0] }
    let whole = [shape[0]] + (1..<shape.count).map { data.shape[$0] * blocks[$0] }
    let strides = whole.rowMajorStrides
    let start = zip(crops, strides).reduce(0) { $0 + $1.0 * $1.1 }
    return [data.reshaped(to: split).transposed(permutation).reshaped(to: whole).gathered(shape: shape, strides: strides, start: start)]
  }
}

/// Pads space with zeros, then moves its blocks into the batch.
struct SpaceToBatch: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.inferBatchBlocks { dimensions, blocks, padsBegin, padsEnd in
      dimensions[0] = dimensions[0] * Dimension(try blocks.blockCount())
      for axis in 1..<dimensions.count {
        let whole = dimensions[axis] + Dimension(padsBegin[axis]) + Dimension(padsEnd[axis])
        if let length = whole.length, length % blocks[axis] != 0 {
          throw invalid("a padded extent of \(length) does not consist of blocks of \(blocks[axis])")
        }
        dimensions[axis] = whole.map { $0 / blocks[axis] }
      }
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let (blocks, pads) = (operands[1].ints(), operands[2].ints())
    let space = shape.count - 1
    let whole = [data.shape[0]] + (1..<shape.count).map { shape[$0] * blocks[$0] }
    let strides = whole.rowMajorStrides
    let padded = try Tensor(data.elementType, shape: whole)
      .scattering(data, strides: strides, start: zip(pads, strides).reduce(0) { $0 + $1.0 * $1.1 })
    let split = [whole[0]] + (1..<shape.count).flatMap { [shape[$0], blocks[$0]] }
    let permutation = (0..<space).map { 2 + 2 * $0 } + [0] + (0..<space).map { 1 + 2 * $0 }
    return [padded.reshaped(to: split).transposed(permutation).reshaped(to: shape)]
  }
}

extension Operands {
  /// What both directions check: blocks and the two lists of pads or crops, one element an axis, none on the batch axis.
  fileprivate func inferBatchBlocks(
    _ rearrange: (inout [Dimension], _ blocks: [Int], _ begin: [Int], _ end: [Int]) throws -> Void
  ) throws -> [ValueType] {
    try require(4...4)
    guard var dimensions = shape(0).dimensions else { return [ValueType(elementType(0), .dynamic)] }
    guard dimensions.count >= 2 else {
      throw OVError(.invalidModel, "the data has the shape \(shape(0))", suggestion: "it must have rank 2 or more")
    }
    guard let blocks = ints(1), let begin = ints(2), let end = ints(3) else {
      return [ValueType(elementType(0), .dynamic(rank: dimensions.count))]
    }
    for list in [blocks, begin, end] where list.count != dimensions.count {
      throw OVError(.invalidModel, "\(list) does not have one element for each of \(dimensions.count) axes")
    }
    guard blocks.allSatisfy({ $0 >= 1 }), begin.allSatisfy({ $0 >= 0 }), end.allSatisfy({ $0 >= 0 }) else {
      throw OVError(.invalidModel, "the blocks \(blocks) are at least 1, and \(begin) and \(end) are not negative")
    }
    guard blocks[0] == 1, begin[0] == 0, end[0] == 0 else {
      throw OVError(.invalidModel, "the batch axis has a block, pad or crop of its own")
    }
    try rearrange(&dimensions, blocks, begin, end)
    return [ValueType(elementType(0), PartialShape(dimensions))]
  }
}

extension [Int] {
  fileprivate func blockCount() throws -> Int {
    guard let count = checkedElementCount else { throw OVError(.invalidModel, "the blocks \(self) are out of range") }
    return count
  }
}
