/// Infers the types of all values of a model from its Parameters and Constants, on the way evaluating what is constant.
///
/// Declared types are replaced. Values that decide shapes (the outputs of ShapeOf, Gather, Concat … chains) are followed even
/// where the chain is only partly known, by evaluating it with lower and upper bounds.
struct ShapePropagation {
  /// The operators of the nodes, by identity: attributes read once.
  private(set) var operators: [NodeID: any Operator]
  /// Values found constant, for users further down.
  private(set) var constants: [OutputID: Tensor] = [:]
  private var bounds: [OutputID: ValueBounds] = [:]
  private let registry: OperatorRegistry

  /// `operators`: those that have been made already. `values`: what Parameters of a sub-graph are known to hold.
  init(registry: OperatorRegistry = .standard, operators: [NodeID: any Operator] = [:], values: [OutputID: Tensor] = [:]) {
    self.registry = registry
    self.operators = operators
    constants = values
  }

  /// The largest value that is evaluated during propagation, in elements: enough for every shape computation, little enough
  /// to keep weights alone.
  static let elementLimit = 4096

  /// Propagates through `model`.
  ///
  /// - Throws: ``OVError`` naming the layer whose operands contradict its operation.
  mutating func run(on model: inout Model) throws(OVError) {
    for id in model.topologicalOrder {
      let node = model[id]
      do {
        let op = try operators[id] ?? registry.makeOperator(for: node)
        operators[id] = op
        try propagate(op, node, &model)
      } catch let error as OVError {
        throw error.located(at: node.location)
      } catch {
        throw OVError(.internalFailure, "\(error)", at: node.location)
      }
    }
  }

  private mutating func propagate(_ op: any Operator, _ node: Node, _ model: inout Model) throws {
    if let constant = op as? Constant {
      model.setType(constant.tensor.type, of: OutputID(node.id))
      constants[OutputID(node.id)] = constant.tensor
      return
    }
    let inputs = node.inputs[..<node.ownInputCount]
    let values = inputs.map { constants[$0] }
    let ranges = inputs.map { bounds[$0] }
    let operands = Operands(
      types: inputs.map { model.type(of: $0) }, constant: { values[$0] }, bounds: { ranges[$0]?.dimensions })
    var types: [ValueType]
    if let control = op as? any ControlFlowOperator {
      var propagation = BodyPropagation(node.bodies, registry: registry)
      types = try control.inferTypes(operands, &propagation)
      model.update(node.id) { $0.bodies = propagation.bodies }
    } else {
      types = try op.inferTypes(operands)
    }
    // Of what is fused, only what is the package's own changes the type.
    for post in node.postOperations where post.opset == OperatorRegistry.internalSet {
      var arguments = post.operands.map { model.type(of: node.inputs[$0]) }
      arguments.insert(types[0], at: post.position)
      let fused = Node(name: post.name, type: post.type, opset: post.opset, attributes: post.attributes, location: node.location)
      types[0] = try registry.makeOperator(for: fused).inferTypes(Operands(types: arguments))[0]
    }
    for (index, type) in types.enumerated() {
      guard index < node.outputs.count else { break }
      if let shape = type.shape.shape { try Tensor.requireSize(type.elementType, shape) }
      model.setType(type, of: OutputID(node.id, index))
    }
    guard types.count >= node.outputs.count else {
      throw OVError(.invalidModel, "the layer has \(node.outputs.count) outputs, the operation has \(types.count)")
    }
    try evaluateIfSmall(op, node, model, types)
  }

  /// Evaluates a shape computation whose operands are known, or known within bounds.
  private mutating func evaluateIfSmall(_ op: any Operator, _ node: Node, _ model: Model, _ types: [ValueType]) throws {
    guard op.isPure, node.postOperations.isEmpty, node.bodies.isEmpty else { return }
    if let shapeOf = op as? any ShapeReading, let dimensions = model.type(of: node.inputs[0]).shape.dimensions {
      let value = ValueBounds(dimensions, elementType: types[0].elementType, of: shapeOf)
      if let known = value.exact { constants[OutputID(node.id)] = known } else { bounds[OutputID(node.id)] = value }
      return
    }
    guard types.allSatisfy({ ($0.shape.shape?.checkedElementCount ?? .max) <= ShapePropagation.elementLimit }) else { return }
    let context = EvaluationContext(node: node)
    let known = node.inputs.map { constants[$0] }
    if known.allSatisfy({ $0 != nil }) {
      guard known.allSatisfy({ $0!.elementCount <= ShapePropagation.elementLimit * 16 }) else { return }
      let outputs = try op.evaluate(known.map { $0! }, context)
      for (index, output) in outputs.enumerated() where index < node.outputs.count { constants[OutputID(node.id, index)] = output }
      return
    }
    try evaluateBounds(op, node, types)
  }

  /// Evaluates a shape computation at the bounds of its operands.
  private mutating func evaluateBounds(_ op: any Operator, _ node: Node, _ types: [ValueType]) throws {
    guard let rule = ValueBounds.rules[node.type], types[0].elementType.isInteger else { return }
    var lower: [Tensor] = []
    var upper: [Tensor] = []
    for (index, input) in node.inputs.enumerated() {
      guard let low = constants[input] ?? bounds[input]?.lower, let high = constants[input] ?? bounds[input]?.upper else { return }
      guard index == 0 || rule != .movesFirst || constants[input] != nil else { return }
      guard rule != .multiplies || ValueBounds.canMultiply(low, high) else { return }
      lower.append(low)
      upper.append(high)
    }
    let context = EvaluationContext(node: node)
    guard let low = try? op.evaluated(lower, context), let high = try? op.evaluated(upper, context) else { return }
    for index in node.outputs.indices where index < low.count && low[index].shape == high[index].shape {
      guard let value = ValueBounds(lower: low[index], upper: high[index]) else { continue }
      if let known = value.exact { constants[OutputID(node.id, index)] = known } else { bounds[OutputID(node.id, index)] = value }
    }
  }
}

/// An operator whose output is its operand's shape.
protocol ShapeReading: Operator {}

/// The least and the greatest value that each element of an integer tensor may take.
struct ValueBounds {
  var lower: Tensor
  var upper: Tensor

  /// Stands for "no upper limit" in ``upper``; halved so that sums of two do not overflow.
  static let unbounded = Int(Int32.max)

  /// Why evaluating an operation at the bounds of its operands bounds its result.
  enum Rule {
    /// Elements of the first operand move; where they move to is known.
    case movesFirst
    /// The result grows with every operand.
    case grows
    /// The result grows with every operand while none is negative.
    case multiplies
  }

  /// The operations that shapes are computed with.
  static let rules: [String: Rule] = [
    "Gather": .movesFirst, "Unsqueeze": .movesFirst, "Squeeze": .movesFirst, "Slice": .movesFirst, "StridedSlice": .movesFirst,
    "Reshape": .movesFirst, "Broadcast": .movesFirst, "Split": .movesFirst, "VariadicSplit": .movesFirst, "Transpose": .movesFirst,
    "Concat": .grows, "Convert": .grows, "Add": .grows, "Maximum": .grows, "Minimum": .grows, "Multiply": .multiplies,
    "ReduceProd": .multiplies,
  ]

  /// Whether products of elements within these bounds grow with them, and stay within 64 bits.
  static func canMultiply(_ lower: Tensor, _ upper: Tensor) -> Bool {
    lower.ints().allSatisfy { $0 >= 0 } && upper.ints().allSatisfy { $0 < unbounded }
  }

  /// `nil` when a bound has wrapped round, so that the bounds are out of order.
  init?(lower: Tensor, upper: Tensor) {
    guard zip(lower.int64s(), upper.int64s()).allSatisfy({ $0 <= $1 }) else { return nil }
    self.lower = lower
    self.upper = upper
  }

  init(_ dimensions: [Dimension], elementType: ElementType, of _: any ShapeReading) {
    lower = Tensor(elementType, shape: [dimensions.count], ints: dimensions.map(\.lowerBound))
    upper = Tensor(elementType, shape: [dimensions.count], ints: dimensions.map { Swift.min($0.upperBound ?? .max, ValueBounds.unbounded) })
  }

  /// The value when the bounds meet.
  var exact: Tensor? { lower.int64s() == upper.int64s() ? lower : nil }

  /// The elements as extents; `nil` when one may be negative.
  var dimensions: [Dimension]? {
    guard lower.shape.count <= 1 else { return nil }
    var result: [Dimension] = []
    for (low, high) in zip(lower.ints(), upper.ints()) {
      guard low >= 0, high >= low else { return nil }
      result.append(Dimension(lowerBound: low, upperBound: high >= ValueBounds.unbounded ? nil : high))
    }
    return result
  }
}
