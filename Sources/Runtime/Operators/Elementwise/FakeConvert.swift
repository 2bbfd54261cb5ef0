/// Rounds the data, scaled and shifted, to the numbers of an 8-bit format, and undoes scale and shift; what lies beyond the
/// format's numbers becomes the largest.
struct FakeConvert: Operator {
  let destinationType: ElementType

  init(_ node: Node) throws {
    destinationType = try node.attributes.elementType("destination_type", default: .f8e4m3)
    guard destinationType == .f8e4m3 || destinationType == .f8e5m2 else {
      throw OVError(.invalidModel, "destination_type is \(destinationType)", suggestion: "it can be f8e4m3 or f8e5m2")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    try ElementDomain.real.check(operands, 0)
    for index in 1..<operands.count {
      _ = try operands.commonElementType(0, index)
      let broadcast = try PartialShape.broadcast(operands.shape(0), operands.shape(index))
      guard broadcast.merged(with: operands.shape(0)) != nil else {
        throw invalid("input \(index), \(operands.shape(index)), does not broadcast to the data, \(operands.shape(0))")
      }
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    func broadcast(_ tensor: Tensor) -> [Double] {
      let values = tensor.doubles()
      return data.shape.offsets(strides: tensor.shape.broadcastStrides(to: data.shape)).map { values[$0] }
    }
    let scale = broadcast(operands[1])
    let shift = operands.count > 2 ? broadcast(operands[2]) : [Double](repeating: 0, count: scale.count)
    let format = destinationType == .f8e4m3 ? SmallFloat.f8e4m3 : .f8e5m2
    let limit: Double = destinationType == .f8e4m3 ? 448 : 57344
    let results = zip(data.doubles(), zip(scale, shift)).map { x, parameters in
      let (scale, shift) = parameters
      return (format.decode(format.encode(max(-limit, min(limit, x * scale - shift)))) + shift) / scale
    }
    return [Tensor(data.elementType, shape: data.shape, doubles: results)]
  }
}
