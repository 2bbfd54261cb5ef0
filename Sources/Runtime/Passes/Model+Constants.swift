extension Model {
  /// The value of an output that is a Constant of at most `limit` elements, or one behind conversions; `nil` otherwise.
  func constantValue(of output: OutputID, atMost limit: Int = .max) throws -> Tensor? {
    guard let chain = conversions(of: output) else { return nil }
    var value = try Tensor(constant: self[chain.constant])
    if let value, value.elementCount > limit { return nil }
    for id in chain.converts.reversed() {
      value = try value.map { try Convert(self[id]).evaluate([$0], EvaluationContext(node: self[id]))[0] }
    }
    return value
  }

  /// The Constant that an output is, and the conversions between, the last first; `nil` when it is none.
  private func conversions(of output: OutputID) -> (constant: NodeID, converts: [NodeID])? {
    var (id, converts) = (output.node, [NodeID]())
    while self[id].type == "Convert" {
      converts.append(id)
      id = self[id].inputs[0].node
    }
    return self[id].type == "Constant" ? (id, converts) : nil
  }

  /// Whether an output is a Constant, or a Constant behind conversions.
  func isConstant(_ output: OutputID) -> Bool { conversions(of: output) != nil }

  /// The only node that uses an output, when there is one and it uses it once.
  func onlyUser(of output: OutputID) -> InputID? {
    let users = users(of: output)
    return users.count == 1 ? users[0] : nil
  }
}
