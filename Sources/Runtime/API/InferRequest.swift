import Dispatch

/// One inference at a time of a ``CompiledModel``: input tensors, memory, output tensors, variables.
///
/// A request may move between tasks, and different requests run at the same time. Starting an inference while the request's last
/// one still runs is an error, not a race.
public final class InferRequest: Sendable {
  public let compiledModel: CompiledModel

  private struct State: @unchecked Sendable {
    // Sendable: only touched with the lock held, or by the inference that set `isRunning`.
    /// The inputs, an empty tensor where none was set.
    var inputs: [Tensor]
    var isSet: [Bool]
    /// Whether the execution's outputs are those of a finished inference.
    var hasOutputs = false
    let execution = PlanExecution()
    let variables = VariableStore()
    var isRunning = false
    /// The plan of the last inference, and the input shapes it is for.
    var plan: Plan?
    var shapes: [Shape] = []

    /// The inputs' plan, if it is the last inference's.
    var knownPlan: Plan? {
      guard let plan, shapes.count == inputs.count else { return nil }
      for index in inputs.indices where inputs[index].shape != shapes[index] { return nil }
      return plan
    }
  }
  private let state: Locked<State>

  init(_ model: CompiledModel) {
    compiledModel = model
    let empty = Tensor(.u8, shape: [0], storage: TensorStorage(byteCount: 0))
    state = Locked(
      State(
        inputs: [Tensor](repeating: empty, count: model.inputs.count), isSet: [Bool](repeating: false, count: model.inputs.count)))
  }

  // MARK: Inputs

  /// Sets an input by its place in Parameter order. The tensor is referred to, not copied.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` when there is no such input, ``OVError/Code/invalidData`` when the tensor is not of
  ///   its type or shape.
  public func setInput(_ index: Int, _ tensor: Tensor) throws(OVError) {
    let ports = compiledModel.inputs
    guard ports.indices.contains(index) else { throw OVError.unknownPort("input", index, ports) }
    let port = ports[index]
    guard tensor.elementType == port.type.elementType || port.type.elementType == .dynamic else {
      throw OVError(
        .invalidData, "input \"\(OVError.printable(port.name))\" is \(port.type), the tensor is \(tensor.type)",
        suggestion: "convert its elements to \(port.type.elementType)")
    }
    guard port.type.shape.accepts(tensor.shape) else {
      throw OVError(
        .invalidData, "input \"\(OVError.printable(port.name))\" is \(port.type), the tensor is \(tensor.type)",
        suggestion: "reshape the tensor, or the model before it is compiled")
    }
    try state.withLock { state throws(OVError) in
      if state.isRunning { throw InferRequest.busy }
      state.inputs[index] = tensor
      state.isSet[index] = true
    }
  }

  /// Sets an input by one of its tensor names or its Parameter's name.
  public func setInput(_ name: String, _ tensor: Tensor) throws(OVError) {
    guard let index = compiledModel.inputs.firstIndex(where: { $0.isNamed(name) }) else {
      throw OVError.unknownPort("input", name, compiledModel.inputs)
    }
    try setInput(index, tensor)
  }

  // MARK: Inference

  /// Computes the outputs on the calling thread and the team.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` when an input is not set or the request is busy, what operations throw whose values
  ///   contradict them.
  public func infer() throws(OVError) {
    let (inputs, known, execution, variables) = try begin()
    do {
      let plan: Plan
      if let known { plan = known } else { plan = try compiledModel.plans.plan(for: inputs.map(\.shape)) }
      execution.recordsTimes = compiledModel.options.profiling
      try execution.run(plan, inputs, variables: variables)
      state.withLock { state in
        if known == nil {
          state.plan = plan
          state.shapes = inputs.map(\.shape)
        }
        state.hasOutputs = true
        state.isRunning = false
      }
    } catch {
      state.withLock { $0.isRunning = false }
      throw error
    }
  }

  /// Computes the outputs without holding up the calling task's executor.
  public func infer() async throws(OVError) {
    let outcome = await withCheckedContinuation { continuation in
      InferRequest.queue.async {
        do throws(OVError) {
          try self.inferSynchronously()
          continuation.resume(returning: OVError?.none)
        } catch { continuation.resume(returning: error) }
      }
    }
    if let outcome { throw outcome }
  }

  private func inferSynchronously() throws(OVError) { try infer() }

  private func begin() throws(OVError) -> ([Tensor], Plan?, PlanExecution, VariableStore) {
    try state.withLock { state throws(OVError) in
      if state.isRunning { throw InferRequest.busy }
      for index in state.isSet.indices where !state.isSet[index] {
        throw OVError(
          .invalidArgument, "input \(index) \"\(OVError.printable(compiledModel.inputs[index].name))\" is not set",
          suggestion: "call setInput before infer")
      }
      state.isRunning = true
      state.hasOutputs = false
      return (state.inputs, state.knownPlan, state.execution, state.variables)
    }
  }

  private static var busy: OVError {
    OVError(.invalidArgument, "the request is running", suggestion: "make one request for each inference that runs at the same time")
  }

  // MARK: Outputs

  /// The output at a place in Result order, of the last inference.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` when there is no such output or no inference has finished.
  public func output(_ index: Int) throws(OVError) -> Tensor {
    guard compiledModel.outputs.indices.contains(index) else { throw OVError.unknownPort("output", index, compiledModel.outputs) }
    return try state.withLock { state throws(OVError) in
      guard state.hasOutputs else { throw OVError(.invalidArgument, "there are no outputs", suggestion: "call infer first") }
      return state.execution.outputs[index]
    }
  }

  /// The output with a tensor name or its Result's name, of the last inference.
  public func output(_ name: String) throws(OVError) -> Tensor {
    guard let index = compiledModel.outputs.firstIndex(where: { $0.isNamed(name) }) else {
      throw OVError.unknownPort("output", name, compiledModel.outputs)
    }
    return try output(index)
  }

  // MARK: Variables

  /// The variables that hold a value, sorted by identity.
  public var variableNames: [String] { state.withLock { $0.variables.values.keys.sorted() } }

  /// The value of a variable; `nil` when nothing was written since the start or the last reset.
  public func variable(_ name: String) -> Tensor? { state.withLock { $0.variables.values[name] } }

  /// Sets the value that the next inference reads from a variable.
  public func setVariable(_ name: String, _ value: Tensor) throws(OVError) {
    try state.withLock { state throws(OVError) in
      if state.isRunning { throw InferRequest.busy }
      state.variables.values[name] = value
    }
  }

  /// Lets all variables start anew from their initial values.
  public func resetVariables() throws(OVError) {
    try state.withLock { state throws(OVError) in
      if state.isRunning { throw InferRequest.busy }
      state.variables.values = [:]
    }
  }

  // MARK: Profile

  /// The time of each step in the last inference, when the model was compiled with profiling.
  public var profile: [StepProfile] {
    state.withLock { $0.isRunning ? [] : $0.execution.profile }
  }
}

extension InferRequest {
  /// Where asynchronous inferences wait for their turn.
  private static let queue = DispatchQueue(label: "ovrun.infer", attributes: .concurrent)
}

/// The time of one step.
public struct StepProfile: Sendable {
  public let info: StepInfo
  public let nanoseconds: UInt64
}
