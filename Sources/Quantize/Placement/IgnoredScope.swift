import OVRuntime

/// Layers that stay in floating point.
public struct IgnoredScope: Sendable {
  /// Names of layers.
  public var names: [String] = []
  /// Regular expressions that the whole name of a layer matches: characters, `.`, sets in brackets, `*`, `+`, `?`, `|` and groups.
  public var patterns: [String] = []
  /// Operation types, such as `MatMul`.
  public var types: [String] = []

  public init(names: [String] = [], patterns: [String] = [], types: [String] = []) {
    self.names = names
    self.patterns = patterns
    self.types = types
  }

  /// The nodes meant.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` for an entry that means none, or a malformed pattern.
  func nodes(in model: Model) throws(OVError) -> Set<NodeID> {
    var ignored: Set<NodeID> = []
    let all = model.nodes.filter { $0.type != "Constant" }
    func add(_ kind: String, _ entry: String, _ matches: [Node]) throws(OVError) {
      guard !matches.isEmpty else {
        throw OVError(
          .invalidArgument, "no layer's \(kind) is '\(OVError.printable(entry))', so it cannot be ignored",
          suggestion: "'ovrun inspect --json' and --dot show names and types")
      }
      ignored.formUnion(matches.map(\.id))
    }
    for name in names { try add("name", name, all.filter { $0.name == name }) }
    for type in types { try add("type", type, all.filter { $0.type == type }) }
    for pattern in patterns {
      let parsed = try NamePattern(pattern)
      try add("name", pattern, all.filter { parsed.matches($0.name) })
    }
    return ignored
  }
}
