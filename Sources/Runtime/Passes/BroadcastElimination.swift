/// Removes a Broadcast in front of an elementwise operation that broadcasts by itself.
struct BroadcastElimination {
  static let name = "RemoveBroadcasts"

  private static let operations: Set<String> = [
    "Add", "Subtract", "Multiply", "Divide", "Maximum", "Minimum", "Power", "SquaredDifference", "Equal", "NotEqual", "Less", "LessEqual",
    "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalXor",
  ]

  func run(on model: inout Model) -> PassReport {
    var report = PassReport(name: BroadcastElimination.name, details: [])
    for id in model.topologicalOrder where BroadcastElimination.operations.contains(model[id].type) {
      let node = model[id]
      guard let broadcast = try? AutoBroadcast(node), case .numpy = broadcast, node.outputs[0].type.shape.isStatic else { continue }
      for index in [0, 1] {
        let producer = model.producer(of: id, index)
        guard producer.type == "Broadcast", (producer.attributes["mode"] ?? "numpy").lowercased() != "explicit",
          let shape = try? PartialShape.broadcast(model.type(of: producer.inputs[0]).shape, model.type(of: node.inputs[1 - index]).shape),
          shape == node.outputs[0].type.shape, (producer.attributes["mode"] ?? "").lowercased() != "pdpd"
        else { continue }
        model.setInput(InputID(id, index), to: producer.inputs[0])
        report.details.append("\(producer.name) before \(node.name)")
      }
    }
    model.removeUnreachable()
    return report
  }
}
