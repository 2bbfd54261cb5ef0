/// Turns BatchNormInference into a Multiply and an Add by constants of one number a channel:
/// y = x · γ/√(σ² + ε) + (β − μ · γ/√(σ² + ε)).
struct BatchNormalizationDecomposition {
  static let name = "DecomposeBatchNormalization"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: BatchNormalizationDecomposition.name, details: [])
    for id in model.topologicalOrder where model[id].type == "BatchNormInference" {
      let node = model[id]
      let dataIndex = node.version(among: [1, 5]) == 1 ? 2 : 0
      let parameters = node.inputs.indices.filter { $0 != dataIndex }
      guard parameters.count == 4, let rank = model.type(of: node.inputs[dataIndex]).shape.rank, rank >= 2 else { continue }
      let values = try parameters.map { try model.constantValue(of: node.inputs[$0]) }
      guard values.allSatisfy({ $0 != nil }) else { continue }
      let (gamma, beta, mean, variance) = (values[0]!.doubles(), values[1]!.doubles(), values[2]!.doubles(), values[3]!.doubles())
      guard Set([gamma.count, beta.count, mean.count, variance.count]).count == 1 else { continue }
      let epsilon = try node.attributes.double("epsilon", default: 0)
      let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
      let shift = beta.indices.map { beta[$0] - mean[$0] * scale[$0] }
      let type = node.outputs[0].type
      let shape = [1, scale.count] + [Int](repeating: 1, count: rank - 2)
      func apply(_ operation: String, _ numbers: [Double], to value: OutputID) -> OutputID {
        let constant = model.add(
          .constant(Tensor(type.elementType, shape: shape, doubles: numbers), name: node.name + "/" + operation.lowercased()))
        return OutputID(
          model.add(
            Node(
              name: node.name, type: operation, opset: "opset1", attributes: ["auto_broadcast": "numpy"],
              inputs: [value, OutputID(constant)], outputs: [Node.Output(type)], location: node.location)))
      }
      let product = apply("Multiply", scale, to: node.inputs[dataIndex])
      model.replaceUses(of: OutputID(id), with: apply("Add", shift, to: product))
      report.details.append(node.name)
    }
    model.removeUnreachable()
    return report
  }
}
