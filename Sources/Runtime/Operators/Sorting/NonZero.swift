/// The indices of the elements that are not zero, one row an axis.
struct NonZero: Operator {
  let outputType: ElementType

  init(_ node: Node) throws { outputType = try node.indexType("output_type", default: .i64) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    let shape = operands.shape(0)
    let count = shape.dimensions?.reduce(Dimension(1), *)
    return [
      ValueType(
        outputType,
        PartialShape([shape.rank.map { Dimension($0) } ?? .dynamic, Dimension(lowerBound: 0, upperBound: count?.upperBound)]))
    ]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let found = operands[0].nonZeroOffsets()
    var indices: [Int] = []
    indices.reserveCapacity(found.count * shape.count)
    for (axis, stride) in shape.rowMajorStrides.enumerated() { indices += found.map { $0 / stride % shape[axis] } }
    return [Tensor(outputType, shape: [shape.count, found.count], ints: indices)]
  }
}

extension Tensor {
  /// The offsets of the elements that are not zero; of strings, that are not empty.
  fileprivate func nonZeroOffsets() -> [Int] {
    func offsets<Element>(_ elements: [Element], where isKept: (Element) -> Bool) -> [Int] {
      elements.indices.filter { isKept(elements[$0]) }
    }
    if elementType == .string { return offsets(strings) { !$0.isEmpty } }
    return elementType.isFloatingPoint ? offsets(doubles()) { $0 != 0 } : offsets(int64s()) { $0 != 0 }
  }
}
