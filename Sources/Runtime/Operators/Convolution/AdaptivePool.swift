/// AdaptiveAvgPool and AdaptiveMaxPool: pools data of shape N, C, spatial axes to spatial extents that the second operand
/// states, with windows that share the data out evenly.
struct AdaptivePool: Operator {
  /// Whether windows give their greatest element and its index within the plane, not their mean.
  let isMax: Bool
  let indexElementType: ElementType

  init(_ node: Node) throws {
    isMax = node.type == "AdaptiveMaxPool"
    indexElementType = try node.attributes.elementType("index_element_type", default: .i64)
    guard indexElementType == .i32 || indexElementType == .i64 else {
      throw OVError(.invalidModel, "index_element_type is \(indexElementType)", suggestion: "it can be i32 or i64")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    var shape = PartialShape.dynamic
    if let spatial = operands.dimensions(1) {
      guard operands.shape(0).rank ?? spatial.count + 2 == spatial.count + 2, (1...3).contains(spatial.count) else {
        throw invalid("an output shape of \(spatial.count) axes does not suit the data, \(operands.shape(0))")
      }
      let data = operands.shape(0).dimensions ?? [.dynamic, .dynamic]
      shape = PartialShape(data[..<2] + spatial)
    } else if let rank = operands.shape(0).rank {
      shape = .dynamic(rank: rank)
    }
    return [ValueType(operands.elementType(0), shape)] + (isMax ? [ValueType(indexElementType, shape)] : [])
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0]
    let (input, output) = (extended(Array(data.shape[2...])), extended(Array(shape[2...])))
    guard shape.contains(0) || !data.shape.contains(0) else { throw invalid("the data \(data.type) are empty") }
    let values = data.doubles()
    var results: [Double] = []
    var indices: [Int] = []
    for plane in 0..<(shape[0] * shape[1]) {
      let base = plane * input.elementCount
      output.forEachIndex { position in
        let ranges = (0..<3).map { window(position[$0], of: output[$0], over: input[$0]) }
        var sum = 0.0
        var best = (value: -Double.infinity, index: -1)
        for z in ranges[0] {
          for y in ranges[1] {
            for x in ranges[2] {
              let index = (z * input[1] + y) * input[2] + x
              let value = values[base + index]
              sum += value
              if best.index < 0 || value > best.value { best = (value, index) }
            }
          }
        }
        results.append(isMax ? best.value : sum / Double(ranges.reduce(1) { $0 * $1.count }))
        indices.append(best.index)
      }
    }
    let pooled = Tensor(data.elementType, shape: shape, doubles: results)
    return isMax ? [pooled, Tensor(indexElementType, shape: shape, ints: indices)] : [pooled]
  }

  private func extended(_ extents: [Int]) -> [Int] { [Int](repeating: 1, count: 3 - extents.count) + extents }

  /// The elements that position `position` of `count` pools.
  private func window(_ position: Int, of count: Int, over extent: Int) -> Range<Int> {
    (position * extent / count)..<(((position + 1) * extent + count - 1) / count)
  }
}
