/// The bucket of each element, between boundaries that ascend.
struct Bucketize: Operator {
  let outputType: ElementType
  let hasRightBound: Bool

  init(_ node: Node) throws {
    outputType = try node.indexType("output_type", default: .i64)
    hasRightBound = try node.attributes.bool("with_right_bound", default: true)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    _ = try operands.extents(1, rank: 1, "the buckets")
    return [ValueType(outputType, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let sameType = operands[0].elementType == operands[1].elementType
    let keys = operands.map { (sameType ? $0 : Tensor(.f64, shape: $0.shape, doubles: $0.doubles())).orderKeys() }
    // A right bound belongs to its bucket: an element is behind all boundaries below it.
    let buckets = keys[0].map { keys[1][...].insertionPoint(of: $0, afterEqual: !hasRightBound) }
    return [Tensor(outputType, shape: operands[0].shape, ints: buckets)]
  }
}

/// Where each element belongs in the ascending sequence of its row.
struct SearchSorted: Operator {
  let outputType: ElementType
  let isRight: Bool

  init(_ node: Node) throws {
    outputType = try node.indexType("output_type", default: .i64)
    isRight = try node.attributes.bool("right_mode", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    _ = try operands.commonElementType(0, 1)
    guard let sequences = operands.shape(0).dimensions, let values = operands.shape(1).dimensions else {
      return [ValueType(outputType, operands.shape(1))]
    }
    guard !sequences.isEmpty else { throw invalid("the sorted sequence is a scalar") }
    // One sequence serves values of any shape.
    if sequences.count == 1 { return [ValueType(outputType, operands.shape(1))] }
    guard sequences.count == values.count else {
      throw invalid("the sequences have rank \(sequences.count), the values have rank \(values.count)")
    }
    let rows = try Dimension.agreeing(Array(sequences.dropLast()), Array(values.dropLast()), "the rows")
    return [ValueType(outputType, PartialShape(rows + [values.last!]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (sequences, values) = (operands[0].orderKeys(), operands[1].orderKeys())
    let length = operands[0].shape.last!
    let width = operands[0].shape.count == 1 ? max(1, values.count) : max(1, operands[1].shape.last!)
    let found = values.indices.map { i in
      sequences[(i / width * length)..<((i / width + 1) * length)].insertionPoint(of: values[i], afterEqual: isRight)
    }
    return [Tensor(outputType, shape: operands[1].shape, ints: found)]
  }
}

extension ArraySlice<Int64> {
  /// The number of leading elements of this ascending sequence that are less than `key`, or not greater.
  fileprivate func insertionPoint(of key: Int64, afterEqual: Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < key || (afterEqual && self[middle] == key) { low = middle + 1 } else { high = middle }
    }
    return low - startIndex
  }
}
