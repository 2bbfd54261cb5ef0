import KernelCore
import Kernels

/// What all plans of a compiled model share: the choices made once, and the data derived from constants.
final class CompileEnvironment: Sendable {
  let features: CPUFeatures
  /// The size of the team that runs a plan.
  let workers: Int
  let precision: InferencePrecision
  /// How many inferences the model is compiled for; `nil`: many.
  let expectedInferences: Int?
  let registry: OperatorRegistry
  /// Whether models are optimised before they are lowered.
  let optimization: Bool
  /// Whether quantised models compute with integers.
  let lowPrecision: Bool
  /// The model that all plans specialise.
  private let base: Model
  /// The nodes whose values are the same in every plan.
  private let sharedNodes: Set<NodeID>

  private struct Caches {
    var constants: [OutputID: Tensor] = [:]
    var derived: [DerivedKey: TensorStorage] = [:]
    var bodies: [NodeID: [CompiledBody]] = [:]
  }
  private let caches = Locked(Caches())
  let weightArena: WeightArena

  /// `base`: the model that all plans specialise.
  init(
    base: Model, features: CPUFeatures, workers: Int, precision: InferencePrecision, expectedInferences: Int? = nil,
    optimization: Bool = true,
    lowPrecision: Bool = true, registry: OperatorRegistry = .standard, weightArena: WeightArena = WeightArena()
  ) {
    self.base = base
    self.weightArena = weightArena
    self.features = features
    self.workers = workers
    self.precision = precision
    self.expectedInferences = expectedInferences
    self.registry = registry
    self.optimization = optimization
    self.lowPrecision = lowPrecision
    var shared: Set<NodeID> = []
    for id in base.topologicalOrder {
      let node = base[id]
      if node.type == "Constant" || (!node.inputs.isEmpty && node.inputs.allSatisfy { shared.contains($0.node) }) { shared.insert(id) }
    }
    sharedNodes = shared
  }

  /// The sub-graphs of a node, compiled once for all plans.
  func bodies(of node: Node) throws(OVError) -> [CompiledBody] {
    if node.bodies.isEmpty { return [] }
    if let known = caches.withLock({ $0.bodies[node.id] }) { return known }
    // As the base model has them: what one plan knows of their inputs need not hold in another.
    let isShared = base.contains(node.id) && base[node.id].bodies.count == node.bodies.count
    var bodies: [CompiledBody] = []
    for var body in isShared ? base[node.id].bodies : node.bodies {
      if isShared { try setConstants(&body, of: base[node.id]) }
      bodies.append(try CompiledBody(body, environment: self))
    }
    if isShared { caches.withLock { $0.bodies[node.id] = bodies } }
    return bodies
  }

  /// Lets a sub-graph know the constants that its node passes in each time.
  private func setConstants(_ body: inout Body, of node: Node) throws(OVError) {
    for port in body.inputs {
      guard let external = port.external, port.slice == nil, !body.backEdges.contains(where: { $0.to == port.internal }),
        let tensor = try Tensor(constant: base[node.inputs[external].node])
      else { continue }
      let constant = body.model.add(.constant(tensor, name: body.model[port.internal].name + "/constant"))
      body.model.replaceUses(of: OutputID(port.internal), with: OutputID(constant))
    }
  }

  /// The environment of a sub-graph, with caches of its own.
  func forBody(_ model: Model) -> CompileEnvironment {
    CompileEnvironment(
      base: model, features: features, workers: 1, precision: precision, optimization: optimization, lowPrecision: lowPrecision,
      registry: registry)
  }

  func cachedConstant(_ output: OutputID) -> Tensor? { caches.withLock { $0.constants[output] } }

  func cache(_ value: Tensor, for output: OutputID) {
    guard sharedNodes.contains(output.node) else { return }
    caches.withLock { $0.constants[output] = value }
  }

  func cachedDerived(_ key: DerivedKey) -> TensorStorage? { caches.withLock { $0.derived[key] } }

  func cacheDerived(_ storage: TensorStorage, for key: DerivedKey) {
    guard sharedNodes.contains(key.source.node) else { return }
    caches.withLock { $0.derived[key] = storage }
  }

  /// Bytes of weights in the kernels' formats.
  var derivedByteCount: Int { caches.withLock { $0.derived.values.reduce(0) { $0 + $1.byteCount } } }
}

extension CompileEnvironment {
  var optimizer: Optimizer { Optimizer(registry: registry, isEnabled: optimization, lowPrecision: lowPrecision) }
}
