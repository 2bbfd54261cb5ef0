import KernelCore
import Kernels

/// A model compiled for one set of input shapes: steps, and where their buffers lie.
final class Plan: Sendable {
  let model: Model
  let steps: [Step]
  let buffers: [PlanBuffer]
  /// The offset of each arena buffer.
  let arenaOffsets: [Int]
  let arenaByteCount: Int
  /// How many workers run it.
  let workers: Int
  /// What follows when the steps are done; `nil` when they compute all results.
  let tail: PlanTail?
  let operators: [NodeID: any Operator]
  let environment: CompileEnvironment

  /// Compiles `model`, whose Parameters have known shapes.
  ///
  /// `operators`: as ``ShapePropagation`` read them.
  /// `depth`: how many plans ran before it in one inference.
  init(_ model: Model, operators: [NodeID: any Operator], environment: CompileEnvironment, depth: Int = 0) throws(OVError) {
    let builder = PlanBuilder(model: model, operators: operators, environment: environment)
    try builder.run()
    tail = builder.interpretedOrder.isEmpty ? nil : try PlanTail(builder, interpreted: builder.interpretedOrder, depth: depth)
    self.model = model
    self.operators = operators
    self.environment = environment
    steps = builder.steps
    buffers = builder.buffers
    let requests = buffers.map { buffer in
      if case .arena = buffer.kind, buffer.lastStep >= 0 {
        MemoryPlanner.Request(byteCount: buffer.byteCount, firstStep: buffer.firstStep, lastStep: buffer.lastStep)
      } else {
        MemoryPlanner.Request(byteCount: 0, firstStep: 0, lastStep: 0)
      }
    }
    (arenaOffsets, arenaByteCount) = MemoryPlanner.place(requests)
    guard arenaByteCount <= Tensor.byteLimit else {
      throw OVError(.invalidModel, "the model's values take \(arenaByteCount) bytes at a time, the machine has \(Tensor.byteLimit)")
    }
    workers = steps.contains(where: \.isParallel) ? environment.workers : 1
  }

  /// Its steps, and the nodes that are evaluated behind them.
  var infos: [StepInfo] { steps.map(\.info) + (tail?.deciders.map { StepInfo(evaluating: model[$0]) } ?? []) }

  /// This plan and those that followed it when its tail ran last.
  var chain: [Plan] {
    var chain = [self]
    while let next = chain.last!.tail?.rest?.latest { chain.append(next) }
    return chain
  }
}
