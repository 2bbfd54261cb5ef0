/// The operators there are: for each operation type the versions it has, and who implements them.
package struct OperatorRegistry: Sendable {
  /// One operation type.
  package struct Entry: Sendable {
    /// OpenVINO's class name.
    package let type: String
    /// The operation sets that (re)defined the operation, ascending; a later set that merely contains it means the latest
    /// definition at or before it. Empty for what only passes make.
    package let versions: [Int]
    /// Reads and checks a node's attributes; throws ``OVError/Code/invalidModel`` when they contradict the operation's
    /// specification.
    package let make: @Sendable (Node) throws -> any Operator

    package init(_ type: String, _ versions: [Int], _ make: @escaping @Sendable (Node) throws -> any Operator) {
      self.type = type
      self.versions = versions
      self.make = make
    }
  }

  private let entries: [String: Entry]

  package init(_ groups: [[Entry]]) {
    var entries: [String: Entry] = [:]
    for entry in groups.joined() {
      precondition(entries.updateValue(entry, forKey: entry.type) == nil, "\(entry.type) is registered twice")
    }
    self.entries = entries
  }

  /// All operators of this package.
  package static let standard = OperatorRegistry([
    graphOperators, elementwiseOperators, mathematicsOperators, convolutionOperators, movementOperators, sortingOperators,
    signalOperators, embeddingOperators, imageOperators, detectionOperators, sequenceOperators, controlFlowOperators,
    quantizationOperators,
  ])

  /// The registered operation types of OpenVINO's sets, sorted.
  package var types: [String] { entries.values.filter { !$0.versions.isEmpty }.map(\.type).sorted() }

  package subscript(type: String) -> Entry? { entries[type] }

  /// The operator that a node asks for.
  ///
  /// - Throws: ``OVError/Code/unsupported`` naming type, set and layer when there is none; what reading its attributes throws.
  package func makeOperator(for node: Node) throws(OVError) -> any Operator {
    guard let entry = entries[node.type] else {
      let near = nearestType(to: node.type)
      throw OVError(
        .unsupported, "operation \(node.type) of \(node.opset) is not supported", at: node.location,
        suggestion: near.map { "the nearest supported operation is \($0)" })
    }
    let number = node.opsetNumber
    guard entry.versions.isEmpty ? node.isInternal : number != nil || node.opset == "experimental" else {
      throw OVError(
        .unsupported, "operation \(node.type) of \(node.opset) is not supported", at: node.location,
        suggestion: entry.versions.last.map { "it is supported as opset\($0)" })
    }
    if let number, number > 17 || number < entry.versions[0] {
      let nearest = number > 17 ? entry.versions.last! : entry.versions[0]
      throw OVError(
        .unsupported, "operation \(node.type) of \(node.opset) is not supported", at: node.location,
        suggestion: "the nearest supported version is opset\(nearest)")
    }
    do { return try entry.make(node) } catch let error as OVError { throw error.located(at: node.location) } catch {
      throw OVError(.internalFailure, "\(error)", at: node.location)
    }
  }

  /// The operators of a model's nodes. Those of sub-graphs are made too, but for the check alone.
  ///
  /// - Throws: as ``makeOperator(for:)`` for the first node that has none.
  package func makeOperators(for model: Model) throws(OVError) -> [NodeID: any Operator] {
    let operators = try makeOperators(ofNodesOf: model)
    // Not recursive: a file decides how deep sub-graphs lie within each other.
    var pending = model.nodes.flatMap { $0.bodies.map(\.model) }
    while let next = pending.popLast() {
      _ = try makeOperators(ofNodesOf: next)
      pending += next.nodes.flatMap { $0.bodies.map(\.model) }
    }
    return operators
  }

  private func makeOperators(ofNodesOf model: Model) throws(OVError) -> [NodeID: any Operator] {
    var operators: [NodeID: any Operator] = [:]
    for id in model.nodeIDs {
      let node = model[id]
      guard !node.isInternal else {
        throw OVError(.unsupported, "operation \(node.type) of \(node.opset) is not for files", at: node.location)
      }
      operators[id] = try makeOperator(for: node)
    }
    return operators
  }

  /// The registered type whose name shares the longest beginning with `type`, when that is at least three letters.
  private func nearestType(to type: String) -> String? {
    func shared(_ other: String) -> Int { zip(type.lowercased(), other.lowercased()).prefix { $0 == $1 }.count }
    guard let best = types.max(by: { shared($0) < shared($1) }), shared(best) >= 3 else { return nil }
    return best
  }
}

extension Node {
  /// The definition of the operation that the node's set holds, among the ascending `versions` of its type: the latest at or
  /// before the set's number; extension sets mean the oldest.
  package func version(among versions: [Int]) -> Int {
    guard let number = opsetNumber else { return versions[0] }
    return versions.last { $0 <= number } ?? versions[0]
  }
}
