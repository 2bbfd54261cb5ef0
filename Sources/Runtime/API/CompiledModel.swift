import KernelCore
import Kernels
import Synchronization

/// A model ready to run: kernels chosen, weights packed, memory planned.
///
/// Compiling does everything that does not depend on input values. A model whose inputs have unknown extents is compiled as far as
/// possible, and completed for each set of shapes it meets; the plans of the last sixteen sets are kept.
///
/// Safe to use from any task. Make one ``InferRequest`` for each inference that is to run at the same time.
public final class CompiledModel: Sendable {
  /// The options as they took effect: device and threads decided.
  public let options: CompileOptions
  /// The model after optimisation.
  public let optimizedModel: Model
  /// What the passes did, in the order they ran.
  public let passReport: [PassReport]
  /// The convolutions and matrix products of a quantised model, in which precision they compute and why; empty for models without
  /// quantised values. Layers of the bodies of control flow are not among them.
  public var layerPrecisions: [LayerPrecision] { passReport.flatMap(\.layers) }
  /// The model's inputs, in Parameter order.
  public let inputs: [PortInfo]
  /// The model's outputs, in Result order.
  public let outputs: [PortInfo]
  let plans: PlanCache

  /// Compiles a model.
  ///
  /// - Throws: ``OVError/Code/unsupported`` for operations there is no implementation of (before anything is compiled),
  ///   ``OVError/Code/invalidModel`` where operands contradict their operation, ``OVError/Code/invalidArgument`` for options
  ///   that do not exist.
  public init(_ model: Model, _ options: CompileOptions = CompileOptions()) throws(OVError) {
    try options.validate()
    var options = options
    options.device = "CPU"
    let workers = options.threads ?? CompiledModel.defaultThreads(options)
    options.threads = workers
    self.options = options
    var optimized = model
    optimized.alignConstants()
    let operators = try OperatorRegistry.standard.makeOperators(for: optimized)
    let weightArena = WeightArena()
    let isStatic = model.parameters.allSatisfy { model[$0].outputs[0].type.shape.isStatic }
    if isStatic && workers > 1 { weightArena.beginTouching(model.leastPackedByteCount(options)) }
    let optimizer = Optimizer(isEnabled: options.optimization, lowPrecision: options.lowPrecision)
    let types = try optimizer.inferTypes(&optimized, operators: operators)
    inputs = optimized.inputs
    outputs = optimized.outputs
    let prepared = try optimizer.prepare(&optimized, types: types)
    passReport = prepared.reports
    optimizedModel = optimized
    let environment = CompileEnvironment(
      base: optimized, features: options.features, workers: workers, precision: options.precision,
      expectedInferences: options.expectedInferences, optimization: options.optimization, lowPrecision: options.lowPrecision,
      weightArena: weightArena)
    plans = PlanCache(base: optimized, environment: environment, operators: prepared.types.operators)
    let shapes = optimized.parameters.map { optimized[$0].outputs[0].type.shape.shape }
    if shapes.allSatisfy({ $0 != nil }) {
      _ = try plans.plan(for: shapes.map { $0! })
      optimized.giveBackWeightPages()
    }
  }

  /// The threads that one inference uses when the caller does not say.
  private static func defaultThreads(_ options: CompileOptions) -> Int {
    let available = availableProcessors()
    return min(Team.largestTeam, options.hint == .throughput ? max(1, available / options.requestCount) : available)
  }

  /// The instruction set that the kernels were chosen for.
  public var instructionSet: String { plans.environment.features.instructionSetName }

  /// Makes a request with memory of its own.
  public func makeRequest() -> InferRequest { InferRequest(self) }

  /// Compiles for input shapes in Parameter order, ahead of the first inference with them.
  public func prepare(for shapes: [Shape]) throws(OVError) { _ = try plans.plan(for: shapes) }

  /// The steps of the plan that was used last, and of those that followed it where only the run decided shapes; empty while there
  /// is none.
  public var steps: [StepInfo] { chain.flatMap(\.infos) }

  private var chain: [Plan] { plans.latest?.chain ?? [] }

  /// Bytes that one request needs for intermediate values, for the plan that was used last.
  public var arenaByteCount: Int { chain.reduce(0) { $0 + $1.arenaByteCount } }

  /// Bytes of weights in the kernels' formats.
  public var packedWeightsByteCount: Int { plans.environment.derivedByteCount }
}

/// What one pass did to a model.
public struct PassReport: Sendable {
  /// The pass, such as `FuseActivation`.
  public let name: String
  /// What it changed, a line a change.
  public internal(set) var details: [String]
  /// How often it changed something.
  public var count: Int { details.count }
  /// The layers it decided the precision of.
  var layers: [LayerPrecision] = []

  init(name: String, details: [String]) {
    self.name = name
    self.details = details
  }
}
