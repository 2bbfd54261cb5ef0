// Operations that only change the order of elements along axes.

/// Interleaves the groups that an axis consists of.
struct ShuffleChannels: Operator {
  let axis: Int
  let group: Int

  init(_ node: Node) throws {
    axis = try node.attributes.int("axis", default: 1)
    group = try node.attributes.int("group", default: 1)
    guard group >= 1 else { throw OVError(.invalidModel, "group is \(group)", suggestion: "it is at least 1") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    if let dimensions = operands.shape(0).dimensions,
      let length = dimensions[try normalizedAxis(axis, rank: dimensions.count)].length, length % group != 0
    {
      throw invalid("an extent of \(length) does not consist of \(group) groups")
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let axis = try normalizedAxis(axis, rank: shape.count)
    let split = [shape[..<axis].elementCount, group, shape[axis] / group, shape[(axis + 1)...].elementCount]
    return [operands[0].reshaped(to: split).transposed([0, 2, 1, 3]).reshaped(to: shape)]
  }
}

/// Moves elements along axes by a number of places; what leaves at one end enters at the other.
struct Roll: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    if let axes = operands.ints(2) {
      if let rank = operands.shape(0).rank { for axis in axes { _ = try normalizedAxis(axis, rank: rank) } }
      if let shifts = operands.ints(1), shifts.count != 1, shifts.count != axes.count {
        throw invalid("there are \(shifts.count) shifts for \(axes.count) axes")
      }
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    if data.elementCount == 0 { return [data] }
    let (shifts, axes) = (operands[1].ints(), operands[2].ints())
    var total = [Int](repeating: 0, count: data.shape.count)
    for (i, named) in axes.enumerated() {
      let axis = try normalizedAxis(named, rank: data.shape.count)
      let extent = data.shape[axis]
      total[axis] = (total[axis] + shifts[shifts.count == 1 ? 0 : i] % extent + extent) % extent
    }
    return [
      data.gathered(
        indices: data.shape.indices.map { axis in
          let extent = data.shape[axis]
          return (0..<extent).map { ($0 + extent - total[axis]) % extent }
        })
    ]
  }
}

/// Turns axes round: those named by index, or those a mask marks.
struct Reverse: Operator {
  private enum Mode: String, CaseIterable { case index, mask }
  private let mode: Mode

  init(_ node: Node) throws { mode = try node.attributes.choice("mode") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    if let rank = operands.shape(0).rank, let values = operands.ints(1) { _ = try axes(values, rank: rank) }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let axes = try axes(operands[1].ints(), rank: shape.count)
    return [operands[0].gathered(indices: shape.indices.map { axes.contains($0) ? (0..<shape[$0]).reversed() : Array(0..<shape[$0]) })]
  }

  private func axes(_ values: [Int], rank: Int) throws -> [Int] {
    guard mode == .mask else { return try values.map { try normalizedAxis($0, rank: rank) } }
    guard values.count == rank else { throw invalid("the mask \(values) does not have one element for each of \(rank) axes") }
    return values.indices.filter { values[$0] != 0 }
  }
}

/// Turns the beginning of each sequence round, as far as its length says.
struct ReverseSequence: Operator {
  let batchAxis: Int
  let sequenceAxis: Int

  init(_ node: Node) throws {
    batchAxis = try node.attributes.int("batch_axis", default: 0)
    sequenceAxis = try node.attributes.int("seq_axis", default: 1)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let lengths = try operands.extents(1, rank: 1, "seq_lengths")
    guard var dimensions = operands.shape(0).dimensions else { return [operands.types[0]] }
    guard dimensions.count >= 2 else {
      throw invalid("the data has the shape \(operands.shape(0))", suggestion: "it must have rank 2 or more")
    }
    let (batch, sequence) = try axes(rank: dimensions.count)
    dimensions[batch] = try dimensions[batch].agreeing(with: lengths[0], "the batch")
    if let values = operands.ints(1), let most = dimensions[sequence].upperBound {
      guard values.allSatisfy({ (0...most).contains($0) }) else {
        throw OVError(.invalidData, "the lengths \(values) do not lie within sequences of \(most)")
      }
    }
    return [ValueType(operands.elementType(0), PartialShape(dimensions))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let lengths = operands[1].ints()
    let (batch, sequence) = try axes(rank: shape.count)
    let strides = shape.rowMajorStrides
    var offsets: [Int] = []
    offsets.reserveCapacity(shape.elementCount)
    shape.forEachIndex { index in
      let place = index[sequence]
      let length = lengths[index[batch]]
      let own = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      offsets.append(place < length ? own + (length - 1 - 2 * place) * strides[sequence] : own)
    }
    return [operands[0].gathered(shape: shape, offsets: offsets)]
  }

  private func axes(rank: Int) throws -> (batch: Int, sequence: Int) {
    let (batch, sequence) = (try normalizedAxis(batchAxis, rank: rank), try normalizedAxis(sequenceAxis, rank: rank))
    guard batch != sequence else { throw invalid("batch_axis and seq_axis are both \(batch)") }
    return (batch, sequence)
  }
}
