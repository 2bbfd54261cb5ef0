/// Divides the data by their Euclidean norm over some axes; over none the result is 1, and 0 for zeros.
struct NormalizeL2: Operator {
  /// How epsilon keeps the divisor from 0.
  private enum EpsilonMode: String, CaseIterable { case add, max }

  let epsilon: Double
  /// Whether epsilon is added to the sum of squares; otherwise it is their least value.
  let isEpsilonAdded: Bool

  init(_ node: Node) throws {
    epsilon = try node.attributes.double("eps")
    isEpsilonAdded = try node.attributes.choice("eps_mode", default: EpsilonMode.add) == .add
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    try ElementDomain.real.check(operands, 0)
    if let rank = operands.shape(0).rank, let axes = operands.ints(1) { _ = try normalizedAxes(axes, rank: rank) }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let axes = Set(try normalizedAxes(operands[1].ints(), rank: data.shape.count))
    if axes.isEmpty { return [Tensor(data.elementType, shape: data.shape, doubles: data.doubles().map { $0 == 0 ? 0 : 1 })] }
    let kept = data.shape.indices.map { axes.contains($0) ? 1 : data.shape[$0] }
    let targets = data.shape.offsets(strides: kept.broadcastStrides(to: data.shape))
    let values = data.doubles()
    var sums = [Double](repeating: 0, count: kept.elementCount)
    for (value, target) in zip(values, targets) { sums[target] += value * value }
    let norms = sums.map { (isEpsilonAdded ? $0 + epsilon : max($0, epsilon)).squareRoot() }
    return [Tensor(data.elementType, shape: data.shape, doubles: zip(values, targets).map { $0 / norms[$1] })]
  }
}

/// Divides each channel (axis 1) by the Euclidean norm over all channels.
struct GRN: Operator {
  /// Added to the sum of squares.
  let bias: Double

  init(_ node: Node) throws { bias = try node.attributes.double("bias") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.real.check(operands, 0)
    guard operands.shape(0).rank ?? 2 >= 2 else { throw invalid("the data \(operands.shape(0)) have no axis of channels") }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    var values = data.doubles()
    for line in Lines(data.shape, axis: 1).all {
      let norm = (line.reduce(bias) { $0 + values[$1] * values[$1] }).squareRoot()
      for i in line { values[i] /= norm }
    }
    return [Tensor(data.elementType, shape: data.shape, doubles: values)]
  }
}
