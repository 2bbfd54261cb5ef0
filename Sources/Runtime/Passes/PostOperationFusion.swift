/// Moves what follows a convolution or matrix product into it: the bias, a residual addition, an activation, the rounding to
/// integers; and the scale and shift of layer normalisation into MVN. The kernel applies them while the result is in registers or L1.
///
/// The order is the kernels' own, see ``PostOperationHost``.
struct PostOperationFusion {
  static let name = "FusePostOperations"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: PostOperationFusion.name, details: [])
    // Products first: they have the better claim to what follows both.
    for hosts in [PostOperationHost.products, [.dequantize, .normalization]] {
      for id in model.topologicalOrder where model.contains(id) {
        guard let host = PostOperationHost(model[id], model), hosts.contains(host) else { continue }
        while try absorbUser(of: id, host, &model, &report) {}
      }
    }
    model.removeUnreachable()
    return report
  }

  /// Moves the only user of the host's output into the host; returns whether it did.
  private func absorbUser(of id: NodeID, _ host: PostOperationHost, _ model: inout Model, _ report: inout PassReport) throws -> Bool {
    let output = OutputID(id)
    guard let user = model.onlyUser(of: output) else { return false }
    let node = model[user.node]
    guard node.outputs.count == 1, node.postOperations.isEmpty, model.type(of: output).shape == node.outputs[0].type.shape,
      model.type(of: output).elementType == .f32, let stage = try stage(of: node, operand: user.index, host: id, model),
      stage.isLast || node.outputs[0].type.elementType == .f32
    else { return false }
    let stages = model[id].postOperations.map { $0.stage(hostInputs: model[id], model) } + [stage]
    guard host.accepts(stages) else { return false }
    var post = Node.PostOperation(
      name: node.name, type: node.type, opset: node.opset, attributes: node.attributes, position: user.index)
    var others = node.inputs.indices.filter { $0 != user.index }.map { node.inputs[$0] }
    if stage == .residual, host.isInteger, let residual = try dequantized(others[0], model) {
      // Read as the integers that it is stored as.
      (post.type, post.opset, post.attributes, post.position) = ("AddDequantized", OperatorRegistry.internalSet, [:], 0)
      others = residual
    }
    for input in others { post.operands.append(model.appendInput(input, to: id)) }
    model.update(id) { $0.postOperations.append(post) }
    let type = node.outputs[0].type
    model.replaceUses(of: OutputID(node.id), with: output)
    model.setType(type, of: output)
    // No user of the output any more: the next one may follow.
    model.removeIfUnused(node.id)
    report.details.append("\(node.name) (\(node.type)) into \(model[id].name)")
    return true
  }

  /// The integers, the scale and the zero point that a value is computed from; `nil` when it is none of one scale.
  private func dequantized(_ value: OutputID, _ model: Model) throws -> [OutputID]? {
    let node = model[value.node]
    guard node.type == "Dequantize", let grid = try model.grid(ofDequantize: node), grid.perTensor != nil, grid.hasZero else { return nil }
    return node.inputs
  }

  /// Where the kernels would apply `node` to a host's output; `nil` when they cannot.
  private func stage(of node: Node, operand: Int, host: NodeID, _ model: Model) throws -> PostOperationStage? {
    if node.type == "Quantize" {
      guard operand == 0, let multiplier = try model.constantValue(of: node.inputs[1]),
        let zeroPoints = try model.constantValue(of: node.inputs[2]), zeroPoints.elementCount == 1
      else { return nil }
      let (type, zeroPoint) = (try Quantize(node).elementType, zeroPoints.doubles()[0])
      let range = Double(type.lowestInteger)...Double(type.greatestInteger)
      guard zeroPoint == zeroPoint.rounded(), range.contains(zeroPoint) else { return nil }
      if multiplier.elementCount == 1 { return .quantize }
      return try hasChannelShape(node.inputs[1], host: host, model) ? .quantizeChannels : nil
    }
    if node.type == "Multiply", PostOperationHost(model[host], model) == .normalization {
      guard let factor = otherOperand(of: node, operand) else { return nil }
      return try hasChannelShape(factor, host: host, model) ? .scale : nil
    }
    let function = try ElementwiseFunction(
      type: node.type, opset: node.opset, attributes: node.attributes, operandCount: node.inputs.count,
      constant: { try model.constantValue(of: node.inputs[$0]) })
    if let function {
      guard operand == 0 else { return nil }
      return function.clampRange != nil ? .clamp : .activation
    }
    guard node.type == "Add", let other = otherOperand(of: node, operand) else { return nil }
    let type = model.type(of: OutputID(host))
    if model.isConstant(other) { return try hasChannelShape(other, host: host, model) ? .bias : nil }
    return type.shape.isStatic && model.type(of: other) == type ? .residual : nil
  }

  /// What an operation of two operands that broadcast combines with its `operand`; `nil` for other operations.
  private func otherOperand(of node: Node, _ operand: Int) -> OutputID? {
    guard node.inputs.count == 2, let broadcast = try? AutoBroadcast(node), case .numpy = broadcast else { return nil }
    return node.inputs[1 - operand]
  }

  /// Whether a value is a constant of one number for each channel of a host's output, or of one for all.
  private func hasChannelShape(_ value: OutputID, host: NodeID, _ model: Model) throws -> Bool {
    guard let constant = try model.constantValue(of: value) else { return false }
    let shape = model.type(of: OutputID(host)).shape
    guard let rank = shape.rank, let channelAxis = PostOperationHost.channelAxis(of: model[host], model) else { return false }
    let axis = channelAxis < 0 ? rank + channelAxis : channelAxis
    guard let channels = shape.dimensions![axis].length else { return false }
    return constant.perChannel(channels, axis: axis, rank: rank) != nil
  }
}

/// What takes part as a host of post-operations, and in which orders its kernels apply them.
enum PostOperationHost {
  case float, integer, average, dequantize
  /// MVN over the last axis.
  case normalization

  static let products: [Self] = [.float, .integer, .average]

  init?(_ node: Node, _ model: Model) {
    switch node.type {
    case "Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul": self = .float
    case "IntegerConvolution", "IntegerMatMul": self = .integer
    case "IntegerAvgPool": self = .average
    case "Dequantize" where model[node.inputs[0].node].type != "Constant" && (try? model.grid(ofDequantize: node))??.perTensor != nil:
      self = .dequantize
    case "MVN" where PostOperationHost.isLayerNormalization(node, model): self = .normalization
    default: return nil
    }
  }

  var isInteger: Bool { self == .integer || self == .average || self == .dequantize }

  /// The axis of a host's output, from the end where it is negative, whose indices biases and scales have a number for each.
  static func channelAxis(of node: Node, _ model: Model) -> Int? {
    node.type == "MVN" ? -1 : WeightScaling.outputChannelAxes(node, model)?.output
  }

  private static func isLayerNormalization(_ node: Node, _ model: Model) -> Bool {
    guard let rank = model.type(of: node.inputs[0]).shape.rank, rank > 0, let normalization = try? MVN(node) else { return false }
    var operand: [Int]?
    if normalization.axes == .operand {
      guard let axes = try? model.constantValue(of: node.inputs[1]) else { return false }
      operand = axes.ints()
    }
    return (try? normalization.reducedAxes(rank, operand)) == [rank - 1]
  }

  private var orders: [[PostOperationStage]] {
    switch self {
    case .float: [[.bias, .residual, .clamp, .activation]]
    case .integer:
      [
        [.bias, .residual, .clamp, .activation, .quantize], [.bias, .clamp, .activation, .residual, .quantize], [.bias, .quantizeChannels],
      ]
    case .average: [[.quantize]]
    case .dequantize: [[.residual, .quantize]]
    case .normalization: [[.scale, .bias]]
    }
  }

  /// Whether the kernels can apply operations of these stages one after the other.
  func accepts(_ stages: [PostOperationStage]) -> Bool {
    orders.contains { order in
      var rest = order[...]
      return stages.allSatisfy { stage in
        guard let place = rest.firstIndex(of: stage) else { return false }
        rest = rest[(place + 1)...]
        return true
      }
    }
  }
}

/// What a post-operation is to the kernels.
enum PostOperationStage {
  case bias, residual, clamp, activation, quantize
  /// A multiplication by a number for each channel.
  case scale
  /// With a scale for each channel.
  case quantizeChannels

  /// Whether the result is stored as integers, so that nothing follows.
  var isLast: Bool { self == .quantize || self == .quantizeChannels }
}

extension Node.PostOperation {
  /// The stage of an operation that fusion accepted.
  func stage(hostInputs host: Node, _ model: Model) -> PostOperationStage {
    switch type {
    case "Add": model.isConstant(host.inputs[operands[0]]) ? .bias : .residual
    case "AddDequantized": .residual
    case "Multiply" where host.type == "MVN": .scale
    case "Quantize": model.type(of: host.inputs[operands[0]]).shape.shape?.elementCount == 1 ? .quantize : .quantizeChannels
    case "Relu", "Clamp": .clamp
    default: .activation
    }
  }
}
