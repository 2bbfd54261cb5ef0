/// Replaces what can be computed before the model runs by Constants: the ShapeOf, Gather, Concat … chains that exporters leave
/// behind, and small arithmetic between constants.
///
/// Weights keep their stored form: a large constant that is only widened is left for the kernels to read as it is.
struct ConstantFolding {
  static let name = "FoldConstants"

  /// Folds everything that shape propagation found.
  func run(on model: inout Model, constants: [OutputID: Tensor]) -> PassReport {
    var report = PassReport(name: ConstantFolding.name, details: [])
    for id in model.topologicalOrder {
      let node = model[id]
      guard node.type != "Constant", node.type != "Result", node.type != "Parameter" else { continue }
      for index in node.outputs.indices {
        let output = OutputID(id, index)
        guard !model.users(of: output).isEmpty, let tensor = constants[output] else { continue }
        let constant = model.add(.constant(tensor, name: node.name + "/folded" + (index == 0 ? "" : "_\(index)")))
        model.replaceUses(of: output, with: OutputID(constant))
        report.details.append("\(node.name) (\(node.type))")
      }
    }
    model.removeUnreachable()
    return report
  }
}
