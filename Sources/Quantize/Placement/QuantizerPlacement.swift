import OVRuntime

/// Where quantisers stand in a model, and whose weights are quantised.
///
/// A quantiser belongs before an operation that is to compute in integers; where every use of a value wants one, it moves up through
/// operations that only move elements, so that those run on integers too. The rules are NNCF's for the CPU; `docs/quantization.md`
/// lists them and where they differ.
struct QuantizerPlacement {
  /// A value that is rounded to a grid, and who uses the rounded one.
  struct Point {
    let value: OutputID
    let users: [InputID]
    /// Whether each channel (axis 1) has a range of its own: where all users are depthwise convolutions.
    let isPerChannel: Bool
    /// Points of the same group share a range.
    var group: Int
  }

  /// A layer with constant weights.
  struct WeightedLayer {
    let node: NodeID
    let layout: WeightLayout
    let weights: OutputID
  }

  private(set) var points: [Point] = []
  /// In topological order.
  private(set) var layers: [WeightedLayer] = []
  /// Gathers from a constant table: weights of which only rows are read.
  private(set) var embeddings: [NodeID] = []
  /// Why layers that could be quantised are not, by node.
  private(set) var reasons: [NodeID: String] = [:]

  private let model: Model
  private let order: [NodeID]
  private let fixed: Set<NodeID>
  private let ignored: Set<NodeID>
  private var wanted: Set<InputID> = []
  private var reachesInteger: Set<OutputID> = []

  /// `ignored`: nodes that stay in floating point. `quantizesOutputs`: whether results are rounded too.
  init(_ model: Model, ignored: Set<NodeID>, quantizesOutputs: Bool) {
    self.model = model
    order = model.topologicalOrder
    fixed = QuantizerPlacement.fixedNodes(model, order)
    let builtIn = IgnoredPatterns.nodes(in: model, order)
    self.ignored = ignored.union(builtIn.keys)
    for (id, reason) in builtIn { reasons[id] = reason }
    for id in ignored { reasons[id] = "ignored" }
    for id in order.reversed() { decide(id, quantizesOutputs) }
    collect()
  }

  /// Nodes whose values do not depend on the values of inputs: constants and what is computed from shapes and constants.
  private static func fixedNodes(_ model: Model, _ order: [NodeID]) -> Set<NodeID> {
    var fixed: Set<NodeID> = []
    for id in order {
      let node = model[id]
      if node.type == "Constant" || node.type == "ShapeOf" {
        fixed.insert(id)
      } else if !node.inputs.isEmpty, node.type != "ReadValue", node.inputs.allSatisfy({ fixed.contains($0.node) }) {
        fixed.insert(id)
      }
    }
    return fixed
  }

  /// Whether a node's value does not depend on the values of inputs.
  func isFixed(_ id: NodeID) -> Bool { fixed.contains(id) }

  /// The values that a quantiser stands behind, here or when some layers are restored.
  var wantedValues: [OutputID] { Array(Set(wanted.map { model[$0.node].inputs[$0.index] })) }

  /// The inputs of layers that receive a point's rounded numbers, directly or through operations that move them.
  func inputs(behind point: Point) -> [InputID] {
    var found: [InputID] = []
    var pending = point.users
    while let input = pending.popLast() {
      found.append(input)
      let node = model[input.node]
      switch OperationRole(node) {
      case .transparent, .concat:
        for index in node.outputs.indices { pending += model.users(of: OutputID(input.node, index)).filter { wanted.contains($0) } }
      default: break
      }
    }
    return found
  }

  // MARK: What is wanted

  private func isActivation(_ value: OutputID) -> Bool {
    !fixed.contains(value.node) && model.type(of: value).elementType == .f32
  }

  private mutating func decide(_ id: NodeID, _ quantizesOutputs: Bool) {
    let node = model[id]
    if node.type == "Result", quantizesOutputs, isActivation(node.inputs[0]) { wanted.insert(InputID(id, 0)) }
    let role = OperationRole(node)
    let outputs = node.outputs.indices.map { OutputID(id, $0) }
    let isReached = outputs.contains { output in
      model.users(of: output).contains { wanted.contains($0) || passes($0) }
    }
    if isReached { reachesInteger.formUnion(outputs) }
    if ignored.contains(id) || fixed.contains(id) { return }
    switch role {
    case .linear: decideLinear(node)
    case .follower:
      let operands = node.inputs.indices.filter { isActivation(node.inputs[$0]) }
      let isBinary = ["Add", "Subtract", "Multiply"].contains(node.type)
      guard isReached, operands.count == (isBinary ? 2 : 1), !(isBinary && isGate(node)) else { return }
      for index in operands { wanted.insert(InputID(id, index)) }
    case .transparent, .concat:
      let operands = role == .concat ? Array(node.inputs.indices) : [0]
      guard operands.allSatisfy({ isActivation(node.inputs[$0]) }), isWantedByAll(outputs) else { return }
      for index in operands { wanted.insert(InputID(id, index)) }
    case .activation, .other: return
    }
  }

  private func isWantedByAll(_ outputs: [OutputID]) -> Bool {
    let users = outputs.flatMap { model.users(of: $0) }
    return !users.isEmpty && users.allSatisfy { wanted.contains($0) }
  }

  /// Whether what an input feeds in floating point ends in an integer operation: then the operation before is worth quantising.
  private func passes(_ input: InputID) -> Bool {
    let node = model[input.node]
    switch OperationRole(node) {
    case .linear, .other: return false
    case .activation, .transparent, .concat, .follower:
      return !ignored.contains(input.node) && node.outputs.indices.contains { reachesInteger.contains(OutputID(input.node, $0)) }
    }
  }

  private mutating func decideLinear(_ node: Node) {
    guard isActivation(node.inputs[0]) else {
      reasons[node.id] = "its data are not f32 activations"
      return
    }
    let weights = node.inputs[1]
    if fixed.contains(weights.node) {
      guard model.type(of: weights).elementType == .f32, WeightLayout(node, weightsShape: model.type(of: weights).shape.shape) != nil else {
        reasons[node.id] = "its weights are not a constant of a known form"
        return
      }
      wanted.insert(InputID(node.id, 0))
    } else if node.type == "MatMul", isActivation(weights) {
      wanted.insert(InputID(node.id, 0))
      wanted.insert(InputID(node.id, 1))
    } else {
      reasons[node.id] = "its weights are not constant"
    }
  }

  /// Whether one operand of a product is computed from the other one alone: x · sigmoid(x), as Swish is written out.
  private func isGate(_ node: Node) -> Bool {
    func descends(_ value: OutputID, from origin: OutputID, _ depth: Int) -> Bool {
      if value == origin { return depth > 0 }
      let producer = model[value.node]
      let role = OperationRole(producer)
      guard depth < 8, role == .activation || role == .follower else { return false }
      let operands = producer.inputs.filter { !fixed.contains($0.node) }
      return operands.count == 1 && descends(operands[0], from: origin, depth + 1)
    }
    return descends(node.inputs[0], from: node.inputs[1], 0) || descends(node.inputs[1], from: node.inputs[0], 0)
  }

  // MARK: Points

  /// Whether the quantiser of a value stands before its producer instead.
  private func hasMovedUp(_ value: OutputID) -> Bool {
    switch OperationRole(model[value.node]) {
    case .transparent, .concat: wanted.contains(InputID(value.node, 0))
    default: false
    }
  }

  private mutating func collect() {
    var pointOfValue: [OutputID: Int] = [:]
    for id in order {
      let node = model[id]
      for index in node.outputs.indices {
        let value = OutputID(id, index)
        let users = model.users(of: value).filter { wanted.contains($0) }.sorted { ($0.node, $0.index) < ($1.node, $1.index) }
        if users.isEmpty || hasMovedUp(value) { continue }
        pointOfValue[value] = points.count
        points.append(
          Point(value: value, users: users, isPerChannel: users.allSatisfy { isDepthwiseData($0) }, group: points.count))
      }
      if wanted.contains(InputID(id, 0)), OperationRole(node) == .linear,
        let layout = WeightLayout(node, weightsShape: model.type(of: node.inputs[1]).shape.shape), fixed.contains(node.inputs[1].node)
      {
        layers.append(WeightedLayer(node: id, layout: layout, weights: node.inputs[1]))
      }
      if isEmbedding(node), !ignored.contains(id) { embeddings.append(id) }
    }
    // Operands of a Concat that moved behind their quantisers share a range.
    for id in order where OperationRole(model[id]) == .concat && wanted.contains(InputID(id, 0)) {
      let members = Set(model[id].inputs.flatMap { origins($0) }.compactMap { pointOfValue[$0] }.map { points[$0].group })
      guard let group = members.min() else { continue }
      for index in points.indices where members.contains(points[index].group) { points[index].group = group }
    }
  }

  /// The values whose quantisers a value owes its grid to.
  private func origins(_ value: OutputID) -> [OutputID] {
    guard hasMovedUp(value) else { return [value] }
    let node = model[value.node]
    return (OperationRole(node) == .concat ? node.inputs : [node.inputs[0]]).flatMap { origins($0) }
  }

  private func isDepthwiseData(_ input: InputID) -> Bool {
    guard input.index == 0 else { return false }
    let node = model[input.node]
    guard node.type == "GroupConvolution", fixed.contains(node.inputs[1].node) else { return false }
    return WeightLayout(node, weightsShape: model.type(of: node.inputs[1]).shape.shape)?.isDepthwise ?? false
  }

  /// Whether a node picks rows of a constant table of real numbers.
  private func isEmbedding(_ node: Node) -> Bool {
    guard node.type == "Gather", fixed.contains(node.inputs[0].node), !fixed.contains(node.inputs[1].node),
      let shape = model.type(of: node.inputs[0]).shape.shape, shape.count == 2, shape[0] * shape[1] >= 4096
    else { return false }
    return model.type(of: node.inputs[0]).elementType == .f32
  }
}
