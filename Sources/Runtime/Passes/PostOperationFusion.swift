/// Moves what follows a convolution or matrix product into it: the bias, a residual addition, an activation. The kernel applies them
/// while the result is in registers or L1.
///
/// The order is the kernels' own: bias, residual, clamp, then at most one other activation.
struct PostOperationFusion {
  static let name = "FusePostOperations"

  /// The operations that take part as hosts.
  static let hosts: Set<String> = [
    "Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul",
  ]

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: PostOperationFusion.name, details: [])
    for id in model.topologicalOrder where model.contains(id) && PostOperationFusion.hosts.contains(model[id].type) {
      while try absorbUser(of: id, &model, &report) {}
    }
    model.removeUnreachable()
    return report
  }

  /// Moves the only user of the host's output into the host; returns whether it did.
  private func absorbUser(of host: NodeID, _ model: inout Model, _ report: inout PassReport) throws -> Bool {
    let output = OutputID(host)
    guard let user = model.onlyUser(of: output) else { return false }
    let node = model[user.node]
    guard node.outputs.count == 1, node.postOperations.isEmpty, model.type(of: output) == node.outputs[0].type,
      model.type(of: output).elementType == .f32, let stage = try stage(of: node, operand: user.index, host: host, model),
      model[host].postOperations.allSatisfy({ stage.mayFollow($0.stage(hostInputs: model[host], model)) })
    else { return false }
    var operands: [Int] = []
    for (index, input) in node.inputs.enumerated() where index != user.index { operands.append(model.appendInput(input, to: host)) }
    model.update(host) {
      $0.postOperations.append(
        Node.PostOperation(
          name: node.name, type: node.type, opset: node.opset, attributes: node.attributes, position: user.index, operands: operands))
    }
    model.replaceUses(of: OutputID(node.id), with: output)
    report.details.append("\(node.name) (\(node.type)) into \(model[host].name)")
    return true
  }

  /// Where the kernels would apply `node` to a host's output; `nil` when they cannot.
  private func stage(of node: Node, operand: Int, host: NodeID, _ model: Model) throws -> PostOperationStage? {
    let function = try ElementwiseFunction(
      type: node.type, opset: node.opset, attributes: node.attributes, operandCount: node.inputs.count,
      constant: { try model.constantValue(of: node.inputs[$0]) })
    if let function {
      guard operand == 0 else { return nil }
      return function.clampRange != nil ? .clamp : .activation
    }
    guard node.type == "Add", node.inputs.count == 2, let broadcast = try? AutoBroadcast(node), case .numpy = broadcast else { return nil }
    let other = node.inputs[1 - operand]
    let type = model.type(of: OutputID(host))
    guard let rank = type.shape.rank, let channelAxis = WeightScaling.outputChannelAxes(model[host], model)?.output else { return nil }
    if model.isConstant(other) {
      let axis = channelAxis < 0 ? rank + channelAxis : channelAxis
      guard let channels = type.shape.dimensions![axis].length else { return nil }
      return try model.constantValue(of: other)!.perChannel(channels, axis: axis, rank: rank) == nil ? nil : .bias
    }
    return type.shape.isStatic && model.type(of: other) == type ? .residual : nil
  }
}

/// The place of a post-operation in the kernels' fixed order.
enum PostOperationStage: Int {
  case bias, residual, clamp, activation

  func mayFollow(_ other: PostOperationStage) -> Bool { other.rawValue < rawValue }
}

extension Node.PostOperation {
  /// The stage of an operation that fusion accepted.
  func stage(hostInputs host: Node, _ model: Model) -> PostOperationStage {
    if type == "Add" { return model.isConstant(host.inputs[operands[0]]) ? .bias : .residual }
    return type == "Relu" || type == "Clamp" ? .clamp : .activation
  }
}
