/// A convolution or matrix product whose operands are both quantised, as one of integers.
struct IntegerProduct {
  /// The operations that are looked at.
  static let types: Set<String> = [
    "Convolution", "GroupConvolution", "MatMul", "ConvolutionBackpropData", "GroupConvolutionBackpropData",
  ]

  /// What keeps a product from being one of integers, beside its weights.
  enum Obstacle: Error {
    case noKernel(String)
    case inputIsReal
    case severalInputScales
    case noZero

    var description: String {
      switch self {
      case .noKernel(let what): "there is no integer kernel for \(what)"
      case .inputIsReal: "its input is not quantised"
      case .severalInputScales: "its input has a scale for each channel"
      case .noZero: "zero is not among the numbers that its input's integers stand for"
      }
    }
  }

  private let integers: OutputID
  private let weights: IntegerWeights
  private let scale: Tensor
  private let zeroPoint: Tensor

  /// Checks whether a node can be a product of integers.
  ///
  /// `data`: what the integers of its first operand stand for.
  static func check(_ node: Node, _ model: Model, data: QuantizationGrid?) throws {
    _ = try axes(node, model)
    guard let data else { throw Obstacle.inputIsReal }
    let weights = try IntegerWeights(node.inputs[1], channelAxes: try axes(node, model), model)
    guard inputScales(data, node, weights, model) != nil else { throw Obstacle.severalInputScales }
    guard data.hasZero else { throw Obstacle.noZero }
  }

  /// The scale of the input for each output channel, and its zero point; `nil` when input channels of different scales are summed.
  private static func inputScales(
    _ data: QuantizationGrid, _ node: Node, _ weights: IntegerWeights, _ model: Model
  ) -> (scales: [Double], zeroPoint: Double)? {
    let channels = weights.scale.elementCount
    if let (scale, zeroPoint) = data.perTensor { return ([Double](repeating: scale, count: channels), zeroPoint) }
    // Depthwise: each output channel reads one input channel.
    guard node.type == "GroupConvolution", weights.values.shape[2] == 1, let rank = model.type(of: node.inputs[0]).shape.rank,
      let (scales, zeroPoint) = data.perChannel(weights.values.shape[0], rank: rank)
    else { return nil }
    let multiplier = weights.values.shape[1]
    return ((0..<channels).map { scales[$0 / multiplier] }, zeroPoint)
  }

  /// The axes of the weights that count the output channels; throws for products that there is no kernel for.
  private static func axes(_ node: Node, _ model: Model) throws -> [Int] {
    guard node.outputs[0].type.elementType == .f32, node.postOperations.isEmpty else { throw Obstacle.inputIsReal }
    switch node.type {
    case "Convolution", "GroupConvolution":
      guard let rank = node.outputs[0].type.shape.rank, (3...4).contains(rank) else { throw Obstacle.noKernel("three spatial axes") }
      return node.type == "Convolution" ? [0] : [0, 1]
    case "MatMul":
      guard model.type(of: node.inputs[1]).shape.rank == 2, try !node.attributes.bool("transpose_a", default: false),
        (model.type(of: node.inputs[0]).shape.rank ?? 0) >= 2
      else { throw Obstacle.noKernel("operands of these shapes") }
      return [try node.attributes.bool("transpose_b", default: false) ? 0 : 1]
    default: throw Obstacle.noKernel("transposed convolutions")
    }
  }

  /// `nil` when the first operand is no Dequantize.
  init?(_ id: NodeID, _ model: Model) throws {
    let node = model[id]
    let dequantize = model.producer(of: id, 0)
    guard dequantize.type == "Dequantize", let grid = try model.grid(ofDequantize: dequantize) else { return nil }
    weights = try IntegerWeights(node.inputs[1], channelAxes: try IntegerProduct.axes(node, model), model)
    guard let data = IntegerProduct.inputScales(grid, node, weights, model) else { return nil }
    integers = dequantize.inputs[0]
    scale = Tensor(.f32, shape: weights.scale.shape, doubles: zip(weights.scale.doubles(), data.scales).map { $0 * $1 })
    zeroPoint = Tensor(.f32, shape: [], doubles: [data.zeroPoint])
  }

  /// Puts the product of integers in the place of the node that it was made from.
  func replace(_ id: NodeID, _ model: inout Model) throws -> Bool {
    let node = model[id]
    let values = weights.constant ?? OutputID(model.add(.constant(weights.values, name: node.name + "/weights")))
    let constants = [("scale", scale), ("zero_point", zeroPoint)].map {
      OutputID(model.add(.constant($0.1, name: node.name + "/" + $0.0)))
    }
    var attributes = node.attributes
    if node.type == "GroupConvolution" { attributes["grouped"] = "true" }
    let product = model.add(
      Node(
        name: node.name, type: node.type == "MatMul" ? "IntegerMatMul" : "IntegerConvolution", opset: OperatorRegistry.internalSet,
        attributes: attributes, inputs: [integers, values] + constants, outputs: [Node.Output(node.outputs[0].type)],
        location: node.location))
    model.replaceUses(of: OutputID(id), with: OutputID(product))
    return true
  }
}
