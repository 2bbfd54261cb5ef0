extension Model {
  /// The value of an output that is a Constant, or a Constant behind conversions; `nil` otherwise.
  func constantValue(of output: OutputID) throws -> Tensor? {
    let node = self[output.node]
    switch node.type {
    case "Constant": return try Tensor(constant: node)
    case "Convert":
      guard let operand = try constantValue(of: node.inputs[0]) else { return nil }
      return try Convert(node).evaluate([operand], EvaluationContext(node: node))[0]
    default: return nil
    }
  }

  /// Whether an output is a Constant, or a Constant behind conversions.
  func isConstant(_ output: OutputID) -> Bool {
    let node = self[output.node]
    return node.type == "Constant" || (node.type == "Convert" && isConstant(node.inputs[0]))
  }

  /// The only node that uses an output, when there is one and it uses it once.
  func onlyUser(of output: OutputID) -> InputID? {
    let users = users(of: output)
    return users.count == 1 ? users[0] : nil
  }
}
