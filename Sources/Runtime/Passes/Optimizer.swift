/// The sequence of passes that makes a model fit to be lowered.
struct Optimizer {
  let registry: OperatorRegistry
  let isEnabled: Bool
  /// Whether quantised models are to compute with integers.
  let lowPrecision: Bool

  init(registry: OperatorRegistry = .standard, isEnabled: Bool = true, lowPrecision: Bool = true) {
    self.registry = registry
    self.isEnabled = isEnabled
    self.lowPrecision = lowPrecision
  }

  /// Infers the types of all values; returns the nodes' operators and the small constants among the values.
  ///
  /// `operators`: those that have been made already.
  @discardableResult
  func inferTypes(_ model: inout Model, operators: [NodeID: any Operator] = [:]) throws(OVError) -> ShapePropagation {
    var propagation = ShapePropagation(registry: registry, operators: operators)
    try propagation.run(on: &model)
    return propagation
  }

  /// Takes what is known of the types, or infers them when nothing is.
  private func inferTypes(_ model: inout Model, unless known: inout ShapePropagation?) throws(OVError) -> ShapePropagation {
    if let types = known.take() { return types }
    return try inferTypes(&model)
  }

  /// Simplifies and fuses as far as the input shapes that are known allow.
  ///
  /// The passes repeat while they change something, because one lays bare what another looks for; the bound is a guard against
  /// passes that undo each other.
  ///
  /// `types`: the model's, when they have been inferred already. Returns what the passes did, and the types of the model they left.
  @discardableResult
  func prepare(_ model: inout Model, types: ShapePropagation? = nil) throws(OVError) -> (reports: [PassReport], types: ShapePropagation) {
    var known = types
    guard isEnabled else { return ([], try inferTypes(&model, unless: &known)) }
    model.removeUnreachable()
    // First, while weights are still written as integers and their scales.
    var total: [PassReport] = []
    if lowPrecision && LowPrecision.mayApply(to: model) {
      _ = try inferTypes(&model, unless: &known)
      total = try lowerPrecision(&model)
    }
    for _ in 0..<Optimizer.roundLimit {
      let types = try inferTypes(&model, unless: &known)
      let reports = try round(&model, types.constants)
      for report in reports where report.count > 0 {
        if let index = total.firstIndex(where: { $0.name == report.name }) {
          total[index].details += report.details
        } else {
          total.append(report)
        }
      }
      if reports.allSatisfy({ $0.count == 0 }) { return (total, types) }
    }
    return (total, try inferTypes(&model))
  }

  private func lowerPrecision(_ model: inout Model) throws(OVError) -> [PassReport] {
    do { return try LowPrecision().run(on: &model).filter { $0.count > 0 || !$0.layers.isEmpty } } catch {
      throw error as? OVError ?? OVError(.internalFailure, "\(error)")
    }
  }

  static let roundLimit = 8

  private func round(_ model: inout Model, _ known: [OutputID: Tensor]) throws(OVError) -> [PassReport] {
    do {
      return [
        ConstantFolding().run(on: &model, constants: known),
        NoOperationElimination().run(on: &model, constants: known),
        BroadcastElimination().run(on: &model),
        try EinsumDecomposition().run(on: &model),
      ] + (try recognizeActivations(&model)) + [
        try BatchNormalizationDecomposition().run(on: &model),
        try WeightScaling().run(on: &model),
        try PostOperationFusion().run(on: &model),
      ]
    } catch { throw error as? OVError ?? OVError(.internalFailure, "\(error)") }
  }

  private func recognizeActivations(_ model: inout Model) throws -> [PassReport] {
    let report = try PassManager(ActivationRecognition.rewrites, roundLimit: 1).run(on: &model)
    return report.entries.map { PassReport(name: $0.name, details: [String](repeating: $0.name, count: $0.count)) }
  }
}
