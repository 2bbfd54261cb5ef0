/// RNNCell, GRUCell and LSTMCell: one step of a recurrent network over a batch.
///
/// Operands: `X[batch, input]`, the states `[batch, H]` (hidden, and for LSTM cell), `W[G·H, input]`, `R[G·H, H]`, and optionally
/// `B`; LSTMCell 1 also has optional peephole weights `P[3·H]`, of the gates f, i, o. Outputs: the new states.
///
/// The `weights_format` that models state for LSTMCell 1 means nothing: the gates stand in the order f, i, c, o.
struct RecurrentCell: Operator {
  let unit: RecurrentUnit
  /// LSTMCell 1: whether the input gate is 1 − f.
  let couplesInputAndForget: Bool
  let takesPeepholes: Bool

  init(_ node: Node, _ kind: RecurrentUnit.Kind) throws {
    unit = try RecurrentUnit(node, kind)
    takesPeepholes = kind == .lstm && node.version(among: [1, 4]) == 1
    couplesInputAndForget = takesPeepholes ? try node.attributes.bool("input_forget", default: false) : false
  }

  /// Where the weights begin among the operands.
  private var weightsIndex: Int { 1 + unit.kind.stateCount }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    let first = weightsIndex
    try operands.require((first + 2)...(first + (takesPeepholes ? 4 : 3)))
    let type = try operands.commonRealType(of: Array(0..<operands.count))
    let rows = unit.kind.gateCount * unit.hiddenSize
    let hidden = Dimension(unit.hiddenSize)
    let x = try operands.extents(0, rank: 2, "X")
    var batch = x[0]
    for index in 1..<first {
      let state = try operands.extents(index, rank: 2, "the initial state")
      batch = try batch.agreeing(with: state[0], "the batch")
      _ = try hidden.agreeing(with: state[1], "the hidden size")
    }
    let w = try operands.extents(first, rank: 2, "W")
    _ = try Dimension.agreeing([Dimension(rows), x[1]], w, "the shape of W")
    _ = try Dimension.agreeing([Dimension(rows), hidden], operands.extents(first + 1, rank: 2, "R"), "the shape of R")
    if operands.has(first + 2) {
      _ = try Dimension(unit.biasCount).agreeing(with: operands.extents(first + 2, rank: 1, "B")[0], "the length of B")
    }
    if operands.has(first + 3) {
      _ = try Dimension(3 * unit.hiddenSize).agreeing(with: operands.extents(first + 3, rank: 1, "P")[0], "the length of P")
    }
    return [ValueType](repeating: ValueType(type, PartialShape([batch, hidden])), count: unit.kind.stateCount)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let first = weightsIndex
    let (batch, inputSize, size) = (operands[0].shape[0], operands[0].shape[1], unit.hiddenSize)
    let x = operands[0].doubles()
    let initial = (1..<first).map { operands[$0].doubles() }
    let weights = RecurrentUnit.Weights(
      inputSize: inputSize, w: operands[first].doubles(),
      r: operands[first + 1].doubles(),
      b: operands.count > first + 2 ? operands[first + 2].doubles() : [Double](repeating: 0, count: unit.biasCount),
      peepholes: operands.count > first + 3 ? operands[first + 3].doubles() : [], couplesInputAndForget: couplesInputAndForget)
    var hidden: [Double] = []
    var cell: [Double] = []
    for row in 0..<batch {
      let range = row * size..<(row + 1) * size
      var state = RecurrentUnit.State(hidden: Array(initial[0][range]), cell: initial.count > 1 ? Array(initial[1][range]) : [])
      unit.step(x, at: row * inputSize, &state, weights)
      hidden += state.hidden
      cell += state.cell
    }
    return [hidden, cell].prefix(unit.kind.stateCount).map { Tensor(operands[0].elementType, shape: [batch, size], doubles: $0) }
  }
}
