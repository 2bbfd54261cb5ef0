/// A description of a value in a graph by how it is computed, to be searched for with ``Model/matches(of:)``.
///
/// A pattern is put together from the value's end backwards, from patterns of the operands. A captured name that stands twice
/// demands the same value in both places. Swish, written as a product with a sigmoid, is
///
///     let x = Pattern.any.captured(as: "x")
///     let sigmoid = Pattern.node("Sigmoid", operands: [x]).usedOnce()
///     let swish = Pattern.node("Multiply", operands: [x, sigmoid], commutative: true)
///
/// and `model.matches(of: swish)` finds every product that can be replaced; `match["x"]` is what the Swish is of.
public struct Pattern: Sendable {
  private enum Kind: Sendable {
    case any
    case node(types: [String], operands: [Pattern]?, isCommutative: Bool)
    case oneOf([Pattern])
  }

  private var kind: Kind
  private var outputIndex: Int?
  private var conditions: [@Sendable (OutputID, Model) -> Bool] = []
  private var name: String?

  private init(_ kind: Kind) { self.kind = kind }

  // MARK: Making patterns

  /// Any value at all.
  public static let any = Pattern(.any)

  /// The output of a `Constant`.
  public static let constant = Pattern(.node(types: ["Constant"], operands: nil, isCommutative: false))

  /// An output of a node of one of `types`.
  ///
  /// - Parameters:
  ///   - types: operation types in the spelling of ``Node/type``.
  ///   - operands: patterns of all operands in order; `nil` for any number of any operands.
  ///   - commutative: whether the operands may stand in reverse order too. For two operands.
  /// - Returns: the pattern.
  /// - Precondition: a commutative pattern has two operands.
  public static func node(_ types: String..., operands: [Pattern]? = nil, commutative: Bool = false) -> Pattern {
    precondition(!commutative || operands?.count == 2, "a commutative pattern has two operands")
    return Pattern(.node(types: types, operands: operands, isCommutative: commutative))
  }

  /// A value that matches one of several patterns; the first that does counts.
  public static func oneOf(_ patterns: Pattern...) -> Pattern { Pattern(.oneOf(patterns)) }

  // MARK: Restricting them

  /// The same pattern, whose value a match gives out under `name`.
  ///
  /// Patterns of the same name in one pattern match only the same value.
  /// - Precondition: the pattern has no name yet.
  public func captured(as name: String) -> Pattern {
    precondition(self.name == nil, "a pattern has one name")
    var pattern = self
    pattern.name = name
    return pattern
  }

  /// The same pattern, of values for which `condition` holds.
  public func filtered(_ condition: @escaping @Sendable (OutputID, Model) -> Bool) -> Pattern {
    var pattern = self
    pattern.conditions.append(condition)
    return pattern
  }

  /// The same pattern, of nodes of an operation set `opset1`, `opset2` … whose number lies in `numbers`.
  public func opset(_ numbers: some RangeExpression<Int> & Sendable) -> Pattern {
    filtered { value, model in model[value.node].opsetNumber.map { numbers.contains($0) } ?? false }
  }

  /// The same pattern, of values that a single input uses, so that they vanish with their user.
  public func usedOnce() -> Pattern { filtered { value, model in model.users(of: value).count == 1 } }

  /// The same pattern, of one of the outputs of a node with several. Without it any output matches.
  public func output(_ index: Int) -> Pattern {
    var pattern = self
    pattern.outputIndex = index
    return pattern
  }

  // MARK: Matching

  /// The ways in which `value` matches, as extensions of what is bound already, best first.
  func bindings(of value: OutputID, in model: Model, extending bound: Match.Bindings) -> [Match.Bindings] {
    if let outputIndex, value.index != outputIndex { return [] }
    var bound = bound
    if let name {
      if let other = bound.values[name], other != value { return [] }
      bound.values[name] = value
    }
    let candidates: [Match.Bindings]
    switch kind {
    case .any:
      candidates = [bound]
    case .oneOf(let patterns):
      candidates = patterns.flatMap { $0.bindings(of: value, in: model, extending: bound) }
    case .node(let types, let operands, let isCommutative):
      let node = model[value.node]
      guard types.contains(node.type) else { return [] }
      bound.nodes.append(value.node)
      guard let operands else {
        candidates = [bound]
        break
      }
      let orders = isCommutative ? [node.inputs, node.inputs.reversed()] : [node.inputs]
      candidates = orders.flatMap { Pattern.bindings(of: $0, as: operands, in: model, extending: bound) }
    }
    if candidates.isEmpty { return [] }
    return conditions.allSatisfy { $0(value, model) } ? candidates : []
  }

  private static func bindings(
    of inputs: [OutputID], as operands: [Pattern], in model: Model, extending bound: Match.Bindings
  ) -> [Match.Bindings] {
    guard inputs.count == operands.count else { return [] }
    return zip(operands, inputs).reduce([bound]) { partial, operand in
      partial.flatMap { operand.0.bindings(of: operand.1, in: model, extending: $0) }
    }
  }
}

/// A place in a model where a ``Pattern`` matches.
public struct Match: Sendable {
  struct Bindings: Sendable {
    var values: [String: OutputID] = [:]
    var nodes: [NodeID] = []
  }

  /// The node that the outermost pattern matches.
  public let root: NodeID
  private let bindings: Bindings

  init(root: NodeID, _ bindings: Bindings) {
    self.root = root
    self.bindings = bindings
  }

  /// The nodes that patterns of nodes match, each before those of its operands.
  public var nodes: [NodeID] { bindings.nodes }

  /// The value that was captured under a name.
  ///
  /// - Precondition: the pattern has a part of that name which took part in the match; ``value(_:)`` asks.
  public subscript(name: String) -> OutputID {
    guard let value = bindings.values[name] else { preconditionFailure("the match has captured nothing as \(name)") }
    return value
  }

  /// The value that was captured under a name; `nil` when that part of the pattern took no part in the match.
  public func value(_ name: String) -> OutputID? { bindings.values[name] }
}

extension Model {
  /// The nodes whose first output matches a pattern, each behind its operands. Matches may overlap. Bodies are not searched.
  public func matches(of pattern: Pattern) -> [Match] { topologicalOrder.compactMap { match(of: pattern, at: $0) } }

  /// How a node's output matches a pattern; `nil` when it does not.
  public func match(of pattern: Pattern, at node: NodeID, output: Int = 0) -> Match? {
    pattern.bindings(of: OutputID(node, output), in: self, extending: Match.Bindings()).first.map { Match(root: node, $0) }
  }
}
