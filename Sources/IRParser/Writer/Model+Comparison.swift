extension Model {
  /// Compares two models by what an IR can say of them: the same nodes connected the same way, constants of equal content. The
  /// nodes' identities, the order in which they were added and their places in files do not count, nor does the version of the
  /// IR they come from. Shapes of outputs count as ports state them, where every interval is just unknown.
  ///
  /// - Returns: the first difference that was found; `nil` when the models are equal.
  package func structuralDifference(from other: Model) -> String? {
    if name != other.name { return "the names are \"\(name)\" and \"\(other.name)\"" }
    if runtimeInfo != other.runtimeInfo { return "the runtime information differs" }
    if nodeCount != other.nodeCount { return "there are \(nodeCount) and \(other.nodeCount) nodes" }
    for (kind, mine, others) in [
      ("parameters", parameters, other.parameters), ("results", results, other.results), ("sinks", sinks, other.sinks),
    ] where mine.count != others.count {
      return "there are \(mine.count) and \(others.count) \(kind)"
    }
    var counterparts: [NodeID: NodeID] = [:]
    var isCounterpart: Set<NodeID> = []
    var pending = Array(zip(parameters + results + sinks, other.parameters + other.results + other.sinks).reversed())
    while let (id, otherID) = pending.popLast() {
      let place = "node \"\(self[id].name)\""
      if let counterpart = counterparts[id] {
        if counterpart != otherID { return "\(place): stands where the other model has two nodes" }
        continue
      }
      if !isCounterpart.insert(otherID).inserted { return "\(place): stands with another one where the other model has a single node" }
      counterparts[id] = otherID
      if let difference = self[id].difference(from: other[otherID]) { return "\(place): \(difference)" }
      for (index, (source, otherSource)) in zip(self[id].inputs, other[otherID].inputs).enumerated() {
        if source.index != otherSource.index { return "\(place): input \(index) comes from another output" }
        pending.append((source.node, otherSource.node))
      }
    }
    return nil
  }

  /// Whether ``structuralDifference(from:)`` finds none.
  package func isStructurallyEqual(to other: Model) -> Bool { structuralDifference(from: other) == nil }
}

extension Node {
  fileprivate func difference(from other: Node) -> String? {
    func sorted(_ attributes: Attributes) -> [Attributes.Entry] { attributes.entries.sorted { $0.name < $1.name } }
    if name != other.name { return "the other is called \"\(other.name)\"" }
    if type != other.type || opset != other.opset { return "\(type) (\(opset)) and \(other.type) (\(other.opset))" }
    if sorted(attributes) != sorted(other.attributes) { return "attributes \(attributes.entries) and \(other.attributes.entries)" }
    if inputs.count != other.inputs.count { return "\(inputs.count) and \(other.inputs.count) inputs" }
    if outputs.map(\.asWritten) != other.outputs.map(\.asWritten) { return "outputs \(outputs) and \(other.outputs)" }
    if runtimeInfo != other.runtimeInfo { return "runtime attributes \(runtimeInfo) and \(other.runtimeInfo)" }
    if postOperations != other.postOperations { return "the fused operations differ" }
    switch (constant, other.constant) {
    case (nil, nil): break
    case (let a?, let b?): if !a.hasSameBytes(as: b) { return "the constants differ" }
    default: return "only one has a constant"
    }
    if bodies.count != other.bodies.count { return "\(bodies.count) and \(other.bodies.count) bodies" }
    for (body, otherBody) in zip(bodies, other.bodies) {
      if let difference = body.model.structuralDifference(from: otherBody.model) { return "body: \(difference)" }
      if body.wiring != otherBody.wiring { return "the bodies are wired differently" }
    }
    return nil
  }
}

extension Node.Output {
  /// With what a port says of the shape: extents that are not known are all alike, and so are an unknown rank and none.
  fileprivate var asWritten: Node.Output {
    var output = self
    output.type.shape = PartialShape((type.shape.dimensions ?? []).map { $0.isStatic ? $0 : .dynamic })
    return output
  }
}

extension Body {
  /// How the body is connected, in terms that do not depend on identities: positions among its inputs and outputs.
  fileprivate struct Wiring: Equatable {
    struct Port: Equatable {
      var external: Int
      var position: Int?
      var slice: Slice?
    }
    var inputs: [Port]
    var outputs: [Port]
    var backEdges: [[Int?]]
    var currentIteration: Int?
    var executionCondition: Int?
  }

  fileprivate var wiring: Wiring {
    func ports(_ ports: [Port], _ nodes: [NodeID]) -> [Wiring.Port] {
      ports.compactMap { port in
        port.external.map { Wiring.Port(external: $0, position: nodes.firstIndex(of: port.internal), slice: port.slice) }
      }
    }
    return Wiring(
      inputs: ports(inputs, model.parameters), outputs: ports(outputs, model.results),
      backEdges: backEdges.map { [model.results.firstIndex(of: $0.from), model.parameters.firstIndex(of: $0.to)] },
      currentIteration: currentIteration.flatMap { model.parameters.firstIndex(of: $0) },
      executionCondition: executionCondition.flatMap { model.results.firstIndex(of: $0) })
  }
}
