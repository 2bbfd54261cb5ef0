/// Rounds the data to `levels` equidistant numbers between an input's low and high bound, and maps those to the range between
/// an output's bounds.
struct FakeQuantize: Operator {
  /// How many numbers the result may take.
  let levels: Int
  let broadcast: AutoBroadcast

  init(_ node: Node) throws {
    levels = try node.attributes.int("levels")
    guard levels >= 2 else { throw OVError(.invalidModel, "levels is \(levels)", suggestion: "there are 2 or more") }
    broadcast = try AutoBroadcast(node)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(5...5)
    try ElementDomain.real.check(operands, 0)
    var shape = operands.shape(0)
    for index in 1..<5 {
      _ = try operands.commonElementType(0, index)
      shape = try broadcast.shape(shape, operands.shape(index))
    }
    return [ValueType(operands.elementType(0), shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let values = operands[0].doubles()
    let offsets = shape.offsets(strides: operands[0].shape.broadcastStrides(to: shape))
    let ranges = operands.dropFirst().map { bound in
      (values: bound.doubles(), offsets: shape.offsets(strides: broadcast.secondStrides(bound.shape, target: shape)))
    }
    func bound(_ index: Int, _ element: Int) -> Double { ranges[index].values[ranges[index].offsets[element]] }
    let results = offsets.indices.map { i in
      quantized(values[offsets[i]], from: (bound(0, i), bound(1, i)), to: (bound(2, i), bound(3, i)))
    }
    return [Tensor(operands[0].elementType, shape: shape, doubles: results)]
  }

  private func quantized(_ x: Double, from input: (low: Double, high: Double), to output: (low: Double, high: Double)) -> Double {
    if x <= min(input.low, input.high) { return output.low }
    if x > max(input.low, input.high) { return output.high }
    let steps = Double(levels - 1)
    let step = ((x - input.low) / (input.high - input.low) * steps).rounded(.toNearestOrEven)
    return step / steps * (output.high - output.low) + output.low
  }
}
