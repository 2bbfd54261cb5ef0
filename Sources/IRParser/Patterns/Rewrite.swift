/// A change that is made wherever a ``Pattern`` matches.
///
/// This one replaces `x · sigmoid(x)` by a `Swish`:
///
///     let x = Pattern.any.captured(as: "x")
///     let product = Pattern.node(
///       "Multiply", operands: [x, Pattern.node("Sigmoid", operands: [x]).usedOnce()], commutative: true)
///     let fuseSwish = Rewrite("FuseSwish", pattern: product) { model, match in
///       let old = model[match.root]
///       let swish = model.add(
///         Node(name: old.name, type: "Swish", opset: "opset4", inputs: [match["x"]], outputs: old.outputs))
///       model.replaceUses(of: OutputID(match.root), with: OutputID(swish))
///       return true
///     }
///     let report = try PassManager([fuseSwish]).run(on: &model)
public struct Rewrite: Sendable {
  /// What reports call it.
  public let name: String
  public let pattern: Pattern
  private let body: @Sendable (inout Model, Match) throws(OVError) -> Bool

  /// - Parameters:
  ///   - name: what reports call it.
  ///   - pattern: where it is tried.
  ///   - body: makes the change and says whether it made one. It leaves nodes that nothing uses any more where they are.
  public init(_ name: String, pattern: Pattern, body: @escaping @Sendable (inout Model, Match) throws(OVError) -> Bool) {
    self.name = name
    self.pattern = pattern
    self.body = body
  }

  /// Tries the rewrite at one node. When it changes something, the node and those before it are removed as far as nothing uses
  /// them any more.
  ///
  /// - Returns: whether the model was changed.
  public func apply(to model: inout Model, at node: NodeID) throws(OVError) -> Bool {
    guard let match = model.match(of: pattern, at: node) else { return false }
    let location = model[node].location
    do {
      guard try body(&model, match) else { return false }
    } catch {
      throw error.located(at: location)
    }
    model.removeIfUnused(match.root)
    return true
  }
}

/// Runs rewrites until none of them changes the model any more.
public struct PassManager: Sendable {
  /// What a run did.
  public struct Report: Hashable, Sendable {
    /// A rewrite and how often it changed the model.
    public struct Entry: Hashable, Sendable {
      public var name: String
      public var count: Int
    }

    /// In the order of the rewrites.
    public fileprivate(set) var entries: [Entry]
    /// Whether the last round changed nothing. If not, the number of rounds was exhausted.
    public fileprivate(set) var isFixedPoint = false

    /// How often the rewrites of a name changed the model.
    public subscript(name: String) -> Int { entries.reduce(0) { $1.name == name ? $0 + $1.count : $0 } }
    /// How often any rewrite changed the model.
    public var total: Int { entries.reduce(0) { $0 + $1.count } }
  }

  private let rewrites: [Rewrite]
  private let roundLimit: Int

  /// - Parameters:
  ///   - rewrites: tried in this order, in each round everywhere once.
  ///   - roundLimit: the number of rounds after which a run ends even if there is more to change.
  public init(_ rewrites: [Rewrite], roundLimit: Int = 32) {
    self.rewrites = rewrites
    self.roundLimit = roundLimit
  }

  /// Rewrites a model and the bodies in it.
  public func run(on model: inout Model) throws(OVError) -> Report {
    var report = Report(entries: rewrites.map { .init(name: $0.name, count: 0) })
    var round = 0
    while round < roundLimit, !report.isFixedPoint {
      let before = report.total
      for index in rewrites.indices { report.entries[index].count += try sweep(rewrites[index], &model) }
      report.isFixedPoint = report.total == before
      round += 1
    }
    return report
  }

  /// Tries a rewrite at every node once and returns how often it changed the model.
  private func sweep(_ rewrite: Rewrite, _ model: inout Model) throws(OVError) -> Int {
    var count = 0
    for id in model.topologicalOrder where model.contains(id) {
      for index in model[id].bodies.indices {
        var body = model[id].bodies[index].model
        let changes = try sweep(rewrite, &body)
        if changes > 0 { model.update(id) { $0.bodies[index].model = body } }
        count += changes
      }
      if try rewrite.apply(to: &model, at: id) { count += 1 }
    }
    return count
  }
}

extension Model {
  /// Removes a node that nothing uses, then those of the nodes before it that nothing uses any more. Inputs, outputs and sinks of
  /// the model stay. Does nothing when the node has been removed already.
  public mutating func removeIfUnused(_ id: NodeID) {
    var pending = [id]
    while let id = pending.popLast() {
      guard contains(id), !["Parameter", "Result"].contains(self[id].type), !self[id].isSink else { continue }
      guard self[id].outputs.indices.allSatisfy({ users(of: OutputID(id, $0)).isEmpty }) else { continue }
      pending += self[id].inputs.map(\.node)
      remove(id)
    }
  }
}
