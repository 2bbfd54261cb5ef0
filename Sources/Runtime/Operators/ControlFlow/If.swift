/// Runs one of two sub-graphs.
///
/// The first operand is the condition, a boolean scalar or vector of one element; the others go to the sub-graphs, of which the
/// first runs when the condition holds, the second otherwise.
struct If: ControlFlowOperator {
  private let branches: [BodyPorts]

  init(_ node: Node) throws {
    guard node.bodies.count == 2 else { throw OVError(.invalidModel, "there are \(node.bodies.count) bodies, the operation has 2") }
    branches = try node.bodies.map { try BodyPorts($0, of: node) }
    for source in branches.flatMap(\.sources) {
      guard case .input(let index) = source, index > 0 else {
        throw invalid("a body's input takes the condition or a slice", suggestion: "bodies take the layer's inputs from the second on")
      }
    }
  }

  /// Sub-graphs may write variables.
  var isPure: Bool { false }

  /// The types of the outputs when nothing is known of the sub-graphs.
  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try check(operands)
    return [ValueType](repeating: ValueType(.dynamic, .dynamic), count: branches[0].outputs.count)
  }

  private func check(_ operands: Operands) throws {
    guard operands.count > 0 else { throw invalid("there is no condition") }
    guard [.boolean, .dynamic].contains(operands.elementType(0)) else {
      throw invalid("the condition has the element type \(operands.elementType(0))", suggestion: "it must be boolean")
    }
    if let condition = operands.value(0), condition.elementCount != 1 {
      throw invalid("the condition has \(condition.elementCount) elements")
    }
  }

  func inferTypes(_ operands: Operands, _ bodies: inout BodyPropagation) throws -> [ValueType] {
    try check(operands)
    let taken = operands.ints(0).map { [$0[0] != 0 ? 0 : 1] } ?? [0, 1]
    var types = [ValueType?](repeating: nil, count: branches[0].outputs.count)
    for index in taken {
      let results = try bodies.results(of: index, for: branches[index].inputIndices.map { operands.known($0) })
      for output in branches[index].outputs {
        let type = results[output.result].type
        let other = types[output.external]
        types[output.external] = try other?.joined(with: type, widening: false, "output \(output.external)") ?? type
      }
    }
    return types.map { $0! }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let index = operands[0].ints()[0] != 0 ? 0 : 1
    let branch = branches[index]
    let results = try context.runBody(index, branch.inputIndices.map { operands[$0] })
    return branch.outputs.sorted { $0.external < $1.external }.map { results[$0.result] }
  }
}

extension BodyPorts {
  /// For each Parameter the node's input that it receives.
  fileprivate var inputIndices: [Int] {
    sources.map { source in
      guard case .input(let index) = source else { preconditionFailure("a whole input") }
      return index
    }
  }
}
