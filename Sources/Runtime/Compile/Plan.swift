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
  /// The nodes behind values whose shapes only the run decides, in order.
  let interpreted: [NodeID]
  /// What they read from the steps' buffers.
  let exports: [OutputID: View]
  /// The constants they read.
  let interpretedConstants: [OutputID: Tensor]
  let operators: [NodeID: any Operator]
  let bodies: [NodeID: [CompiledBody]]
  let environment: CompileEnvironment

  /// Compiles `model`, whose Parameters have known shapes.
  ///
  /// `operators`: as ``ShapePropagation`` read them.
  init(_ model: Model, operators: [NodeID: any Operator], environment: CompileEnvironment) throws(OVError) {
    let builder = PlanBuilder(model: model, operators: operators, environment: environment)
    try builder.run()
    exports = builder.exports()
    self.model = model
    self.operators = operators
    self.environment = environment
    steps = builder.steps
    interpreted = builder.interpretedOrder
    buffers = builder.buffers
    var constants: [OutputID: Tensor] = [:]
    var bodies: [NodeID: [CompiledBody]] = [:]
    do {
      for id in interpreted {
        for input in model[id].inputs where builder.isConstantValue(input) { constants[input] = try builder.constant(input) }
        bodies[id] = try model[id].bodies.map { try CompiledBody($0, environment: environment) }
      }
    } catch { throw error as? OVError ?? OVError(.internalFailure, "\(error)") }
    interpretedConstants = constants
    self.bodies = bodies
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
}
