/// Rows of an embedding table, gathered and reduced bag by bag.
private struct EmbeddingBags {
  enum Reduction: String, CaseIterable { case sum, mean }

  let table: Tensor
  /// The rows of each bag and, parallel to them, positions among the weights.
  var bags: [[(row: Int, position: Int)]] = []
  var weights: Tensor?
  /// The row that stands for an empty bag; zeros when `nil`.
  var defaultRow: Int?
  var reduction = Reduction.sum

  /// The rows of all bags, one after the other.
  func evaluated(_ shape: Shape) throws -> Tensor {
    let rows = table.shape[0]
    let width = table.shape[1...].elementCount
    func checked(_ row: Int) throws -> Int {
      guard row >= 0, row < rows else {
        throw OVError(.invalidData, "embedding index \(row) is out of range", suggestion: "the table has \(rows) rows")
      }
      return row
    }
    let factors = weights?.doubles()
    let values = table.doubles()
    var result = [Double](repeating: 0, count: shape.elementCount)
    for (index, bag) in bags.enumerated() {
      let target = index * width
      if bag.isEmpty, let defaultRow {
        let source = try checked(defaultRow) * width
        for i in 0..<width { result[target + i] = values[source + i] }
      }
      for (row, position) in bag {
        let source = try checked(row) * width
        let factor = factors?[position] ?? 1
        for i in 0..<width { result[target + i] += values[source + i] * factor }
      }
      if reduction == .mean, bag.count > 1 { for i in 0..<width { result[target + i] /= Double(bag.count) } }
    }
    return Tensor(table.elementType, shape: shape, doubles: result)
  }
}

extension Operands {
  /// The type of bags of embeddings: `count` of them over the rows of the first operand.
  fileprivate func bagType(_ count: Dimension) throws -> ValueType {
    guard let table = shape(0).dimensions else { return ValueType(elementType(0), .dynamic) }
    guard !table.isEmpty else { throw OVError(.invalidModel, "the embedding table is a scalar") }
    return ValueType(elementType(0), PartialShape([count] + table.dropFirst()))
  }

  /// Checks that weights, where there are any, are one for each index and of the table's type.
  fileprivate func requireWeights(_ index: Int, for indices: Int) throws {
    guard has(index) else { return }
    _ = try commonElementType(0, index)
    guard shape(index).merged(with: shape(indices)) != nil else {
      throw OVError(.invalidModel, "there are weights of shape \(shape(index)) for indices of shape \(shape(indices))")
    }
  }
}

extension [Tensor] {
  /// The only element of an optional operand that holds a row; `nil` when it is absent or negative.
  fileprivate func row(_ index: Int) -> Int? {
    guard index < count, let row = self[index].ints().first, row >= 0 else { return nil }
    return row
  }
}

/// Reduces bags of embeddings that start at offsets among the indices: EmbeddingBagOffsets 15 and EmbeddingBagOffsetsSum 3.
struct EmbeddingBagOffsets: Operator {
  private let reduction: EmbeddingBags.Reduction

  init(_ node: Node) throws {
    reduction = node.type == "EmbeddingBagOffsets" ? try node.attributes.choice("reduction", default: EmbeddingBags.Reduction.sum) : .sum
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...5)
    _ = try operands.extents(1, rank: 1, "indices")
    let bags = try operands.extents(2, rank: 1, "offsets")[0]
    try operands.requireWeights(4, for: 1)
    guard reduction == .sum || !operands.has(4) else { throw invalid("a mean takes no weights") }
    return [try operands.bagType(bags)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (indices, offsets) = (operands[1].ints(), operands[2].ints())
    var bags = EmbeddingBags(table: operands[0])
    bags.reduction = reduction
    bags.weights = operands.count > 4 ? operands[4] : nil
    bags.defaultRow = operands.row(3)
    for (start, end) in zip(offsets, offsets.dropFirst() + [indices.count]) {
      guard start >= 0, start <= end, end <= indices.count else {
        throw OVError(.invalidData, "the offsets \(start) and \(end) do not bound a bag", suggestion: "there are \(indices.count) indices")
      }
      bags.bags.append((start..<end).map { (indices[$0], $0) })
    }
    return [try bags.evaluated(try outputShape(operands))]
  }
}

/// Reduces bags of embeddings of one length: EmbeddingBagPacked 15 and EmbeddingBagPackedSum 3.
struct EmbeddingBagPacked: Operator {
  private let reduction: EmbeddingBags.Reduction

  init(_ node: Node) throws {
    reduction = node.type == "EmbeddingBagPacked" ? try node.attributes.choice("reduction", default: EmbeddingBags.Reduction.sum) : .sum
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    let bags = try operands.extents(1, rank: 2, "indices")[0]
    try operands.requireWeights(2, for: 1)
    guard reduction == .sum || !operands.has(2) else { throw invalid("a mean takes no weights") }
    return [try operands.bagType(bags)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (indices, length) = (operands[1].ints(), operands[1].shape[1])
    var bags = EmbeddingBags(table: operands[0])
    bags.reduction = reduction
    bags.weights = operands.count > 2 ? operands[2] : nil
    bags.bags = (0..<operands[1].shape[0]).map { bag in (0..<length).map { (indices[bag * length + $0], bag * length + $0) } }
    return [try bags.evaluated(try outputShape(operands))]
  }
}

/// Sums the embeddings of the indices that belong to each segment.
struct EmbeddingSegmentsSum: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...6)
    let indices = try operands.extents(1, rank: 1, "indices")[0]
    _ = try indices.agreeing(with: operands.extents(2, rank: 1, "segment_ids")[0], "the number of indices")
    try operands.requireWeights(5, for: 1)
    if let counts = operands.ints(3) {
      guard counts.count == 1, counts[0] >= 0 else { throw invalid("num_segments \(counts) is not a number of segments") }
    }
    return [try operands.bagType(operands.dimensions(3)?.first ?? .dynamic)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (indices, segments) = (operands[1].ints(), operands[2].ints())
    let shape = try outputShape(operands)
    try Tensor.requireSize(operands[0].elementType, shape)
    var bags = EmbeddingBags(table: operands[0])
    bags.weights = operands.count > 5 ? operands[5] : nil
    bags.defaultRow = operands.row(4)
    bags.bags = [[(row: Int, position: Int)]](repeating: [], count: shape[0])
    for (position, segment) in segments.enumerated() {
      guard (0..<shape[0]).contains(segment) else {
        throw OVError(.invalidData, "segment \(segment) is out of range", suggestion: "num_segments is \(shape[0])")
      }
      bags.bags[segment].append((indices[position], position))
    }
    return [try bags.evaluated(shape)]
  }
}
