/// Moves Dequantize operations down: an operation all of whose operands are dequantised, and that can be done to integers as well,
/// is done to them, and what is dequantised is its result.
struct DequantizePropagation {
  static let name = "MoveDequantizeDown"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: DequantizePropagation.name, details: [])
    for id in model.topologicalOrder where model.contains(id) {
      let node = model[id]
      let passage = try GridPassage(node, model) { index in
        let producer = model.producer(of: id, index)
        return producer.type == "Dequantize" && model[producer.inputs[0].node].type != "Constant"
          ? try? model.grid(ofDequantize: producer) : nil
      }
      guard let passage else { continue }
      apply(passage, node, &model)
      report.details.append("\(node.name) (\(node.type))")
    }
    model.removeUnreachable()
    return report
  }

  private func apply(_ passage: GridPassage, _ node: Node, _ model: inout Model) {
    if passage.change == .nothing {
      model.replaceUses(of: OutputID(node.id), with: node.inputs[0])
      return
    }
    let integers = passage.operands.map { model.producer(of: node.id, $0).inputs[0] }
    let inputs = integers + node.inputs[passage.operands.upperBound...]
    let elementType = model.type(of: integers[0]).elementType
    var moved = Node(
      name: node.name, type: node.type, opset: node.opset, attributes: node.attributes, inputs: inputs,
      outputs: node.outputs.map { Node.Output(ValueType(elementType, $0.type.shape)) }, location: node.location)
    if case .clamp(let low, let high) = passage.change {
      (moved.type, moved.opset, moved.attributes) = ("Clamp", "opset1", ["min": "\(low)", "max": "\(high)"])
    }
    let result = model.add(moved)
    for index in node.outputs.indices where !model.users(of: OutputID(node.id, index)).isEmpty {
      let value = model.addDequantize(
        OutputID(result, index), scale: passage.grid.scale, zeroPoint: passage.grid.zeroPoint, like: node)
      model.replaceUses(of: OutputID(node.id, index), with: value)
    }
  }
}
