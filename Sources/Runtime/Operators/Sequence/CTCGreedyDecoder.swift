/// CTCGreedyDecoder 1 and CTCGreedyDecoderSeqLen 6: the most probable class of each time step, blanks removed and repetitions
/// merged; rows are filled up with −1.
struct CTCGreedyDecoder: Operator {
  /// What the two operations differ in.
  enum Form: Sendable {
    /// `data[time, batch, classes]` and `mask[time, batch]`, which ends a sequence where it is 0; the output is
    /// `[batch, time, 1, 1]` of the data's type. The last class is the blank.
    case masked
    /// `data[batch, time, classes]`, the lengths `[batch]` and optionally the blank's index; the outputs are the classes
    /// `[batch, time]` and their counts `[batch]`, of these types.
    case lengths(ElementType, ElementType)
  }

  let form: Form
  let mergesRepeated: Bool

  init(masked node: Node) throws {
    form = .masked
    mergesRepeated = try node.attributes.bool("ctc_merge_repeated", default: true)
  }

  init(lengths node: Node) throws {
    mergesRepeated = try node.attributes.bool("merge_repeated", default: true)
    let types = try ["classes_index_type", "sequence_length_type"].map { name in
      let type = try node.attributes.elementType(name, default: .i32)
      guard type == .i32 || type == .i64 else {
        throw OVError(.invalidModel, "\(name) is \(type)", suggestion: "it can be i32 or i64")
      }
      return type
    }
    form = .lengths(types[0], types[1])
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    let type = try operands.commonRealType(of: [0])
    let data = try operands.extents(0, rank: 3, "the data")
    switch form {
    case .masked:
      try operands.require(2...2)
      let mask = try operands.extents(1, rank: 2, "the sequence mask")
      let shared = try Dimension.agreeing(Array(data[..<2]), mask, "time and batch")
      return [ValueType(type, PartialShape([shared[1], shared[0], 1, 1]))]
    case .lengths(let classesType, let countType):
      try operands.require(2...3)
      try operands.requireInteger(1, "the lengths' input")
      let batch = try data[0].agreeing(with: operands.extents(1, rank: 1, "the lengths' input")[0], "the batch")
      if operands.has(2) {
        try operands.requireInteger(2, "the blank's index")
        if let value = operands.value(2), value.elementCount != 1 { throw invalid("there are \(value.elementCount) blanks") }
      }
      return [ValueType(classesType, PartialShape([batch, data[1]])), ValueType(countType, PartialShape([batch]))]
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let scores = operands[0].doubles()
    switch form {
    case .masked:
      let (time, batch, classes) = (shape[0], shape[1], shape[2])
      let mask = operands[1].doubles()
      let rows = (0..<batch).map { row in
        let length = (0..<time).first { mask[$0 * batch + row] == 0 } ?? time
        return decoded((0..<length).map { best(scores, ($0 * batch + row) * classes, classes) }, blank: classes - 1)
      }
      return [Tensor(operands[0].elementType, shape: [batch, time, 1, 1], ints: filled(rows, time))]
    case .lengths(let classesType, let countType):
      let (batch, time, classes) = (shape[0], shape[1], shape[2])
      let lengths = operands[1].ints()
      guard lengths.allSatisfy({ (0...time).contains($0) }) else {
        throw OVError(.invalidData, "the lengths \(lengths) do not lie in 0...\(time)")
      }
      let blank = operands.count > 2 ? operands[2].ints()[0] : classes - 1
      let rows = (0..<batch).map { row in
        decoded((0..<lengths[row]).map { best(scores, (row * time + $0) * classes, classes) }, blank: blank)
      }
      return [
        Tensor(classesType, shape: [batch, time], ints: filled(rows, time)),
        Tensor(countType, shape: [batch], ints: rows.map(\.count)),
      ]
    }
  }

  /// The first class with the greatest score among `count` at `offset`.
  private func best(_ scores: [Double], _ offset: Int, _ count: Int) -> Int {
    var best = 0
    for index in 1..<max(1, count) where scores[offset + index] > scores[offset + best] { best = index }
    return best
  }

  private func decoded(_ path: [Int], blank: Int) -> [Int] {
    path.indices.compactMap { t in
      path[t] == blank || (mergesRepeated && t > 0 && path[t] == path[t - 1]) ? nil : path[t]
    }
  }

  private func filled(_ rows: [[Int]], _ length: Int) -> [Int] {
    rows.flatMap { $0 + [Int](repeating: -1, count: length - $0.count) }
  }
}
