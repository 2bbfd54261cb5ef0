/// One inference at a time: a plan, and the plans of its tails, each with memory of its own.
///
/// An inference allocates nothing once a plan was bound, unless an output is held from the last one or shapes depend on values.
final class PlanExecution: @unchecked Sendable {
  // Sendable: used by one inference at a time; its owner sees to that.
  private var stages = [PlanStage()]
  /// The results of several stages.
  private var gathered: [Tensor]?
  /// The times of the last inference, when they are recorded.
  private(set) var profile: [StepProfile] = []
  var recordsTimes = false

  /// The tensors of the plan's Results, in their order. What an inference left there keeps its elements while it is held elsewhere:
  /// later inferences write to other memory then.
  var outputs: [Tensor] { gathered ?? stages[0].outputs }

  /// Runs a plan on tensors of its Parameters' types; leaves its Results' in ``outputs``.
  func run(_ plan: Plan, _ inputs: [Tensor], variables: VariableStore) throws(OVError) {
    // Given up first: their memory serves again unless the caller holds them.
    gathered = nil
    if recordsTimes { profile = [] }
    try run(stages[0], plan, inputs, variables)
    if plan.tail != nil { gathered = try runTails(plan, inputs, variables) }
  }

  private func run(_ stage: PlanStage, _ plan: Plan, _ inputs: [Tensor], _ variables: VariableStore) throws(OVError) {
    try stage.run(plan, inputs, variables, recordsTimes: recordsTimes)
    if recordsTimes { profile += zip(plan.steps, stage.stepTimes).map { StepProfile(info: $0.info, nanoseconds: $1) } }
  }

  /// Runs what follows the steps of the first plan; returns the results of all.
  private func runTails(_ plan: Plan, _ inputs: [Tensor], _ variables: VariableStore) throws(OVError) -> [Tensor] {
    var outputs = [Tensor?](repeating: nil, count: plan.model.results.count)
    // Where the results of the present plan belong.
    var places = Array(outputs.indices)
    var (plan, inputs) = (plan, inputs)
    var depth = 0
    while true {
      let stage = stages[depth]
      for (_, index) in stage.resultBuffers { outputs[places[index]] = stage.outputs[index] }
      guard let tail = plan.tail else { break }
      let values = try evaluate(tail, plan, stage, inputs, variables)
      for (index, value) in tail.results { outputs[places[index]] = values[value]!.owned() }
      guard let rest = tail.rest else { break }
      inputs = tail.restInputs.map { values[$0]! }
      places = tail.restResults.map { places[$0] }
      plan = try rest.plan(for: inputs.map(\.shape))
      depth += 1
      if depth == stages.count { stages.append(PlanStage()) }
      try run(stages[depth], plan, inputs, variables)
    }
    return outputs.map { $0! }
  }

  /// Evaluates the nodes that decide the shapes of what follows; returns all values that are there then.
  private func evaluate(
    _ tail: PlanTail, _ plan: Plan, _ stage: PlanStage, _ inputs: [Tensor], _ variables: VariableStore
  ) throws(OVError) -> [OutputID: Tensor] {
    var values = tail.constants
    for (id, tensor) in zip(plan.model.parameters, inputs) { values[OutputID(id)] = tensor }
    for (output, view) in tail.exports { values[output] = stage.value(view, inputs) }
    let environment = plan.environment
    for id in tail.deciders {
      let node = plan.model[id]
      let start = recordsTimes ? monotonicNanoseconds() : 0
      do {
        let bodies = try environment.bodies(of: node)
        var context = EvaluationContext(node: node, variables: variables) { try bodies[$0].run($1, variables: variables) }
        (context.workers, context.features) = (environment.workers, environment.features)
        let outputs = try plan.operators[id]!.evaluated(node, node.inputs.map { values[$0]! }, context, environment.registry)
        for (index, value) in outputs.enumerated() { values[OutputID(id, index)] = value }
      } catch let error as OVError { throw error.located(at: node.location) } catch {
        throw OVError(.internalFailure, "\(error)", at: node.location)
      }
      if recordsTimes {
        profile.append(StepProfile(info: StepInfo(evaluating: node), nanoseconds: monotonicNanoseconds() - start))
      }
    }
    return values
  }
}

extension StepInfo {
  /// A node that is evaluated between the plans' steps.
  init(evaluating node: Node) {
    self.init(
      nodeName: node.name, nodeType: node.type, kernel: "reference", precision: node.outputs.first?.type.elementType ?? .dynamic,
      fusedNames: node.fusedNames, floatingPointOperations: 0, byteCount: 0)
  }
}
