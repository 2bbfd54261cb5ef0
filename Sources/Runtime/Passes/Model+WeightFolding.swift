extension Model {
  /// Readies a model for changing its weights: weights that are computed from constants become constants, and batch normalisations
  /// and products with one number a channel behind a convolution or matrix product are folded into its weights.
  ///
  /// Nothing else is folded, so that the model can still be reshaped.
  /// - Throws: ``OVError`` naming the layer whose operands contradict its operation, or whose operation is not supported.
  package mutating func foldIntoWeights() throws(OVError) {
    try inferShapes()
    do {
      for _ in 0..<4 {
        try computeWeights()
        let count = try BatchNormalizationDecomposition().run(on: &self).count + WeightScaling().run(on: &self).count
        if count == 0 { break }
        try inferShapes()
      }
    } catch { throw error as? OVError ?? OVError(.internalFailure, "\(error)") }
  }

  /// Replaces weights that are computed from constants by Constants.
  private mutating func computeWeights() throws(OVError) {
    for id in topologicalOrder where WeightScaling.outputChannelAxes(self[id], self) != nil {
      let weights = self[id].inputs[1]
      guard !isConstant(weights), type(of: weights).elementType == .f32, let value = try computedConstant(of: weights) else { continue }
      setInput(InputID(id, 1), to: OutputID(add(.constant(value, name: self[weights.node].name))))
    }
    removeUnreachable()
  }

  /// The value of an output that depends on constants alone, computed with the operators' reference evaluations; `nil` when it
  /// depends on anything else.
  package func computedConstant(of output: OutputID) throws(OVError) -> Tensor? {
    var known: [OutputID: Tensor] = [:]
    guard dependsOnConstantsAlone(output.node) else { return nil }
    return try computed(output, &known)
  }

  private func dependsOnConstantsAlone(_ id: NodeID) -> Bool {
    var pending = [id]
    var seen: Set<NodeID> = []
    while let id = pending.popLast() {
      guard seen.insert(id).inserted else { continue }
      let node = self[id]
      if node.type == "Constant" { continue }
      let isPure = (try? OperatorRegistry.standard.makeOperator(for: node).isPure) ?? false
      guard isPure, node.bodies.isEmpty, node.postOperations.isEmpty, !node.inputs.isEmpty else { return false }
      pending += node.inputs.map(\.node)
    }
    return true
  }

  private func computed(_ output: OutputID, _ known: inout [OutputID: Tensor]) throws(OVError) -> Tensor? {
    if let tensor = known[output] { return tensor }
    let node = self[output.node]
    do {
      if node.type == "Constant" {
        known[output] = try Tensor(constant: node)
      } else {
        var operands: [Tensor] = []
        for input in node.inputs {
          guard let operand = try computed(input, &known) else { return nil }
          operands.append(operand)
        }
        let results = try OperatorRegistry.standard.makeOperator(for: node).evaluated(operands, EvaluationContext(node: node))
        for (index, result) in results.enumerated() { known[OutputID(output.node, index)] = result }
      }
    } catch let error as OVError {
      throw error.located(at: node.location)
    } catch { throw OVError(.internalFailure, "\(error)", at: node.location) }
    return known[output]
  }
}
