/// Replaces each element by the sum of those up to it along an axis.
struct CumSum: Operator {
  /// Whether an element's own value is left out of its sum.
  let exclusive: Bool
  /// Whether sums run from the end.
  let reverse: Bool

  init(_ node: Node) throws {
    exclusive = try node.attributes.bool("exclusive", default: false)
    reverse = try node.attributes.bool("reverse", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...2)
    try ElementDomain.numeric.check(operands, 0)
    if let rank = operands.shape(0).rank, let axis = operands.ints(1)?.first { _ = try normalizedAxis(axis, rank: rank) }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let axis = operands.count > 1 ? operands[1].ints().first ?? 0 : 0
    let lines = Lines(data.shape, axis: try normalizedAxis(axis, rank: data.shape.count))
    if data.elementType.isFloatingPoint {
      return [Tensor(data.elementType, shape: data.shape, doubles: sums(data.doubles(), lines) { $0 + $1 })]
    }
    return [Tensor(data.elementType, shape: data.shape, int64s: sums(data.int64s(), lines) { $0 &+ $1 })]
  }

  private func sums<Element: Numeric>(_ values: [Element], _ lines: Lines, _ add: (Element, Element) -> Element) -> [Element] {
    var result = values
    for line in lines.all {
      var sum: Element = 0
      for i in reverse ? Array(line.reversed()) : Array(line) {
        let next = add(sum, values[i])
        result[i] = exclusive ? sum : next
        sum = next
      }
    }
    return result
  }
}
