/// Follows the beams of a search back from their ends: the ids along each beam's parents, filled up with the end token behind
/// its first occurrence.
struct GatherTree: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonElementType(of: [0, 1, 2, 3])
    let steps = try operands.extents(0, rank: 3, "step_ids")
    let parents = try operands.extents(1, rank: 3, "parent_ids")
    let lengths = try operands.extents(2, rank: 1, "max_seq_len")
    var shape = try Dimension.agreeing(steps, parents, "time, batch or beams")
    shape[1] = try shape[1].agreeing(with: lengths[0], "the batch")
    return [ValueType(type, PartialShape(shape))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let (ids, parents, lengths) = (operands[0].doubles(), operands[1].ints(), operands[2].ints())
    guard let end = operands[3].doubles().first else { throw invalid("end_token is empty") }
    let (time, batches, beams) = (shape[0], shape[1], shape[2])
    var result = [Double](repeating: end, count: ids.count)
    for batch in 0..<batches {
      let length = min(time, lengths[batch])
      for beam in 0..<beams where length > 0 {
        var source = beam
        for level in (0..<length).reversed() {
          let row = (level * batches + batch) * beams
          result[row + beam] = ids[row + source]
          source = parents[row + source]
          guard (0..<beams).contains(source) || level == 0 else {
            throw OVError(.invalidData, "parent beam \(source) is out of range", suggestion: "there are \(beams) beams")
          }
        }
        var finished = false
        for level in 0..<length {
          let place = (level * batches + batch) * beams + beam
          if finished { result[place] = end } else { finished = result[place] == end }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: shape, doubles: result)]
  }
}
