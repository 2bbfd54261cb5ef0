/// The plans of a compiled model, one for each set of input shapes, the least recently used given up.
final class PlanCache: Sendable {
  /// How many plans are kept.
  static let capacity = 16

  let base: Model
  let environment: CompileEnvironment
  /// The base model's, where its types have been inferred; they hold for plans of the same shapes.
  private let operators: [NodeID: any Operator]?
  /// How many plans run before those of this cache in one inference.
  private let depth: Int

  private struct State {
    var plans: [[Shape]: Plan] = [:]
    var recency: [[Shape]] = []
  }
  private let state = Locked(State())

  init(base: Model, environment: CompileEnvironment, operators: [NodeID: any Operator]? = nil, depth: Int = 0) {
    self.base = base
    self.environment = environment
    self.operators = operators
    self.depth = depth
  }

  /// The plan for input shapes in Parameter order, compiled when there is none.
  func plan(for shapes: [Shape]) throws(OVError) -> Plan {
    if let known = state.withLock({ state -> Plan? in
      guard let plan = state.plans[shapes] else { return nil }
      if state.recency.last != shapes, let position = state.recency.firstIndex(of: shapes) {
        state.recency.remove(at: position)
        state.recency.append(shapes)
      }
      return plan
    }) {
      return known
    }
    var model = base
    // Where the shapes were known when the model was prepared nothing is left to simplify.
    var isPrepared = true
    for (id, shape) in zip(base.parameters, shapes) {
      if base[id].outputs[0].type.shape.shape == shape { continue }
      isPrepared = false
      model.update(id) { $0.attributes["shape"] = PartialShape(shape).irText }
    }
    let operators: [NodeID: any Operator]
    if !isPrepared {
      operators = try environment.optimizer.prepare(&model).types.operators
    } else if let known = self.operators {
      operators = known
    } else {
      operators = try environment.optimizer.inferTypes(&model).operators
    }
    let plan = try Plan(model, operators: operators, environment: environment, depth: depth)
    state.withLock { state in
      if state.plans.updateValue(plan, forKey: shapes) == nil { state.recency.append(shapes) }
      if state.recency.count > PlanCache.capacity { state.plans[state.recency.removeFirst()] = nil }
    }
    return plan
  }

  /// How many plans are kept at present.
  var planCount: Int { state.withLock { $0.plans.count } }

  /// The plan that was used last.
  var latest: Plan? { state.withLock { state in state.recency.last.flatMap { state.plans[$0] } } }
}
