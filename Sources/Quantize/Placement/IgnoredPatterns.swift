import OVRuntime

/// Pieces of models that lose too much when they are computed in integers, as NNCF knows them.
enum IgnoredPatterns {
  /// The nodes of such pieces, each with the reason.
  static func nodes(in model: Model, _ order: [NodeID]) -> [NodeID: String] {
    var ignored: [NodeID: String] = [:]
    for id in order {
      let node = model[id]
      if node.type == "MatMul", node.inputs.contains(where: { isProbabilities($0, model) }) {
        ignored[id] = "it applies attention weights"
      }
      if ["Sigmoid", "HSigmoid", "HardSigmoid"].contains(node.type) {
        for member in squeezeAndExcite(node, model) { ignored[member] = "squeeze and excite" }
      }
    }
    return ignored
  }

  /// Whether a value is the result of a Softmax, perhaps reshaped.
  private static func isProbabilities(_ value: OutputID, _ model: Model) -> Bool {
    let node = model[value.node]
    if node.type == "Softmax" { return true }
    return node.type == "Reshape" && model[node.inputs[0].node].type == "Softmax"
  }

  /// The two linear layers between a mean over an image and the gate that scales its channels, when `gate` is such a one.
  private static func squeezeAndExcite(_ gate: Node, _ model: Model) -> [NodeID] {
    guard let second = linear(before: gate.inputs[0], model) else { return [] }
    let activation = model.producer(of: second, 0)
    guard ["Relu", "PRelu", "Swish"].contains(activation.type), let first = linear(before: activation.inputs[0], model) else { return [] }
    var source = model.producer(of: first, 0)
    while ["Reshape", "Squeeze", "Unsqueeze"].contains(source.type) { source = model[source.inputs[0].node] }
    guard ["ReduceMean", "AvgPool", "AdaptiveAvgPool"].contains(source.type) else { return [] }
    return [first, second]
  }

  /// The linear layer whose result, perhaps with a bias, a value is.
  private static func linear(before value: OutputID, _ model: Model) -> NodeID? {
    var node = model[value.node]
    if node.type == "Add", let data = node.inputs.first(where: { model[$0.node].type != "Constant" && model[$0.node].type != "Convert" }) {
      node = model[data.node]
    }
    return OperationRole(node) == .linear ? node.id : nil
  }
}
