/// Runs a model node by node with the operators' reference evaluations: the oracle of the tests, and what every optimisation is
/// compared with.
package struct ReferenceInterpreter {
  private let model: Model
  private let registry: OperatorRegistry
  private let order: [NodeID]
  private let operators: [NodeID: any Operator]
  private let bodies: [NodeID: [ReferenceInterpreter]]

  /// Reads the attributes of all nodes.
  package init(_ model: Model, registry: OperatorRegistry = .standard) throws(OVError) {
    self.model = model
    self.registry = registry
    order = model.topologicalOrder
    var operators: [NodeID: any Operator] = [:]
    var bodies: [NodeID: [ReferenceInterpreter]] = [:]
    for id in order {
      operators[id] = try registry.makeOperator(for: model[id])
      for body in model[id].bodies { bodies[id, default: []].append(try ReferenceInterpreter(body.model, registry: registry)) }
    }
    self.operators = operators
    self.bodies = bodies
  }

  /// Computes the model's results for its parameters, both in the model's order.
  package func run(_ inputs: [Tensor], variables: VariableStore = VariableStore()) throws(OVError) -> [Tensor] {
    guard inputs.count == model.parameters.count else {
      throw OVError(.invalidArgument, "there are \(inputs.count) inputs, the model takes \(model.parameters.count)")
    }
    var values: [OutputID: Tensor] = [:]
    for (id, tensor) in zip(model.parameters, inputs) { values[OutputID(id)] = tensor }
    for id in order where model[id].type != "Parameter" {
      let node = model[id]
      let operands = node.inputs.map { values[$0]! }
      do {
        for (index, value) in try evaluate(node, operands, variables).enumerated() { values[OutputID(id, index)] = value }
      } catch let error as OVError {
        throw error.located(at: node.location)
      } catch {
        throw OVError(.internalFailure, "\(error)", at: node.location)
      }
    }
    return model.results.map { values[OutputID($0)]! }
  }

  private func evaluate(_ node: Node, _ operands: [Tensor], _ variables: VariableStore) throws -> [Tensor] {
    let context = EvaluationContext(node: node, variables: variables) { try bodies[node.id]![$0].run($1, variables: variables) }
    return try operators[node.id]!.evaluated(node, operands, context, registry)
  }
}

extension Operator {
  /// Checks actual operands, then evaluates.
  package func evaluated(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    _ = try inferTypes(Operands(operands))
    return try evaluate(operands, context)
  }

  /// Evaluates a node with its post-operations.
  func evaluated(_ node: Node, _ operands: [Tensor], _ context: EvaluationContext, _ registry: OperatorRegistry) throws -> [Tensor] {
    var outputs = try evaluated(Array(operands[..<node.ownInputCount]), context)
    for post in node.postOperations {
      let fused = Node(name: post.name, type: post.type, opset: post.opset, attributes: post.attributes, location: node.location)
      var arguments = post.operands.map { operands[$0] }
      arguments.insert(outputs[0], at: post.position)
      outputs[0] = try registry.makeOperator(for: fused).evaluated(arguments, EvaluationContext(node: fused, variables: context.variables))[
        0]
    }
    return outputs
  }
}
