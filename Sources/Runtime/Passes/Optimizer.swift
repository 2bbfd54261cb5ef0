/// The sequence of passes that makes a model fit to be lowered.
struct Optimizer {
  let registry: OperatorRegistry
  let isEnabled: Bool

  init(registry: OperatorRegistry = .standard, isEnabled: Bool = true) {
    self.registry = registry
    self.isEnabled = isEnabled
  }

  /// Infers the types of all values.
  func inferTypes(_ model: inout Model) throws(OVError) {
    var propagation = ShapePropagation(registry: registry)
    try propagation.run(on: &model)
  }

  /// What can be done before input shapes are known.
  @discardableResult
  func prepare(_ model: inout Model) throws(OVError) -> [PassReport] {
    guard isEnabled else {
      try inferTypes(&model)
      return []
    }
    return []
  }

  /// What is done once input shapes are known; returns the nodes' operators.
  func specialize(_ model: inout Model) throws(OVError) -> [NodeID: any Operator] {
    try prepare(&model)
    var propagation = ShapePropagation(registry: registry)
    try propagation.run(on: &model)
    return propagation.operators
  }
}
