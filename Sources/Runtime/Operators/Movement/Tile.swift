/// Repeats the data along its axes; the shorter of its shape and the repeats is filled up with ones in front.
struct Tile: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = operands.elementType(0)
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    // A negative number of repeats is none.
    let known = operands.ints(1)?.map { Dimension(max(0, $0)) } ?? operands.dimensions(1)
    guard let repeats = known else { return [ValueType(type, .dynamic)] }
    let rank = max(dimensions.count, repeats.count)
    let ones = [Dimension](repeating: 1, count: rank)
    let extents = zip(ones.dropLast(dimensions.count) + dimensions, ones.dropLast(repeats.count) + repeats).map { $0 * $1 }
    return [ValueType(type, PartialShape(extents))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let own = [Int](repeating: 1, count: shape.count - data.shape.count) + data.shape
    // Each axis as a pair, the repeats and the extent: repeating is an axis without stride.
    var pairs = Shape()
    var strides: [Int] = []
    for (axis, stride) in own.rowMajorStrides.enumerated() {
      pairs += [own[axis] == 0 ? 0 : shape[axis] / own[axis], own[axis]]
      strides += [0, stride]
    }
    return [data.gathered(shape: pairs, strides: strides).reshaped(to: shape)]
  }
}
