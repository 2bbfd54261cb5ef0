/// The memory of one inference at a time: an arena, the output tensors, and the addresses of a plan's buffers.
final class PlanExecution: @unchecked Sendable {
  // Sendable: used by one inference at a time; its owner sees to that.
  private var plan: Plan?
  private var arena: TensorStorage?
  private var addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>?
  private var results: [TensorStorage?] = []
  private var team: Team?
  private var steps: UnsafeMutableBufferPointer<Unmanaged<Step>>?
  private let failure = StepFailure()
  /// Nanoseconds of each step in the last inference, when they are recorded.
  private(set) var stepTimes: [UInt64] = []
  var recordsTimes = false

  init() {}

  deinit {
    addresses?.deallocate()
    steps?.deallocate()
  }

  /// Runs a plan on tensors of its Parameters' types; returns its Results'. A returned tensor keeps its elements: later
  /// inferences write elsewhere while it is held.
  func run(_ plan: Plan, _ inputs: [Tensor], variables: VariableStore) throws(OVError) -> [Tensor] {
    if self.plan !== plan { bind(plan) }
    let addresses = self.addresses!
    for (index, buffer) in plan.buffers.enumerated() {
      switch buffer.kind {
      case .parameter(let parameter): addresses[index] = inputs[parameter].storage.base
      case .result(let result):
        if results[result] == nil || !isKnownUniquelyReferenced(&results[result]!) {
          results[result] = TensorStorage(byteCount: buffer.byteCount, isZeroed: false)
          addresses[index] = results[result]!.base
        }
      case .arena, .constant: break
      }
    }
    let memory = StepMemory(buffers: addresses.baseAddress!, failure: failure, variables: variables)
    if recordsTimes {
      runRecording(plan, memory)
    } else if let team {
      team.run(UnsafeBufferPointer(steps!), memory)
    } else {
      for step in steps! { step._withUnsafeGuaranteedRef { $0.body(memory, 0, 1) } }
    }
    withExtendedLifetime((inputs, plan, arena)) {}
    if let error = failure.take() { throw error }
    let interpreted = try interpret(plan, inputs, addresses, variables)
    var outputs: [Tensor] = []
    for (index, id) in plan.model.results.enumerated() {
      if let value = interpreted[OutputID(id)] {
        outputs.append(value)
      } else {
        let type = plan.model[id].outputs[0].type
        outputs.append(Tensor(type.elementType, shape: type.shape.shape!, storage: results[index]!))
      }
    }
    return outputs
  }

  /// Step after step with a clock between them, each on one thread or the whole team.
  private func runRecording(_ plan: Plan, _ memory: StepMemory) {
    if stepTimes.count != plan.steps.count { stepTimes = [UInt64](repeating: 0, count: plan.steps.count) }
    for index in plan.steps.indices {
      let start = monotonicNanoseconds()
      if let team {
        team.run(UnsafeBufferPointer(rebasing: steps![index...index]), memory)
      } else {
        steps![index]._withUnsafeGuaranteedRef { $0.body(memory, 0, 1) }
      }
      stepTimes[index] = monotonicNanoseconds() - start
    }
  }

  private func bind(_ plan: Plan) {
    if (arena?.byteCount ?? -1) < plan.arenaByteCount { arena = .large(byteCount: plan.arenaByteCount) }
    addresses?.deallocate()
    let addresses = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(capacity: max(1, plan.buffers.count))
    addresses.initialize(repeating: arena!.base)
    for (index, buffer) in plan.buffers.enumerated() {
      switch buffer.kind {
      case .arena: addresses[index] = arena!.base + plan.arenaOffsets[index]
      case .constant(let storage): addresses[index] = storage.base
      case .parameter, .result: break
      }
    }
    self.addresses = addresses
    results = [TensorStorage?](repeating: nil, count: plan.model.results.count)
    steps?.deallocate()
    let steps = UnsafeMutableBufferPointer<Unmanaged<Step>>.allocate(capacity: plan.steps.count)
    _ = steps.initialize(from: plan.steps.map { Unmanaged.passUnretained($0) })
    self.steps = steps
    team = plan.workers > 1 ? Team(workers: plan.workers, stepCount: plan.steps.count) : nil
    stepTimes = []
    self.plan = plan
  }

  /// Evaluates the nodes whose shapes the run decides.
  private func interpret(
    _ plan: Plan, _ inputs: [Tensor], _ addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>, _ variables: VariableStore
  ) throws(OVError) -> [OutputID: Tensor] {
    if plan.interpreted.isEmpty { return [:] }
    var values = plan.interpretedConstants
    for (id, tensor) in zip(plan.model.parameters, inputs) { values[OutputID(id)] = tensor }
    for (output, view) in plan.exports where values[output] == nil {
      let byteCount = view.elementType.byteCount(elementCount: view.elementCount)!
      let storage = TensorStorage(byteCount: byteCount)
      storage.base.copyMemory(from: addresses[view.buffer] + view.byteOffset, byteCount: byteCount)
      values[output] = Tensor(view.elementType, shape: view.shape, storage: storage)
    }
    for id in plan.interpreted {
      let node = plan.model[id]
      do {
        let bodies = plan.bodies[id] ?? []
        let context = EvaluationContext(node: node, variables: variables) { try bodies[$0].run($1, variables: variables) }
        let outputs = try plan.operators[id]!.evaluated(node, node.inputs.map { values[$0]! }, context, plan.environment.registry)
        for (index, value) in outputs.enumerated() { values[OutputID(id, index)] = value }
      } catch let error as OVError { throw error.located(at: node.location) } catch {
        throw OVError(.internalFailure, "\(error)", at: node.location)
      }
    }
    return values
  }
}
