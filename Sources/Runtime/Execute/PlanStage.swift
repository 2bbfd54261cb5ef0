/// The memory in which one plan runs: an arena, output tensors, and the addresses of the plan's buffers.
final class PlanStage: @unchecked Sendable {
  // Sendable: used by one inference at a time; its owner sees to that.
  private(set) var plan: Plan?
  private var arena: TensorStorage?
  private var addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>?
  /// The buffers that are tensors of the caller: their index, and that of the Parameter or Result.
  private var parameterBuffers: [(buffer: Int, index: Int)] = []
  private(set) var resultBuffers: [(buffer: Int, index: Int)] = []
  /// The tensors of the plan's Results; of those in ``resultBuffers`` the last inference's, empty ones of the others.
  private(set) var outputs: [Tensor] = []
  private var team: Team?
  private var steps: UnsafeMutableBufferPointer<Unmanaged<Step>>?
  private let failure = StepFailure()
  /// Nanoseconds of each step in the last inference, when they are recorded.
  private(set) var stepTimes: [UInt64] = []

  init() {}

  deinit {
    addresses?.deallocate()
    steps?.deallocate()
  }

  /// Runs the steps of a plan on tensors of its Parameters' types; the results they compute are then in ``outputs``.
  func run(_ plan: Plan, _ inputs: [Tensor], _ variables: VariableStore, recordsTimes: Bool) throws(OVError) {
    if self.plan !== plan { bind(plan) }
    let addresses = self.addresses!
    // By index, as in the steps: where code is not optimised an array's iterator allocates, and tests count in such builds.
    for i in parameterBuffers.indices { addresses[parameterBuffers[i].buffer] = inputs[parameterBuffers[i].index].storage.base }
    for i in resultBuffers.indices {
      let (buffer, index) = resultBuffers[i]
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
  }

  /// A value that the steps left in row-major order, referred to: valid until the stage runs again.
  func value(_ view: View, _ inputs: [Tensor]) -> Tensor {
    let owner: AnyObject? =
      switch plan!.buffers[view.buffer].kind {
      case .arena: arena
      case .constant(let storage): storage
      case .parameter(let index): inputs[index].storage
      case .result(let index): outputs[index].storage
      }
    let byteCount = view.elementType.byteCount(elementCount: view.elementCount)!
    return Tensor(
      view.elementType, shape: view.shape,
      storage: TensorStorage(base: addresses![view.buffer] + view.byteOffset, byteCount: byteCount, owner: owner))
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
}
