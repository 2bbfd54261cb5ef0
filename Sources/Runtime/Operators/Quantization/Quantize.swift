/// Rounds real numbers to 8-bit integers: q = clamp(round(x · multiplier + zero point), low, high) in single precision, ties to even.
///
/// Operands: x `f32`, multiplier `f32` (integers a unit) and zero point `f32`, both of which broadcast to x; the zero point need not
/// be an integer.
struct Quantize: Operator {
  let elementType: ElementType
  let low: Int
  let high: Int

  init(_ node: Node) throws {
    elementType = try node.attributes.elementType("element_type")
    guard elementType == .u8 || elementType == .i8 else {
      throw OVError(.invalidModel, "element_type is \(elementType)", suggestion: "it can be u8 or i8")
    }
    let bounds = Int(elementType.lowestInteger)...Int(elementType.greatestInteger)
    low = try node.attributes.int("low", default: bounds.lowerBound)
    high = try node.attributes.int("high", default: bounds.upperBound)
    guard low <= high, bounds.contains(low), bounds.contains(high) else {
      throw OVError(.invalidModel, "low and high are \(low) and \(high), which is no range of \(elementType)")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try operands.requireFloats(0, 1, 2)
    for index in 1...2 { try operands.requireBroadcast(index, to: operands.shape(0)) }
    return [ValueType(elementType, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = operands[0].shape
    let (x, multiplier, zeroPoint) = (operands[0].doubles(), operands[1].doubles(), operands[2].doubles())
    let multiplierOffsets = shape.offsets(strides: operands[1].shape.broadcastStrides(to: shape))
    let zeroOffsets = shape.offsets(strides: operands[2].shape.broadcastStrides(to: shape))
    let integers = x.indices.map { i -> Int64 in
      let exact = Float(x[i]) * Float(multiplier[multiplierOffsets[i]]) + Float(zeroPoint[zeroOffsets[i]])
      return exact.isNaN ? Int64(low) : Int64(min(max(exact.rounded(.toNearestOrEven), Float(low)), Float(high)))
    }
    return [Tensor(elementType, shape: shape, int64s: integers)]
  }
}
