/// Which FakeQuantize operations are worth splitting: those whose integers a product, the sum of a residual or an average reads.
struct FakeQuantizeSelection {
  /// Those to be split into Quantize and Dequantize.
  private(set) var integers: Set<NodeID> = []
  /// Those between a product and the Add of a residual, of which the bounds alone remain.
  private(set) var bounds: Set<NodeID> = []

  /// `products`: what is to compute with integers.
  init(_ model: Model, _ flow: GridFlow, products: Set<NodeID>) {
    for id in products { integers.formUnion(flow.sources[model[id].inputs[0]] ?? []) }
    for id in model.topologicalOrder {
      let node = model[id]
      switch node.type {
      case "Add" where node.inputs.count == 2: addResidual(node, model, flow, products)
      case "AvgPool", "ReduceMean":
        let sources = flow.sources[node.inputs[0]] ?? []
        guard flow.grids[node.inputs[0]]?.perTensor != nil, flow.grids[node.inputs[0]]!.hasZero,
          (try? model.averageAttributes(node)) ?? nil != nil
        else { continue }
        integers.formUnion(sources.filter { Self.isBehindProduct(model[$0].inputs[0], model, products) })
      default: break
      }
    }
  }

  /// Finds out which operand of an Add is a product that takes the other one as its residual: the first that can.
  private mutating func addResidual(_ add: Node, _ model: Model, _ flow: GridFlow, _ products: Set<NodeID>) {
    guard model.type(of: add.inputs[0]).shape == model.type(of: add.inputs[1]).shape else { return }
    for index in [0, 1] {
      let value = add.inputs[index]
      guard model.onlyUser(of: value) != nil else { continue }
      var host = value
      let parameters = flow.parameters[value.node]
      if let parameters {
        guard parameters.isIdentity, parameters.bounds.low.elementCount == 1 else { continue }
        host = model[value.node].inputs[0]
      }
      guard Self.product(behind: host, model, products) != nil else { continue }
      if parameters != nil { bounds.insert(value.node) }
      let other = add.inputs[1 - index]
      if flow.grids[other]?.perTensor != nil { integers.formUnion(flow.sources[other] ?? []) }
      return
    }
  }

  /// What may stand between a product and its FakeQuantize, so that the product computes it on the way.
  private static let followers: Set<String> = ["Add", "Subtract", "Multiply", "Divide", "BatchNormInference", "Relu", "Clamp"]

  /// The product whose result is `value` but for elementwise operations with constants; `nil` when another value takes part, or
  /// something else uses one of the values between.
  private static func product(behind value: OutputID, _ model: Model, _ products: Set<NodeID>) -> NodeID? {
    var value = value
    while model.onlyUser(of: value) != nil {
      if products.contains(value.node) { return value.node }
      let node = model[value.node]
      let varying = node.inputs.filter { !model.isConstant($0) }
      guard followers.contains(node.type), varying.count == 1 else { return nil }
      value = varying[0]
    }
    return nil
  }

  /// Whether a product, perhaps with a residual added and activated, leads to `value`.
  private static func isBehindProduct(_ value: OutputID, _ model: Model, _ products: Set<NodeID>) -> Bool {
    var pending = [value]
    // Elementwise operations between two products are few.
    for _ in 0..<32 {
      guard let value = pending.popLast() else { return false }
      if products.contains(value.node) { return true }
      let node = model[value.node]
      if followers.contains(node.type) || node.type == "FakeQuantize" { pending += node.inputs.filter { !model.isConstant($0) } }
    }
    return false
  }
}
