/// The distinct elements, or the distinct slices along an axis: themselves, where each occurs first, which one each element or
/// slice is, and how often each occurs.
struct Unique: Operator {
  let isSorted: Bool
  let indexType: ElementType
  let countType: ElementType

  init(_ node: Node) throws {
    isSorted = try node.attributes.bool("sorted", default: true)
    indexType = try node.indexType("index_element_type", default: .i64)
    countType = try node.indexType("count_element_type", default: .i64)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...2)
    let type = operands.elementType(0)
    func types(_ shape: PartialShape, total: Dimension, distinct: Dimension) -> [ValueType] {
      [
        ValueType(type, shape), ValueType(indexType, PartialShape([distinct])), ValueType(indexType, PartialShape([total])),
        ValueType(countType, PartialShape([distinct])),
      ]
    }
    let dimensions = operands.shape(0).dimensions
    guard operands.has(1) else {
      let total = dimensions?.reduce(Dimension(1), *) ?? .dynamic
      return types(PartialShape([total.distinct]), total: total, distinct: total.distinct)
    }
    guard let axes = operands.ints(1), var slices = dimensions else {
      return types(dimensions.map { .dynamic(rank: $0.count) } ?? .dynamic, total: .dynamic, distinct: .dynamic)
    }
    guard axes.count == 1 else { throw invalid("there are \(axes.count) axes, the operation takes 1") }
    let axis = try normalizedAxis(axes[0], rank: slices.count)
    let total = slices[axis]
    slices[axis] = total.distinct
    return types(PartialShape(slices), total: total, distinct: total.distinct)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands.count > 1 ? operands[0] : operands[0].reshaped(to: [operands[0].elementCount])
    let axis = operands.count > 1 ? try normalizedAxis(operands[1].ints()[0], rank: data.shape.count) : 0
    let extent = data.shape[axis]
    // The slices one after the other, as keys.
    let order = [axis] + data.shape.indices.filter { $0 != axis }
    let keys = data.transposed(order).orderKeys()
    let size = extent == 0 ? 0 : keys.count / extent
    func precedes(_ a: Int, _ b: Int) -> Bool {
      for i in 0..<size where keys[a * size + i] != keys[b * size + i] { return keys[a * size + i] < keys[b * size + i] }
      return false
    }
    let sorted = (0..<extent).sorted { precedes($0, $1) || (!precedes($1, $0) && $0 < $1) }
    // Groups of equal slices, ascending; the first of each group is its first occurrence.
    var groups: [[Int]] = []
    for slice in sorted {
      if let last = groups.last?.first, !precedes(last, slice) {
        groups[groups.count - 1].append(slice)
      } else {
        groups.append([slice])
      }
    }
    if !isSorted { groups.sort { $0[0] < $1[0] } }
    var membership = [Int](repeating: 0, count: extent)
    for (index, group) in groups.enumerated() { for slice in group { membership[slice] = index } }
    let first = groups.map { $0[0] }
    let distinct = data.gathered(indices: data.shape.indices.map { $0 == axis ? first : Array(0..<data.shape[$0]) })
    return [
      distinct, Tensor(indexType, shape: [first.count], ints: first), Tensor(indexType, shape: [extent], ints: membership),
      Tensor(countType, shape: [first.count], ints: groups.map(\.count)),
    ]
  }
}

extension Dimension {
  /// How many distinct things there are among as many.
  fileprivate var distinct: Dimension { Dimension(lowerBound: min(1, lowerBound), upperBound: upperBound) }
}
