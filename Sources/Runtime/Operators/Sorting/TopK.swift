/// The greatest or least elements along an axis, and their indices. Equal elements keep their order, whether `stable` asks for
/// it or not.
struct TopK: Operator {
  private enum Mode: String, CaseIterable { case max, min }
  private enum Order: String, CaseIterable { case value, index, none }

  let axis: Int
  private let mode: Mode
  private let order: Order
  let indexType: ElementType

  var takesGreatest: Bool { mode == .max }
  /// Whether the results stand in the order of their indices, otherwise best first.
  var sortsByIndex: Bool { order == .index }

  init(_ node: Node) throws {
    axis = try node.attributes.int("axis")
    mode = try node.attributes.choice("mode")
    order = try node.attributes.choice("sort")
    indexType = try node.indexType("index_element_type", default: .i32)
    if node.version(among: [1, 3, 11]) == 11 { _ = try node.attributes.bool("stable", default: false) }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    var shape = operands.shape(0)
    if let rank = shape.rank {
      let axis = try normalizedAxis(axis, rank: rank)
      let extent = shape.dimensions![axis]
      if let values = operands.ints(1) {
        guard values.count == 1, values[0] >= 0, values[0] <= extent.upperBound ?? .max else {
          throw invalid("K is \(values.map(String.init).joined(separator: ", "))", suggestion: "it is at most the extent, \(extent)")
        }
      }
      let count = operands.dimensions(1)?.first ?? .dynamic
      let upper = [count.upperBound, extent.upperBound].compactMap { $0 }.min()
      shape.dimensions![axis] = Dimension(lowerBound: min(count.lowerBound, upper ?? .max), upperBound: upper)
    }
    return [ValueType(operands.elementType(0), shape), ValueType(indexType, shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    let axis = try normalizedAxis(axis, rank: shape.count)
    let (extent, count) = (data.shape[axis], shape[axis])
    let (rows, inner) = (shape[..<axis].elementCount, shape[(axis + 1)...].elementCount)
    var keys = data.orderKeys()
    // Turned round, so that the first are always wanted.
    if mode == .max { for i in keys.indices { keys[i] = ~keys[i] } }
    var chosen = [Int](repeating: 0, count: rows * count * inner)
    for row in 0..<rows {
      for column in 0..<inner {
        let first = row * extent * inner + column
        let best = best(count, of: extent) { keys[first + $0 * inner] }
        for (place, index) in best.enumerated() { chosen[(row * count + place) * inner + column] = index }
      }
    }
    let offsets = chosen.indices.map { i in
      (i / (count * inner) * extent + chosen[i]) * inner + i % inner
    }
    return [data.gathered(shape: shape, offsets: offsets), Tensor(indexType, shape: shape, ints: chosen)]
  }

  /// The indices of the `count` least keys, in the order asked for.
  private func best(_ count: Int, of extent: Int, key: (Int) -> Int64) -> [Int] {
    if count == 1 {
      var least = 0
      for index in 1..<max(1, extent) where key(index) < key(least) { least = index }
      return [least]
    }
    let ordered = (0..<extent).map { (key: key($0), index: $0) }.sorted { ($0.key, $0.index) < ($1.key, $1.index) }
    let best = ordered.prefix(count).map(\.index)
    return order == .index ? best.sorted() : best
  }
}
