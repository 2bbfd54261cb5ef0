/// The numbers from a start in steps up to, not including, a stop.
struct RangeSequence: Operator {
  /// The result's type; `nil`: the operands' (version 1).
  let outputType: ElementType?

  init(_ node: Node) throws {
    outputType = node.version(among: [1, 4]) == 1 ? nil : try node.attributes.elementType("output_type")
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    var type = outputType ?? operands.elementType(0)
    for index in 0..<3 {
      try ElementDomain.numeric.check(operands, index)
      if outputType == nil { type = type == .dynamic ? operands.elementType(index) : try operands.commonElementType(0, index) }
      guard (operands.shape(index).shape?.checkedElementCount ?? 1) == 1 else {
        throw invalid("input \(index) has the shape \(operands.shape(index)), not one number")
      }
    }
    let bounds = (0..<3).compactMap { operands.value($0) }
    guard bounds.count == 3, type != .dynamic else { return [ValueType(type, .dynamic(rank: 1))] }
    return [ValueType(type, [try count(bounds, type)])]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let type = outputType ?? operands[0].elementType
    let count = try count(operands, type)
    // Refuses what memory cannot hold before it is computed.
    _ = try Tensor(type, shape: [count])
    if isIntegral(operands, type) {
      let (start, step) = (operands[0].int64s()[0], operands[2].int64s()[0])
      return [Tensor(type, shape: [count], int64s: (0..<Int64(count)).map { start &+ $0 &* step })]
    }
    let (start, step) = (operands[0].doubles()[0], operands[2].doubles()[0])
    return [Tensor(type, shape: [count], doubles: (0..<count).map { start + Double($0) * step })]
  }

  /// Real bounds of a range of integers are truncated first.
  private func isIntegral(_ bounds: [Tensor], _ type: ElementType) -> Bool {
    type.isInteger || bounds.allSatisfy { $0.elementType.isInteger }
  }

  private func count(_ bounds: [Tensor], _ type: ElementType) throws -> Int {
    if isIntegral(bounds, type) {
      let (start, stop, step) = (bounds[0].int64s()[0], bounds[1].int64s()[0], bounds[2].int64s()[0])
      guard step != 0 else { throw invalid("the step is 0") }
      guard step > 0 ? stop > start : stop < start else { return 0 }
      let (distance, overflow) = stop.subtractingReportingOverflow(start)
      guard !overflow else { throw invalid("the range from \(start) to \(stop) is too long") }
      let count = distance.magnitude / step.magnitude + (distance.magnitude % step.magnitude == 0 ? 0 : 1)
      return Int(count)
    }
    let (start, stop, step) = (bounds[0].doubles()[0], bounds[1].doubles()[0], bounds[2].doubles()[0])
    guard step != 0 else { throw invalid("the step is 0") }
    let count = ((stop - start) / step).rounded(.up)
    guard count < 0x1p62 else { throw invalid("the range from \(start) to \(stop) in steps of \(step) is too long") }
    return count > 0 ? Int(count) : 0
  }
}
