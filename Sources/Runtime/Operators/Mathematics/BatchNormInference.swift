/// Normalises each channel (axis 1) with a mean and a variance that were measured in training, then scales and shifts it.
struct BatchNormInference: Operator {
  let epsilon: Double
  /// Where the data stand among the operands; gamma, beta, mean and variance follow in this order.
  let dataIndex: Int
  let parameterIndices: [Int]

  init(_ node: Node) throws {
    epsilon = try node.attributes.double("epsilon")
    guard epsilon >= 0 else { throw OVError(.invalidModel, "epsilon is \(epsilon)", suggestion: "it is 0 or more") }
    let isOld = node.version(among: [1, 5]) == 1
    dataIndex = isOld ? 2 : 0
    parameterIndices = isOld ? [0, 1, 3, 4] : [1, 2, 3, 4]
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(5...5)
    try ElementDomain.real.check(operands, dataIndex)
    var shape = operands.shape(dataIndex)
    guard shape.rank ?? 2 >= 2 else { throw invalid("the data \(shape) have no axis of channels") }
    for index in parameterIndices {
      _ = try operands.commonElementType(dataIndex, index)
      guard let parameter = operands.shape(index).dimensions else { continue }
      guard parameter.count == 1, let channels = (shape.dimensions?[1] ?? .dynamic).merged(with: parameter[0]) else {
        throw invalid("input \(index) has the shape \(operands.shape(index)), not an element a channel of \(shape)")
      }
      shape.dimensions?[1] = channels
    }
    return [ValueType(operands.elementType(dataIndex), shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[dataIndex]
    let parameters = parameterIndices.map { operands[$0].doubles() }
    let (gamma, beta, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])
    let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
    var values = data.doubles()
    let inner = data.shape[2...].reduce(1, *)
    for i in values.indices {
      let channel = i / inner % data.shape[1]
      values[i] = (values[i] - mean[channel]) * scale[channel] + beta[channel]
    }
    return [Tensor(data.elementType, shape: data.shape, doubles: values)]
  }
}
