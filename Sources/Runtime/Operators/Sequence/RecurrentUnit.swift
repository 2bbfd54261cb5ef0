#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One step of a recurrent network: what RNN, GRU and LSTM cells and sequences have in common.
///
/// With `H` the hidden size and `G` the number of gates, the weights are `W[G·H, input]` and `R[G·H, H]`, gate by gate in the
/// order of ``Kind``; the bias `B` is the sum of the input's and the recurrence's biases.
struct RecurrentUnit: Sendable {
  enum Kind: Sendable {
    /// One gate.
    case rnn
    /// Gates z (update), r (reset), h (candidate).
    case gru
    /// Gates f (forget), i (input), c (candidate), o (output).
    case lstm

    var gateCount: Int {
      switch self {
      case .rnn: 1
      case .gru: 3
      case .lstm: 4
      }
    }

    var defaultActivations: [Activation.Function] {
      switch self {
      case .rnn: [.tanh]
      case .gru: [.sigmoid, .tanh]
      case .lstm: [.sigmoid, .tanh, .tanh]
      }
    }

    /// The number of state tensors: the hidden state, and the cell state of an LSTM.
    var stateCount: Int { self == .lstm ? 2 : 1 }
  }

  /// An activation function of a gate.
  struct Activation: Sendable {
    enum Function: String, CaseIterable, Sendable { case sigmoid, tanh, relu, hardsigmoid }
    let function: Function
    let alpha: Double
    let beta: Double

    func callAsFunction(_ x: Double) -> Double {
      switch function {
      case .sigmoid: 1 / (1 + exp(-x))
      case .tanh: tanh(x)
      case .relu: max(0, x)
      case .hardsigmoid: min(max(alpha * x + beta, 0), 1)
      }
    }
  }

  let kind: Kind
  let hiddenSize: Int
  /// The functions f, g, h of the specification, as many as the kind has.
  let activations: [Activation]
  /// Sums before activations are clipped to ±clip; infinite when they are not.
  let clip: Double
  /// GRU: whether the reset gate is applied after the recurrent product, to `H·Rh + Rbh`.
  let linearBeforeReset: Bool

  /// The number of values in `B`.
  var biasCount: Int { (kind.gateCount + (linearBeforeReset ? 1 : 0)) * hiddenSize }

  init(_ node: Node, _ kind: Kind) throws {
    let attributes = node.attributes
    self.kind = kind
    hiddenSize = try attributes.int("hidden_size")
    guard hiddenSize > 0 else { throw OVError(.invalidModel, "hidden_size is \(hiddenSize)", suggestion: "it must be positive") }
    let clip = try attributes.double("clip", default: 0)
    guard clip >= 0 else { throw OVError(.invalidModel, "clip is \(clip)", suggestion: "it must not be negative") }
    self.clip = clip == 0 ? .infinity : clip
    linearBeforeReset = kind == .gru ? try attributes.bool("linear_before_reset", default: false) : false
    activations = try Self.activations(attributes, kind)
  }

  private static func activations(_ attributes: Attributes, _ kind: Kind) throws -> [Activation] {
    var functions = kind.defaultActivations
    if let text = attributes["activations"], !text.trimmed.isEmpty {
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed.lowercased() }
      guard words.count == functions.count else {
        throw OVError(
          .invalidModel, "there are \(words.count) activations", suggestion: "the operation takes \(functions.count)")
      }
      functions = try words.map { word in
        guard let function = Activation.Function(rawValue: word) else {
          throw OVError(
            .unsupported, "activation \"\(OVError.printable(word))\" is not supported",
            suggestion: "the activations are " + Activation.Function.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return function
      }
    }
    let alpha = try attributes.doubles("activations_alpha", default: [])
    let beta = try attributes.doubles("activations_beta", default: [])
    return functions.indices.map {
      Activation(function: functions[$0], alpha: $0 < alpha.count ? alpha[$0] : 0.2, beta: $0 < beta.count ? beta[$0] : 0.5)
    }
  }

  /// The weights of one direction.
  struct Weights {
    let inputSize: Int
    let w: [Double]
    let r: [Double]
    let b: [Double]
    /// LSTM: peephole weights of the gates f, i, o, each `H` long; empty when there are none.
    var peepholes: [Double] = []
    /// LSTM: whether the input gate is 1 − f.
    var couplesInputAndForget = false
  }

  /// The state of one sequence, each `H` long.
  struct State {
    var hidden: [Double]
    /// Empty unless the unit is an LSTM.
    var cell: [Double] = []
  }

  /// Advances a state by the input vector that starts at `offset` of `input`.
  func step(_ input: [Double], at offset: Int, _ state: inout State, _ weights: Weights) {
    switch kind {
    case .rnn: rnnStep(input, offset, &state, weights)
    case .gru: gruStep(input, offset, &state, weights)
    case .lstm: lstmStep(input, offset, &state, weights)
    }
  }

  private func clipped(_ x: Double) -> Double { min(max(x, -clip), clip) }

  /// The product of row `row` of a matrix with the vector of `count` elements at `offset`.
  private func product(_ matrix: [Double], row: Int, _ vector: [Double], _ offset: Int, _ count: Int) -> Double {
    var sum = 0.0
    let start = row * count
    for i in 0..<count { sum += matrix[start + i] * vector[offset + i] }
    return sum
  }

  /// For each unit of a gate `x·Wᵀ + h·Rᵀ + b`.
  private func sums(_ gate: Int, _ input: [Double], _ offset: Int, _ hidden: [Double], _ weights: Weights) -> [Double] {
    (gate * hiddenSize..<(gate + 1) * hiddenSize).map { row in
      product(weights.w, row: row, input, offset, weights.inputSize) + product(weights.r, row: row, hidden, 0, hiddenSize)
        + weights.b[row]
    }
  }

  private func rnnStep(_ input: [Double], _ offset: Int, _ state: inout State, _ weights: Weights) {
    state.hidden = sums(0, input, offset, state.hidden, weights).map { activations[0](clipped($0)) }
  }

  private func gruStep(_ input: [Double], _ offset: Int, _ state: inout State, _ weights: Weights) {
    let size = hiddenSize
    let previous = state.hidden
    let update = sums(0, input, offset, previous, weights).map { activations[0](clipped($0)) }
    let reset = sums(1, input, offset, previous, weights).map { activations[0](clipped($0)) }
    let gated = zip(reset, previous).map { $0 * $1 }
    for j in 0..<size {
      let row = 2 * size + j
      let own = product(weights.w, row: row, input, offset, weights.inputSize) + weights.b[row]
      let recurrent =
        linearBeforeReset
        ? reset[j] * (product(weights.r, row: row, previous, 0, size) + weights.b[3 * size + j])
        : product(weights.r, row: row, gated, 0, size)
      let candidate = activations[1](clipped(own + recurrent))
      state.hidden[j] = (1 - update[j]) * candidate + update[j] * previous[j]
    }
  }

  private func lstmStep(_ input: [Double], _ offset: Int, _ state: inout State, _ weights: Weights) {
    let size = hiddenSize
    let gates = (0..<4).map { sums($0, input, offset, state.hidden, weights) }
    /// What the cell state adds to the sum of gate `gate` among f, i, o.
    func peephole(_ gate: Int, _ j: Int) -> Double { weights.peepholes.isEmpty ? 0 : weights.peepholes[gate * size + j] * state.cell[j] }
    for j in 0..<size {
      let forget = activations[0](clipped(gates[0][j] + peephole(0, j)))
      let take = weights.couplesInputAndForget ? 1 - forget : activations[0](clipped(gates[1][j] + peephole(1, j)))
      let candidate = activations[1](clipped(gates[2][j]))
      state.cell[j] = forget * state.cell[j] + take * candidate
      let output = activations[0](clipped(gates[3][j] + peephole(2, j)))
      state.hidden[j] = output * activations[2](state.cell[j])
    }
  }
}
