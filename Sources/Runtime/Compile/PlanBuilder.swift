import KernelCore
import Kernels

/// An operator that kernels compute: binds them when a plan is built.
protocol LowerableOperator: Operator {
  /// Emits the steps that compute `node`, whose shapes are all known.
  ///
  /// - Returns: `false`, before anything was emitted, when no kernel fits: the reference computes the node then.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool

  /// The memory order the operator would give its first output, for operands in these orders; operands that are constant or
  /// of another rank than the output have none.
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder?
}

extension LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { nil }
}

/// Turns a model of known shapes into steps over buffers: the compiler's back end.
///
/// Operators use it to find where their operands lie, to get memory for their outputs, and to emit kernel calls.
final class PlanBuilder {
  let model: Model
  let environment: CompileEnvironment
  let operators: [NodeID: any Operator]
  /// The order in which each value wants to lie in memory.
  private let orders: [OutputID: AxisOrder]
  /// Values that are written straight into a part of a Concat's output.
  private let placements: [OutputID: ConcatPlacement]

  private var views: [OutputID: View] = [:]
  private(set) var buffers: [PlanBuffer] = []
  private(set) var steps: [Step] = []
  /// The number of node inputs not lowered yet that read a value in a buffer.
  private var pendingUses: [Int] = []
  /// The nodes whose outputs are only there when the steps are done.
  private(set) var interpreted: Set<NodeID> = []
  private(set) var interpretedOrder: [NodeID] = []
  private var constants: [OutputID: Tensor] = [:]
  /// The node being lowered.
  private var current: NodeID?

  init(model: Model, operators: [NodeID: any Operator], environment: CompileEnvironment) {
    self.model = model
    self.operators = operators
    self.environment = environment
    let layout = LayoutAssignment(model, operators)
    orders = layout.orders
    placements = layout.placements
  }

  // MARK: Lowering a model

  /// Lowers all nodes.
  func run() throws(OVError) {
    for id in model.topologicalOrder {
      let node = model[id]
      do { try lower(node) } catch let error as OVError { throw error.located(at: node.location) } catch {
        throw OVError(.internalFailure, "\(error)", at: node.location)
      }
    }
    derivedConstants.fill(in: environment)
  }

  private func lower(_ node: Node) throws {
    current = node.id
    switch node.type {
    case "Parameter": bindParameter(node)
    case "Constant": break
    default:
      if isConstant(node) { return }
      let isStatic = node.outputs.allSatisfy { $0.type.shape.isStatic && $0.type.elementType != .string && $0.type.elementType != .dynamic }
      let usesInterpreted = node.inputs.contains { interpreted.contains($0.node) || model.type(of: $0).elementType == .string }
      if !isStatic || usesInterpreted || isBehindRead(node) {
        interpreted.insert(node.id)
        interpretedOrder.append(node.id)
        return
      }
      if node.type == "Result" {
        bindResult(node)
      } else if let op = operators[node.id] as? any LowerableOperator, try op.lower(node, self) {
        precondition(node.outputs.indices.allSatisfy { views[OutputID(node.id, $0)] != nil || users(OutputID(node.id, $0)) == 0 })
      } else {
        try lowerToReference(node)
      }
      for input in Set(node.inputs) where views[input] != nil {
        pendingUses[views[input]!.buffer] -= node.inputs.count { $0 == input }
      }
    }
  }

  /// Whether a node writes a variable that is not read before the steps are done.
  private func isBehindRead(_ node: Node) -> Bool {
    guard node.type == "Assign", let variable = node.attributes["variable_id"] else { return false }
    return interpretedOrder.contains { model[$0].type == "ReadValue" && model[$0].attributes["variable_id"] == variable }
  }

  private func users(_ output: OutputID) -> Int { model.users(of: output).count }

  private func bindParameter(_ node: Node) {
    let output = OutputID(node.id)
    guard let shape = node.outputs[0].type.shape.shape, node.outputs[0].type.elementType != .string else {
      interpreted.insert(node.id)
      return
    }
    let index = model.parameters.firstIndex(of: node.id)!
    bind(output, to: View(buffer: addBuffer(.parameter(index), byteCount: 0), node.outputs[0].type.elementType, shape))
  }

  /// Lets the request's output memory be the buffer that the value is computed in, or copies the value there.
  private func bindResult(_ node: Node) {
    let index = model.results.firstIndex(of: node.id)!
    let type = node.outputs[0].type
    let byteCount = type.elementType.byteCount(elementCount: type.shape.shape!.elementCount)!
    if !isConstantValue(node.inputs[0]), let view = views[node.inputs[0]], view.isDense, view.byteOffset == 0 {
      if case .arena = buffers[view.buffer].kind, buffers[view.buffer].byteCount == byteCount {
        buffers[view.buffer].kind = .result(index)
        return
      }
    }
    let target = View(buffer: addBuffer(.result(index), byteCount: byteCount), type.elementType, type.shape.shape!)
    if target.elementType.isPacked {
      emitByteCopy(from: input(0, of: node), to: target, byteCount: byteCount)
    } else {
      emitCopy(from: input(0, of: node), to: target)
    }
  }

  // MARK: Constants

  /// Whether a node's outputs can be computed before the model runs.
  private func isConstant(_ node: Node) -> Bool {
    node.type != "Result" && !node.inputs.isEmpty && operators[node.id]!.isPure && node.postOperations.isEmpty && node.bodies.isEmpty
      && node.inputs.allSatisfy { isConstantValue($0) }
  }

  private var constantMemo: [OutputID: Bool] = [:]

  /// Whether a value is known before the model runs.
  func isConstantValue(_ output: OutputID) -> Bool {
    if let known = constantMemo[output] { return known }
    let node = model[output.node]
    let result = node.type == "Constant" || isConstant(node)
    constantMemo[output] = result
    return result
  }

  /// A value known before the model runs; `nil` when it is not.
  func constant(_ output: OutputID) throws -> Tensor? {
    guard isConstantValue(output) else { return nil }
    // Not recursive: a chain of constants is as long as its file makes it.
    var pending = [output]
    while let next = pending.last {
      if constants[next] == nil, let value = environment.cachedConstant(next) { constants[next] = value }
      let node = model[next.node]
      let missing = constants[next] == nil ? node.inputs.filter { constants[$0] == nil } : []
      if missing.isEmpty {
        if constants[next] == nil { try evaluateConstant(node) }
        pending.removeLast()
      } else {
        pending += missing
      }
    }
    return constants[output]
  }

  /// Evaluates a node whose operands are among ``constants``.
  private func evaluateConstant(_ node: Node) throws {
    let values = try operators[node.id]!.evaluated(node.inputs.map { constants[$0]! }, EvaluationContext(node: node))
    for (index, value) in values.enumerated() {
      constants[OutputID(node.id, index)] = value
      environment.cache(value, for: OutputID(node.id, index))
    }
  }

  /// The constant operand `index` of a node as the IR stores it: an `f16` tensor that is only widened to `f32` on its way stays
  /// `f16`.
  func weights(_ index: Int, of node: Node) throws -> Tensor? {
    let output = node.inputs[index]
    let producer = model[output.node]
    if producer.type == "Convert", producer.outputs[0].type.elementType == .f32, isConstantValue(producer.inputs[0]),
      model.type(of: producer.inputs[0]).elementType == .f16
    {
      return try constant(producer.inputs[0])
    }
    return try constant(output)
  }

  /// The weights at operand `index` of a node as the IR stores them, and the factors of output channels that they are to be multiplied
  /// by; `nil` when they are not constant.
  func scaledWeights(_ index: Int, of node: Node) throws -> ScaledWeights? {
    let output = node.inputs[index]
    let producer = model[output.node]
    if isConstantValue(output), let factors = try WeightScaling.factors(of: producer, for: node, model),
      let tensor = try weights(0, of: producer)
    {
      return ScaledWeights(tensor: tensor, factors: factors)
    }
    return try weights(index, of: node).map { ScaledWeights(tensor: $0, factors: nil) }
  }

  /// Memory that holds data derived from constants (packed weights), filled once per compiled model, when all nodes are lowered.
  ///
  /// `source`: the value it is derived from.
  /// `kind`: what else it depends on: the kernel's name and layout.
  func derivedConstant(
    from source: OutputID, kind: String, byteCount: Int, fill: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) -> View {
    let key = DerivedKey(source: source, kind: kind)
    let storage = derivedConstants.storage(for: key, byteCount: byteCount, in: environment, fill: fill)
    return View(buffer: addBuffer(.constant(storage), byteCount: byteCount), .u8, [byteCount])
  }

  private var derivedConstants = DerivedConstants()

  /// A constant tensor as a buffer.
  func constantView(_ tensor: Tensor) -> View {
    View(buffer: addBuffer(.constant(tensor.storage), byteCount: tensor.byteCount), tensor.elementType, tensor.shape)
  }

  // MARK: Values

  /// Where the operand `index` of a node lies.
  func input(_ index: Int, of node: Node) -> View { value(node.inputs[index]) }

  /// Where a value lies; constants are materialised.
  func value(_ output: OutputID) -> View {
    if let view = views[output] { return view }
    guard let tensor = try? constant(output) else { preconditionFailure("an operand is lowered before its users") }
    let view = constantView(tensor)
    pendingUses[view.buffer] = users(output)
    views[output] = view
    return view
  }

  /// The operand `index` of a node in row-major order, copied when it lies otherwise.
  func denseInput(_ index: Int, of node: Node) -> View {
    input(index, of: node, in: .rowMajor(rank: node.inputs.indices.contains(index) ? model.type(of: node.inputs[index]).shape.rank! : 0))
  }

  /// The operand `index` of a node in an order of axes without gaps, copied when it lies otherwise.
  func input(_ index: Int, of node: Node, in order: AxisOrder) -> View {
    let view = input(index, of: node)
    if view.isContiguous(order) { return view }
    let copy = temporary(view.elementType, view.shape, order: order)
    emitCopy(from: view, to: copy)
    return copy
  }

  /// Declares where an output lies: a view of an operand's bytes, or of memory that a step writes.
  func bind(_ output: OutputID, to view: View) {
    views[output] = view
    pendingUses[view.buffer] += users(output)
  }

  /// Memory for an output, in the order its users like best, or within the Concat it is a part of.
  func allocate(_ output: OutputID, order: AxisOrder? = nil) -> View {
    let type = model.type(of: output)
    let shape = type.shape.shape!
    let view: View
    if let placement = placements[output], let place = concatView(placement, type.elementType, shape) {
      view = place
    } else {
      let order = order ?? orders[output] ?? .rowMajor(rank: shape.count)
      view = temporary(type.elementType, shape, order: order)
    }
    bind(output, to: view)
    return view
  }

  /// The part of a Concat's output where one of its operands belongs.
  private func concatView(_ placement: ConcatPlacement, _ elementType: ElementType, _ shape: Shape) -> View? {
    let whole: View
    if let known = views[placement.concat] {
      whole = known
    } else {
      // Allocated by the first operand that is lowered; may itself be a part of another Concat.
      whole = allocate(placement.concat)
    }
    buffers[whole.buffer].isShared = true
    return whole.sliced(axis: placement.axis, start: placement.start, count: shape[placement.axis])
  }

  /// Whether an output is to be written into a part of a Concat.
  func isPlaced(_ output: OutputID) -> Bool { placements[output] != nil }

  /// Where a value lies, when memory for it has been decided already.
  func placed(_ output: OutputID) -> View? { views[output] }

  /// Memory for one or several steps of the present node.
  func temporary(_ elementType: ElementType, _ shape: Shape, order: AxisOrder? = nil) -> View {
    let byteCount = elementType.byteCount(elementCount: shape.elementCount)!
    return View(buffer: addBuffer(.arena, byteCount: byteCount), elementType, shape, order: order)
  }

  /// Bytes for a step's own use.
  func scratch(_ byteCount: Int) -> View { temporary(.u8, [byteCount]) }

  /// Whether the operand at `index` dies with this node and nothing else reads its buffer, so that an output of the same layout
  /// may overwrite it: every element has bytes of its own, and they are all the buffer has.
  func canOverwrite(_ index: Int, of node: Node) -> Bool {
    guard let view = views[node.inputs[index]], case .arena = buffers[view.buffer].kind, !buffers[view.buffer].isShared else {
      return false
    }
    return pendingUses[view.buffer] == 1 && view.isContiguous(view.order)
  }

  private func addBuffer(_ kind: PlanBuffer.Kind, byteCount: Int) -> Int {
    if case .constant(let storage) = kind, let known = constantBuffers[ObjectIdentifier(storage)] { return known }
    buffers.append(PlanBuffer(kind: kind, byteCount: byteCount))
    pendingUses.append(0)
    if case .constant(let storage) = kind { constantBuffers[ObjectIdentifier(storage)] = buffers.count - 1 }
    return buffers.count - 1
  }

  private var constantBuffers: [ObjectIdentifier: Int] = [:]

  // MARK: Steps

  /// Adds a kernel call.
  ///
  /// `isParallel`: whether `body` divides the work among the workers; otherwise it is called by one.
  /// `operations`: additions and multiplications, for profiles.
  /// `reads`, `writes`: every view whose bytes `body` touches (scratch among the writes).
  func emit(
    kernel: String, precision: ElementType = .f32, isParallel: Bool = false, operations: Int = 0, reads: [View], writes: [View],
    body: @escaping Step.Body
  ) {
    let node = model[current!]
    for view in reads + writes { buffers[view.buffer].touch(steps.count) }
    let bytes = (reads + writes).reduce(0) { $0 + $1.elementCount * max(1, $1.elementSize) }
    let info = StepInfo(
      nodeName: node.name, nodeType: node.type, kernel: kernel, precision: precision,
      fusedNames: node.fusedNames + node.postOperations.map(\.name), floatingPointOperations: operations, byteCount: bytes)
    steps.append(Step(info: info, isParallel: isParallel, body: body))
  }

  /// Copies a value to where it lies otherwise.
  func emitCopy(from source: View, to target: View) {
    if target.elementCount == 0 { return }
    let copy = StridedCopy(from: source, to: target, features: environment.features)
    let (from, to) = (Place(source), Place(target))
    emit(kernel: copy.kernelName, precision: target.elementType, isParallel: copy.isParallel, reads: [source], writes: [target]) {
      copy.run(from: $0.address(from), to: $0.address(to), worker: $1, workers: $2)
    }
  }

  private func emitByteCopy(from source: View, to target: View, byteCount: Int) {
    let (from, to) = (Place(source), Place(target))
    emit(kernel: "copy", precision: target.elementType, reads: [source], writes: [target]) { memory, _, _ in
      memory.address(to).copyMemory(from: memory.address(from), byteCount: byteCount)
    }
  }

  // MARK: The reference

  /// Lets the operator's reference evaluation compute the node when the model runs.
  private func lowerToReference(_ node: Node) throws {
    let op = operators[node.id]!
    let operands = node.inputs.indices.map { denseInput($0, of: node) }
    let outputs = node.outputs.indices.map { index -> View in
      let output = OutputID(node.id, index)
      let view = allocate(output, order: .rowMajor(rank: node.outputs[index].type.shape.rank!))
      guard !view.isDense else { return view }
      return temporary(view.elementType, view.shape)
    }
    let environment = self.environment
    let bodies = try environment.bodies(of: node)
    emit(kernel: "reference", precision: node.outputs.first?.type.elementType ?? .dynamic, reads: operands, writes: outputs) {
      memory, _, _ in
      let context = EvaluationContext(node: node, variables: memory.variables) { try bodies[$0].run($1, variables: memory.variables) }
      do {
        let tensors = operands.map { view in
          Tensor(
            view.elementType, shape: view.shape,
            storage: TensorStorage(
              base: memory.address(view), byteCount: view.elementType.byteCount(elementCount: view.elementCount)!, owner: environment))
        }
        for (view, value) in zip(outputs, try op.evaluated(node, tensors, context, environment.registry)) {
          guard value.shape == view.shape, value.elementType == view.elementType else {
            throw OVError(
              .internalFailure, "the reference computed \(value.type), the plan expects \(ValueType(view.elementType, view.shape))")
          }
          value.withUnsafeBytes { if let source = $0.baseAddress { memory.address(view).copyMemory(from: source, byteCount: $0.count) } }
        }
      } catch let error as OVError {
        memory.failure.record(error.located(at: node.location))
      } catch {
        memory.failure.record(OVError(.internalFailure, "\(error)", at: node.location))
      }
    }
    for index in node.outputs.indices {
      let view = views[OutputID(node.id, index)]!
      if outputs[index] != view { emitCopy(from: outputs[index], to: view) }
    }
  }

  // MARK: What follows the steps

  /// Values that are read when the steps are done, in row-major buffers that live until then.
  func exports(_ outputs: [OutputID]) -> [OutputID: View] {
    var exports: [OutputID: View] = [:]
    for output in outputs where exports[output] == nil {
      current = output.node
      var view = value(output)
      if !view.isDense {
        let copy = temporary(view.elementType, view.shape)
        emitCopy(from: view, to: copy)
        view = copy
      }
      exports[output] = view
    }
    for view in exports.values { buffers[view.buffer].touch(steps.count) }
    return exports
  }
}

/// One buffer of a plan.
struct PlanBuffer {
  enum Kind {
    /// In the request's arena, shared with buffers that live at other times.
    case arena
    /// Owned by the compiled model.
    case constant(TensorStorage)
    /// The tensor that the caller set.
    case parameter(Int)
    /// The request's output tensor.
    case result(Int)
  }

  var kind: Kind
  var byteCount: Int
  /// The steps that touch it.
  var firstStep = Int.max
  var lastStep = -1
  /// Whether several values lie in it side by side: the operands of a Concat.
  var isShared = false

  init(kind: Kind, byteCount: Int) {
    self.kind = kind
    self.byteCount = byteCount
  }

  mutating func touch(_ step: Int) {
    firstStep = min(firstStep, step)
    lastStep = max(lastStep, step)
  }
}
