import KernelCore

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
    let type = operands[0].elementType
    if type.isInteger || type == .boolean || type.bitWidth >= 16, !type.isPacked, type != .string, !shape.isEmpty {
      let plan = NonZeroPlan(shape: shape, elementBytes: type.bitWidth / 8, isFloatingPoint: type.isFloatingPoint)
      return [operands[0].withUnsafeBytes { bytes in positions(plan, bytes, rank: shape.count) }]
    }
    let found = operands[0].nonZeroOffsets()
    var indices: [Int] = []
    indices.reserveCapacity(found.count * shape.count)
    for (axis, stride) in shape.rowMajorStrides.enumerated() { indices += found.map { $0 / stride % shape[axis] } }
    return [Tensor(outputType, shape: [shape.count, found.count], ints: indices)]
  }

  private func positions(_ plan: NonZeroPlan, _ bytes: UnsafeRawBufferPointer, rank: Int) -> Tensor {
    let input = bytes.baseAddress!
    let count = plan.count(input)
    let indices = [Int64](unsafeUninitializedCapacity: rank * count) { buffer, initialized in
      if count > 0 { plan.run(input, buffer.baseAddress!, count: count) }
      initialized = rank * count
    }
    return outputType == .i64
      ? Tensor(indices, shape: [rank, count]) : Tensor(outputType, shape: [rank, count], ints: indices.map { Int($0) })
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
