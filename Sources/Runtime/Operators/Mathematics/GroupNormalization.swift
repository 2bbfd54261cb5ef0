/// Normalises groups of channels (axis 1) to mean 0 and variance 1 for each element of the batch, then scales and shifts each
/// channel.
struct GroupNormalization: Operator {
  let groupCount: Int
  let epsilon: Double

  init(_ node: Node) throws {
    groupCount = try node.attributes.int("num_groups")
    epsilon = try node.attributes.double("epsilon")
    guard groupCount >= 1 else { throw OVError(.invalidModel, "num_groups is \(groupCount)", suggestion: "it is 1 or more") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try ElementDomain.real.check(operands, 0)
    guard operands.shape(0).rank ?? 2 >= 2 else { throw invalid("the data \(operands.shape(0)) have no axis of channels") }
    var channels = operands.shape(0).dimensions?[1] ?? .dynamic
    for index in 1..<3 {
      _ = try operands.commonElementType(0, index)
      guard let parameter = operands.shape(index).dimensions else { continue }
      guard parameter.count == 1, let merged = channels.merged(with: parameter[0]) else {
        throw invalid("input \(index) has the shape \(operands.shape(index)), not an element a channel of \(operands.shape(0))")
      }
      channels = merged
    }
    guard (channels.length ?? groupCount) % groupCount == 0 else {
      throw invalid("\(channels) channels do not make \(groupCount) groups of equal size")
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let (scale, bias) = (operands[1].doubles(), operands[2].doubles())
    let channels = data.shape[1]
    let plane = data.shape[2...].reduce(1, *)
    let groupSize = channels / groupCount * plane
    var values = data.doubles()
    values.normalize(groups: values.indices.map { $0 / groupSize }, count: data.shape[0] * groupCount) { mean, variance in
      (mean, 1 / (variance + epsilon).squareRoot())
    }
    for i in values.indices { values[i] = values[i] * scale[i / plane % channels] + bias[i / plane % channels] }
    return [Tensor(data.elementType, shape: data.shape, doubles: values)]
  }
}
