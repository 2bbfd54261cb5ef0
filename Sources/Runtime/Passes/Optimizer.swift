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
  @discardableResult
  func inferTypes(_ model: inout Model) throws(OVError) -> ShapePropagation {
    var propagation = ShapePropagation(registry: registry)
    try propagation.run(on: &model)
    return propagation
  }

  /// Simplifies and fuses as far as the input shapes that are known allow.
  ///
  /// The passes repeat while they change something, because one lays bare what another looks for; the bound is a guard against
  /// passes that undo each other.
  @discardableResult
  func prepare(_ model: inout Model) throws(OVError) -> [PassReport] { try simplified(&model).reports }

  /// What the passes did, and the types of the model that they left.
  ///
  /// `isPrepared`: whether the model went through this before, with less known about its shapes.
  private func simplified(
    _ model: inout Model, isPrepared: Bool = false
  ) throws(OVError) -> (reports: [PassReport], types: ShapePropagation) {
    guard isEnabled else { return ([], try inferTypes(&model)) }
    model.removeUnreachable()
    // First, while weights are still written as integers and their scales.
    var total = isPrepared && !LowPrecision.isQuantized(model) ? [] : try lowerPrecision(&model)
    for _ in 0..<Optimizer.roundLimit {
      let types = try inferTypes(&model)
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
    guard lowPrecision else { return [] }
    try inferTypes(&model)
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

  /// What is done once input shapes are known; returns the nodes' operators.
  ///
  /// `isPrepared`: whether the shapes were known when the model was prepared, so that nothing is left to simplify.
  func specialize(_ model: inout Model, isPrepared: Bool) throws(OVError) -> [NodeID: any Operator] {
    try (isPrepared ? inferTypes(&model) : simplified(&model, isPrepared: true).types).operators
  }
}
