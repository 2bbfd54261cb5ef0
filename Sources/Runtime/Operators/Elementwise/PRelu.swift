/// Scales the elements below zero by a slope, which broadcasts against the data; a vector with an element a channel (axis 1)
/// belongs to the channels.
struct PRelu: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonElementType(0, 1)
    if let shape = operands.shape(0).shape, let slope = operands.shape(1).shape {
      _ = try slopeStrides(slope, data: shape)
    }
    return [ValueType(type, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let x = operands[0]
    let offsets = x.shape.offsets(strides: try slopeStrides(operands[1].shape, data: x.shape))
    let (values, slope) = (x.doubles(), operands[1].doubles())
    return [
      Tensor(x.elementType, shape: x.shape, doubles: values.indices.map { values[$0] < 0 ? values[$0] * slope[offsets[$0]] : values[$0] })
    ]
  }

  /// The strides with which a slope of shape `slope` is read over the data.
  func slopeStrides(_ slope: Shape, data: Shape) throws -> [Int] {
    let channelAxis = data.count > 1 ? 1 : 0
    var slope = slope
    if slope.count == 1, data.count > 1, slope[0] == data[channelAxis] {
      slope = data.indices.map { $0 == channelAxis ? slope[0] : 1 }
    }
    guard slope.count <= data.count, try PartialShape.broadcast(PartialShape(data), PartialShape(slope)).shape == data else {
      throw invalid("the slope's shape \(PartialShape(slope)) does not broadcast to the data's, \(PartialShape(data))")
    }
    return slope.broadcastStrides(to: data)
  }
}
