/// RNNSequence, GRUSequence and LSTMSequence: a recurrent network over the time axis, in one or both directions.
///
/// Operands, with D directions: `X[batch, time, input]`, the initial states `[batch, D, H]` (hidden, and for LSTM cell), the
/// lengths `[batch]`, `W[D, G·H, input]`, `R[D, G·H, H]`, `B[D, …]`. Outputs: `Y[batch, D, time, H]`, the hidden states of all
/// steps, zero beyond a sequence's length; and the final states, those of the last step within the length (zero when it is 0).
/// The backward direction begins at the last step within the length.
struct RecurrentSequence: Operator {
  enum Direction: String, CaseIterable, Sendable {
    case forward, reverse, bidirectional

    /// For each direction in the order of the weights whether it runs backwards.
    var isBackward: [Bool] {
      switch self {
      case .forward: [false]
      case .reverse: [true]
      case .bidirectional: [false, true]
      }
    }
  }

  let unit: RecurrentUnit
  let direction: Direction

  init(_ node: Node, _ kind: RecurrentUnit.Kind) throws {
    unit = try RecurrentUnit(node, kind)
    direction = try node.attributes.choice("direction", default: .forward)
  }

  /// Where the lengths stand among the operands; W, R and B follow.
  var lengthsIndex: Int { 1 + unit.kind.stateCount }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    let lengths = lengthsIndex
    try operands.require((lengths + 4)...(lengths + 4))
    let type = try operands.commonRealType(of: (0...lengths + 3).filter { $0 != lengths })
    try operands.requireInteger(lengths, "the lengths' input")
    let directions = Dimension(direction.isBackward.count)
    let hidden = Dimension(unit.hiddenSize)
    let rows = Dimension(unit.kind.gateCount * unit.hiddenSize)
    let x = try operands.extents(0, rank: 3, "X")
    var batch = try x[0].agreeing(with: operands.extents(lengths, rank: 1, "the lengths' input")[0], "the batch")
    for index in 1..<lengths {
      let state = try operands.extents(index, rank: 3, "the initial state")
      batch = try batch.agreeing(with: state[0], "the batch")
      _ = try Dimension.agreeing([directions, hidden], Array(state[1...]), "directions and hidden size")
    }
    let w = try operands.extents(lengths + 1, rank: 3, "W")
    _ = try Dimension.agreeing([directions, rows, x[2]], w, "the shape of W")
    let r = try operands.extents(lengths + 2, rank: 3, "R")
    _ = try Dimension.agreeing([directions, rows, hidden], r, "the shape of R")
    let b = try operands.extents(lengths + 3, rank: 2, "B")
    _ = try Dimension.agreeing([directions, Dimension(unit.biasCount)], b, "the shape of B")
    let state = ValueType(type, PartialShape([batch, directions, hidden]))
    return [ValueType(type, PartialShape([batch, directions, x[1], hidden]))]
      + [ValueType](repeating: state, count: unit.kind.stateCount)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (batch, time, inputSize) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    let (size, type) = (unit.hiddenSize, operands[0].elementType)
    let directions = direction.isBackward
    let lengths = operands[lengthsIndex].ints()
    guard lengths.allSatisfy({ (0...time).contains($0) }) else {
      throw OVError(.invalidData, "the lengths \(lengths) do not lie in 0...\(time)")
    }
    let x = operands[0].doubles()
    let initial = (1..<lengthsIndex).map { operands[$0].doubles() }
    let weights = directions.indices.map { Self.weights(operands, lengthsIndex + 1, direction: $0) }
    var y = [Double](repeating: 0, count: batch * directions.count * time * size)
    var final = [[Double]](repeating: [Double](repeating: 0, count: batch * directions.count * size), count: unit.kind.stateCount)
    for row in 0..<batch where lengths[row] > 0 {
      for (d, isBackward) in directions.enumerated() {
        let start = (row * directions.count + d) * size
        var state = RecurrentUnit.State(
          hidden: Array(initial[0][start..<start + size]), cell: initial.count > 1 ? Array(initial[1][start..<start + size]) : [])
        for step in 0..<lengths[row] {
          let t = isBackward ? lengths[row] - 1 - step : step
          unit.step(x, at: (row * time + t) * inputSize, &state, weights[d])
          let target = start * time + t * size
          y.replaceSubrange(target..<target + size, with: state.hidden)
        }
        final[0].replaceSubrange(start..<start + size, with: state.hidden)
        if final.count > 1 { final[1].replaceSubrange(start..<start + size, with: state.cell) }
      }
    }
    return [Tensor(type, shape: [batch, directions.count, time, size], doubles: y)]
      + final.map { Tensor(type, shape: [batch, directions.count, size], doubles: $0) }
  }

  private static func weights(_ operands: [Tensor], _ first: Int, direction: Int) -> RecurrentUnit.Weights {
    func part(_ index: Int) -> [Double] {
      let tensor = operands[first + index]
      let count = tensor.elementCount / tensor.shape[0]
      return Array(tensor.doubles()[direction * count..<(direction + 1) * count])
    }
    return RecurrentUnit.Weights(inputSize: operands[first].shape[2], w: part(0), r: part(1), b: part(2))
  }
}
