/// The part of a model whose shapes only the run decides.
///
/// When a plan's steps are done, the nodes that decide shapes (NonZero, NonMaxSuppression, Range …) are evaluated. Then all values
/// that the remaining nodes read have known shapes, so these are a model that is compiled as any other, for each set of shapes
/// that occurs; it may end in a tail of its own.
final class PlanTail: Sendable {
  /// The nodes that are evaluated, in order.
  let deciders: [NodeID]
  /// Where the steps leave the values that the deciders and the rest read.
  let exports: [OutputID: View]
  /// The constants that the deciders read.
  let constants: [OutputID: Tensor]
  /// The plan's results that are there when the deciders are done.
  let results: [(index: Int, value: OutputID)]
  /// The remaining nodes; `nil` when there are none.
  let rest: PlanCache?
  /// For each Parameter of the rest the value it stands for.
  let restInputs: [OutputID]
  /// For each Result of the rest its place among the plan's.
  let restResults: [Int]

  /// How many tails may follow each other; at the last all nodes are evaluated one by one.
  static let depthLimit = 32

  /// `interpreted`: the nodes that have no steps, in order.
  init(_ builder: PlanBuilder, interpreted: [NodeID], depth: Int) throws(OVError) {
    let model = builder.model
    var isOpen = Set(interpreted)
    /// Whether a value is there when the nodes that are still open have not run.
    func isAvailable(_ input: OutputID) -> Bool { !isOpen.contains(input.node) }
    let isLast = depth == PlanTail.depthLimit || interpreted.contains { model[$0].outputs.contains { $0.type.elementType == .dynamic } }
    var deciders: [NodeID] = []
    for id in interpreted where model[id].type != "Result" {
      if isLast || model[id].inputs.allSatisfy(isAvailable) { deciders.append(id) }
      if isLast { isOpen.remove(id) }
    }
    for id in deciders { isOpen.remove(id) }
    var results: [(index: Int, value: OutputID)] = []
    for (index, id) in model.results.enumerated() where isOpen.contains(id) && isAvailable(model[id].inputs[0]) {
      results.append((index, model[id].inputs[0]))
      isOpen.remove(id)
    }
    self.deciders = deciders
    self.results = results
    restResults = model.results.indices.filter { isOpen.contains(model.results[$0]) }
    (rest, restInputs) = PlanTail.rest(of: builder, isOpen, depth: depth)
    let evaluated = Set(deciders)
    let reads = (deciders.flatMap { model[$0].inputs } + results.map(\.value) + restInputs).filter { !evaluated.contains($0.node) }
    exports = builder.exports(reads.filter { !builder.isConstantValue($0) && model[$0.node].type != "Parameter" })
    var constants: [OutputID: Tensor] = [:]
    do {
      for input in reads where builder.isConstantValue(input) { constants[input] = try builder.constant(input) }
    } catch { throw error as? OVError ?? OVError(.internalFailure, "\(error)") }
    self.constants = constants
  }

  /// The open nodes as a model: what they read of other nodes becomes its Parameters. Nodes keep their identity, so that data
  /// derived from constants are shared with the other plans.
  private static func rest(of builder: PlanBuilder, _ isOpen: Set<NodeID>, depth: Int) -> (PlanCache?, [OutputID]) {
    if isOpen.isEmpty { return (nil, []) }
    let model = builder.model
    var rest = model
    var inputs: [OutputID] = []
    var parameters: [OutputID: NodeID] = [:]
    for id in model.topologicalOrder where isOpen.contains(id) {
      for (index, input) in model[id].inputs.enumerated() where !isOpen.contains(input.node) && !builder.isConstantValue(input) {
        if parameters[input] == nil {
          let type = model.type(of: input)
          let node = Node(
            name: model[input.node].name, type: "Parameter", opset: "opset1",
            attributes: ["element_type": type.elementType.rawValue, "shape": type.shape.irText], outputs: [Node.Output(type)],
            location: model[input.node].location)
          parameters[input] = rest.add(node)
          inputs.append(input)
        }
        rest.setInput(InputID(id, index), to: OutputID(parameters[input]!))
      }
    }
    let kept = isOpen.union(parameters.values)
    for id in rest.topologicalOrder.reversed() where !kept.contains(id) {
      let isUsed = rest[id].outputs.indices.contains { !rest.users(of: OutputID(id, $0)).isEmpty }
      if !isUsed { rest.remove(id) }
    }
    return (PlanCache(base: rest, environment: builder.environment, depth: depth + 1), inputs)
  }
}
