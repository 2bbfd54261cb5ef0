/// Removes operations that return their operand: reshapes to the same shape, converts to the same type, transposes that leave
/// the axes where they are, additions of zero and products with one.
struct NoOperationElimination {
  static let name = "RemoveNoOperations"

  func run(on model: inout Model, constants: [OutputID: Tensor]) -> PassReport {
    var report = PassReport(name: NoOperationElimination.name, details: [])
    for id in model.topologicalOrder {
      let node = model[id]
      guard let operand = unchangedOperand(of: node, model, constants) else { continue }
      // A Parameter keeps its names and a Result needs a value of its own name: both stay apart.
      model.replaceUses(of: OutputID(id), with: node.inputs[operand])
      report.details.append("\(node.name) (\(node.type))")
    }
    model.removeUnreachable()
    return report
  }

  /// The operand that the node's only output equals.
  private func unchangedOperand(of node: Node, _ model: Model, _ constants: [OutputID: Tensor]) -> Int? {
    guard node.outputs.count == 1, let operand = node.inputs.first, node.postOperations.isEmpty else { return nil }
    let (from, to) = (model.type(of: operand), node.outputs[0].type)
    switch node.type {
    case "Identity": return 0
    case "Convert", "ConvertLike": return from.elementType == to.elementType ? 0 : nil
    case "Reshape", "Squeeze", "Unsqueeze", "Broadcast", "Tile":
      return from == to && from.shape.isStatic ? 0 : nil
    case "Transpose":
      guard let rank = from.shape.rank, let order = constants[node.inputs[1]]?.ints() else { return nil }
      return order == Array(0..<rank) ? 0 : nil
    case "Add", "Subtract", "Multiply", "Divide":
      let neutral = node.type == "Add" || node.type == "Subtract" ? 0.0 : 1.0
      for (index, other) in [(0, 1), (1, 0)] where index == 0 || node.type == "Add" || node.type == "Multiply" {
        guard let value = constants[node.inputs[other]], value.elementCount <= 4096 else { continue }
        // Adding +0 turns −0 into +0, which nothing can tell apart but a division by it.
        if model.type(of: node.inputs[index]) == to && to.shape.isStatic && value.doubles().allSatisfy({ $0 == neutral }) { return index }
      }
      return nil
    default: return nil
    }
  }
}
