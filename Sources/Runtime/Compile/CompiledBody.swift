/// A sub-graph of a control-flow node, compiled for the shapes it meets.
final class CompiledBody: Sendable {
  private let plans: PlanCache
  /// Requests that are not running: bodies may be entered by several requests at once, and again while they run.
  private let idle = Locked<[PlanExecution]>([])

  init(_ body: Body, environment: CompileEnvironment) throws(OVError) {
    var model = body.model
    let types = try environment.optimizer.prepare(&model).types
    plans = PlanCache(base: model, environment: environment.forBody(model), operators: types.operators)
  }

  /// Computes the body's results for its parameters.
  func run(_ inputs: [Tensor], variables: VariableStore) throws(OVError) -> [Tensor] {
    let execution = idle.withLock { $0.popLast() } ?? PlanExecution()
    defer { idle.withLock { $0.append(execution) } }
    let plan = try plans.plan(for: inputs.map(\.shape))
    try execution.run(plan, inputs, variables: variables)
    return execution.outputs
  }
}
