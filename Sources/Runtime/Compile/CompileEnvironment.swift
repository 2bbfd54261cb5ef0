import KernelCore
import Kernels

/// What all plans of a compiled model share: the choices made once, and the data derived from constants.
final class CompileEnvironment: Sendable {
  let features: CPUFeatures
  /// The size of the team that runs a plan.
  let workers: Int
  let precision: InferencePrecision
  let registry: OperatorRegistry
  /// Whether models are optimised before they are lowered.
  let optimization: Bool
  /// Whether quantised models compute with integers.
  let lowPrecision: Bool
  /// The nodes whose values are the same in every plan.
  private let sharedNodes: Set<NodeID>

  private struct Caches {
    var constants: [OutputID: Tensor] = [:]
    var derived: [DerivedKey: TensorStorage] = [:]
  }
  private let caches = Locked(Caches())
  let weightArena = WeightArena()

  /// `base`: the model that all plans specialise.
  init(
    base: Model, features: CPUFeatures, workers: Int, precision: InferencePrecision, optimization: Bool = true,
    lowPrecision: Bool = true, registry: OperatorRegistry = .standard
  ) {
    self.features = features
    self.workers = workers
    self.precision = precision
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
