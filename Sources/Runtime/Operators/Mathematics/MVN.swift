/// Subtracts the mean over some axes, and may divide by the standard deviation.
struct MVN: Operator {
  /// The epsilon's place.
  private enum EpsilonMode: String, CaseIterable {
    case inside = "inside_sqrt"
    case outside = "outside_sqrt"
  }

  /// Which axes are normalised over.
  enum Axes: Sendable, Equatable {
    /// The axes behind the channels, or from the channels on.
    case spatial(acrossChannels: Bool)
    /// Those that an attribute lists.
    case listed([Int])
    /// Those that the second operand lists.
    case operand
  }

  let axes: Axes
  let normalizeVariance: Bool
  let epsilon: Double
  let isEpsilonInside: Bool

  init(_ node: Node) throws {
    let attributes = node.attributes
    normalizeVariance = try attributes.bool("normalize_variance", default: true)
    epsilon = try attributes.double("eps", default: 1e-9)
    if node.version(among: [2, 6]) == 6 {
      axes = .operand
      isEpsilonInside = try attributes.choice("eps_mode", default: EpsilonMode.inside) == .inside
    } else {
      let listed = try attributes.ints("reduction_axes", default: [])
      axes = listed.isEmpty ? .spatial(acrossChannels: try attributes.bool("across_channels", default: true)) : .listed(listed)
      isEpsilonInside = true
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    let count = axes == .operand ? 2 : 1
    try operands.require(count...count)
    try ElementDomain.real.check(operands, 0)
    if let rank = operands.shape(0).rank, axes != .operand || operands.ints(1) != nil { _ = try reducedAxes(rank, operands.ints(1)) }
    return [operands.types[0]]
  }

  /// The axes normalised over, counted from the front.
  func reducedAxes(_ rank: Int, _ operand: [Int]?) throws -> [Int] {
    switch axes {
    case .spatial(let acrossChannels): Array(min(acrossChannels ? 1 : 2, rank)..<rank)
    case .listed(let axes): try normalizedAxes(axes, rank: rank)
    case .operand: try normalizedAxes(operand ?? [], rank: rank)
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let reduced = Set(try reducedAxes(data.shape.count, operands.count > 1 ? operands[1].ints() : nil))
    let kept = data.shape.indices.map { reduced.contains($0) ? 1 : data.shape[$0] }
    let groups = data.shape.offsets(strides: kept.broadcastStrides(to: data.shape))
    var values = data.doubles()
    values.normalize(groups: groups, count: kept.elementCount) { mean, variance in
      guard normalizeVariance else { return (mean, 1) }
      return (mean, 1 / (isEpsilonInside ? (variance + epsilon).squareRoot() : variance.squareRoot() + epsilon))
    }
    return [Tensor(data.elementType, shape: data.shape, doubles: values)]
  }
}

extension [Double] {
  /// Subtracts a number from each group of elements and multiplies it by another.
  ///
  /// - Parameters:
  ///   - groups: the group that each element belongs to, in 0..<`count`.
  ///   - count: how many groups there are.
  ///   - parameters: the subtrahend and the factor of a group with this mean and variance.
  mutating func normalize(
    groups: [Int], count: Int, _ parameters: (_ mean: Double, _ variance: Double) -> (subtrahend: Double, factor: Double)
  ) {
    var sizes = [Double](repeating: 0, count: count)
    var means = [Double](repeating: 0, count: count)
    var variances = [Double](repeating: 0, count: count)
    for (i, group) in groups.enumerated() {
      sizes[group] += 1
      means[group] += self[i]
    }
    for group in 0..<count { means[group] /= sizes[group] }
    for (i, group) in groups.enumerated() { variances[group] += (self[i] - means[group]) * (self[i] - means[group]) }
    let scales = (0..<count).map { parameters(means[$0], variances[$0] / sizes[$0]) }
    for (i, group) in groups.enumerated() { self[i] = (self[i] - scales[group].subtrahend) * scales[group].factor }
  }
}
