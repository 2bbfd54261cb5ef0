/// The memory of one inference at a time: an arena, the output tensors, and the addresses of a plan's buffers.
///
/// Memory is kept from one inference to the next; only an output that is held from the last one is replaced.
final class PlanExecution: @unchecked Sendable {
  // Sendable: used by one inference at a time; its owner sees to that.
  private var plan: Plan?
  private var arena: TensorStorage?
  private var addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>?
  /// The buffers that are tensors of the caller: their index, and that of the Parameter or Result.
  private var parameterBuffers: [(buffer: Int, index: Int)] = []
  private var resultBuffers: [(buffer: Int, index: Int)] = []
  private var team: Team?
  private var steps: UnsafeMutableBufferPointer<Unmanaged<Step>>?
  private let failure = StepFailure()
  /// The tensors of the plan's Results, in their order. What an inference left there keeps its elements while it is held elsewhere:
  /// later inferences write to other memory then.
  private(set) var outputs: [Tensor] = []
  /// Nanoseconds of each step in the last inference, when they are recorded.
  private(set) var stepTimes: [UInt64] = []
  var recordsTimes = false

  init() {}

  deinit {
    addresses?.deallocate()
    steps?.deallocate()
  }

  /// Runs a plan on tensors of its Parameters' types; leaves its Results' in ``outputs``.
  func run(_ plan: Plan, _ inputs: [Tensor], variables: VariableStore) throws(OVError) {
    if self.plan !== plan { bind(plan) }
    let addresses = self.addresses!
    for (buffer, index) in parameterBuffers { addresses[buffer] = inputs[index].storage.base }
    for (buffer, index) in resultBuffers {
      outputs[index].makeStorageUnique()
      addresses[buffer] = outputs[index].storage.base
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
    if plan.interpreted.isEmpty { return }
    let interpreted = try interpret(plan, inputs, addresses, variables)
    for (index, id) in plan.model.results.enumerated() {
      if let value = interpreted[OutputID(id)] { outputs[index] = value }
    }
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
    parameterBuffers = []
    resultBuffers = []
    for (index, buffer) in plan.buffers.enumerated() {
      switch buffer.kind {
      case .arena: addresses[index] = arena!.base + plan.arenaOffsets[index]
      case .constant(let storage): addresses[index] = storage.base
      case .parameter(let parameter): parameterBuffers.append((index, parameter))
      case .result(let result): resultBuffers.append((index, result))
      }
    }
    self.addresses = addresses
    outputs = plan.model.results.map { id in
      let type = plan.model[id].outputs[0].type
      return Tensor(type.elementType, shape: type.shape.shape ?? [], storage: TensorStorage(byteCount: 0))
    }
    for (_, index) in resultBuffers {
      let tensor = outputs[index]
      let byteCount = tensor.elementType.byteCount(elementCount: tensor.elementCount)!
      outputs[index] = Tensor(tensor.elementType, shape: tensor.shape, storage: TensorStorage(byteCount: byteCount, isZeroed: false))
    }
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
