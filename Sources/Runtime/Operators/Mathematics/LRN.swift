/// Local response normalisation: divides each element by a power of the squares around it along some axes.
struct LRN: Operator {
  let alpha: Double
  let beta: Double
  let bias: Double
  /// The side of the region, along each axis.
  let size: Int

  init(_ node: Node) throws {
    alpha = try node.attributes.double("alpha")
    beta = try node.attributes.double("beta")
    bias = try node.attributes.double("bias")
    size = try node.attributes.int("size")
    guard size >= 1 else { throw OVError(.invalidModel, "size is \(size)", suggestion: "it is 1 or more") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    try ElementDomain.real.check(operands, 0)
    if let rank = operands.shape(0).rank, let axes = operands.ints(1) { _ = try normalizedAxes(axes, rank: rank) }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let axes = try normalizedAxes(operands[1].ints(), rank: data.shape.count)
    let values = data.doubles()
    // Sums over a box are sums of sums along its axes.
    var sums = values.map { $0 * $0 }
    for axis in axes {
      for line in Lines(data.shape, axis: axis).all { sumWindows(&sums, line) }
    }
    let regionSize = axes.reduce(1.0) { count, _ in count * Double(size) }
    let results = values.indices.map { values[$0] / UnaryFunction.power(bias + alpha / regionSize * sums[$0], beta) }
    return [Tensor(data.elementType, shape: data.shape, doubles: results)]
  }

  /// Replaces the elements at `line` by the sums of those around them.
  private func sumWindows(_ values: inout [Double], _ line: some Sequence<Int>) {
    let offsets = Array(line)
    let elements = offsets.map { values[$0] }
    let before = (size - 1) / 2
    for (i, offset) in offsets.enumerated() {
      values[offset] = elements[max(0, i - before)...min(elements.count - 1, i + before)].reduce(0, +)
    }
  }
}
