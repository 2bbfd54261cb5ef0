/// Permutes the axes; an empty order reverses them.
struct Transpose: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(operands.elementType(0), .dynamic)] }
    guard let axes = operands.ints(1) else {
      return [ValueType(operands.elementType(0), .dynamic(rank: dimensions.count))]
    }
    let order = try order(axes, rank: dimensions.count)
    return [ValueType(operands.elementType(0), PartialShape(order.map { dimensions[$0] }))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [operands[0].transposed(try order(operands[1].ints(), rank: operands[0].shape.count))]
  }

  /// The source axis of each output axis.
  private func order(_ axes: [Int], rank: Int) throws -> [Int] {
    if axes.isEmpty { return Array((0..<rank).reversed()) }
    guard axes.count == rank else { throw invalid("the order \(axes) does not permute \(rank) axes") }
    return try normalizedAxes(axes, rank: rank)
  }
}

extension Tensor {
  /// The tensor whose axis `i` is this tensor's axis `order[i]`.
  ///
  /// - Precondition: `order` is a permutation of the axes.
  func transposed(_ order: [Int]) -> Tensor {
    let strides = shape.rowMajorStrides
    return gathered(shape: order.map { shape[$0] }, strides: order.map { strides[$0] })
  }
}
