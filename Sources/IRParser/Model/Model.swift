/// A computation graph, as read from an IR or built by hand.
///
/// A value type: a copy can be edited without touching the original, and weights are shared between copies. The model keeps
/// track of who uses which value, so edits go through its methods; identities of nodes stay valid while it is edited.
///
/// Invariants: every input refers to an output that exists, the graph has no cycle, ``parameters`` and ``results`` are nodes
/// of those types. The editing methods check the first with preconditions.
public struct Model: Sendable {
  public var name: String
  /// The `version` of the `<net>` it was read from: 10 or 11.
  public var irVersion = 11
  /// The model's `<rt_info>`.
  public var runtimeInfo = RuntimeInfo.entries([])
  /// Parameters in the order of the model's inputs.
  public private(set) var parameters: [NodeID] = []
  /// Results in the order of the model's outputs.
  public private(set) var results: [NodeID] = []
  /// Nodes that must run although nothing uses them: `Assign`, and those with a sub-graph that has such a node.
  public private(set) var sinks: [NodeID] = []

  private var storage: [Node?] = []
  /// Parallel to `storage`: for each output the inputs that use it.
  private var users: [[[InputID]]] = []
  /// The number of nodes.
  public private(set) var nodeCount = 0

  public init(name: String) { self.name = name }

  /// The node with an identity.
  ///
  /// - Precondition: the node has not been removed.
  public subscript(id: NodeID) -> Node { _read { yield storage[id.index]! } }

  /// Whether the node has not been removed.
  public func contains(_ id: NodeID) -> Bool { storage.indices.contains(id.index) && storage[id.index] != nil }

  /// The identities of all nodes, in order of insertion.
  public var nodeIDs: [NodeID] { storage.indices.lazy.filter { storage[$0] != nil }.map { NodeID($0) } }

  /// All nodes, in order of insertion.
  public var nodes: [Node] { storage.compactMap { $0 } }

  /// The output at the other end of an edge.
  public subscript(output: OutputID) -> Node.Output { self[output.node].outputs[output.index] }

  /// What is known of a value.
  public func type(of output: OutputID) -> ValueType { self[output].type }

  /// The node that produces the `index`-th operand of `id`.
  public func producer(of id: NodeID, _ index: Int) -> Node { self[self[id].inputs[index].node] }

  /// The inputs that use a value, in no particular order.
  public func users(of output: OutputID) -> [InputID] {
    let outputs = users[output.node.index]
    return output.index < outputs.count ? outputs[output.index] : []
  }

  // MARK: Editing

  /// Adds a node. `Parameter`, `Result` and `Assign` nodes join ``parameters``, ``results`` and ``sinks`` at the end.
  ///
  /// - Precondition: the node's inputs refer to outputs in the model.
  @discardableResult
  public mutating func add(_ node: Node) -> NodeID {
    let id = NodeID(storage.count)
    var node = node
    node.id = id
    storage.append(node)
    users.append([[InputID]](repeating: [], count: node.outputs.count))
    nodeCount += 1
    for (index, source) in node.inputs.enumerated() { link(source, InputID(id, index)) }
    switch node.type {
    case "Parameter": parameters.append(id)
    case "Result": results.append(id)
    default: if node.isSink { sinks.append(id) }
    }
    return id
  }

  /// Edits everything of a node but its inputs.
  public mutating func update(_ id: NodeID, _ body: (inout Node) throws -> Void) rethrows {
    let inputs = self[id].inputs
    defer {
      storage[id.index]!.inputs = inputs
      let outputs = storage[id.index]!.outputs.count
      while users[id.index].count < outputs { users[id.index].append([]) }
    }
    try body(&storage[id.index]!)
  }

  /// Sets what is known of a value.
  public mutating func setType(_ type: ValueType, of output: OutputID) {
    storage[output.node.index]!.outputs[output.index].type = type
  }

  /// Connects an input to another value.
  public mutating func setInput(_ input: InputID, to source: OutputID) {
    unlink(storage[input.node.index]!.inputs[input.index], input)
    storage[input.node.index]!.inputs[input.index] = source
    link(source, input)
  }

  /// Adds an input behind a node's others and returns its index.
  @discardableResult
  public mutating func appendInput(_ source: OutputID, to id: NodeID) -> Int {
    let index = storage[id.index]!.inputs.count
    storage[id.index]!.inputs.append(source)
    link(source, InputID(id, index))
    return index
  }

  /// Replaces all of a node's inputs.
  public mutating func setInputs(of id: NodeID, to sources: [OutputID]) {
    for (index, source) in storage[id.index]!.inputs.enumerated() { unlink(source, InputID(id, index)) }
    storage[id.index]!.inputs = sources
    for (index, source) in sources.enumerated() { link(source, InputID(id, index)) }
  }

  /// Lets every user of `old` use `new` instead; tensor names move along, so that outputs keep theirs.
  public mutating func replaceUses(of old: OutputID, with new: OutputID) {
    precondition(old != new, "a value cannot replace itself")
    for user in users(of: old) { setInput(user, to: new) }
    let names = storage[old.node.index]!.outputs[old.index].names
    storage[old.node.index]!.outputs[old.index].names = []
    for name in names where !self[new].names.contains(name) { storage[new.node.index]!.outputs[new.index].names.append(name) }
  }

  /// Removes a node that nothing uses.
  ///
  /// - Precondition: none of its outputs is used.
  public mutating func remove(_ id: NodeID) {
    precondition(users[id.index].allSatisfy(\.isEmpty), "a node in use cannot be removed")
    setInputs(of: id, to: [])
    storage[id.index] = nil
    users[id.index] = []
    nodeCount -= 1
    parameters.removeAll { $0 == id }
    results.removeAll { $0 == id }
    sinks.removeAll { $0 == id }
  }

  /// Removes every node that no result, sink or parameter needs, and returns how many those were.
  @discardableResult
  public mutating func removeUnreachable() -> Int {
    var isNeeded = [Bool](repeating: false, count: storage.count)
    var pending = results + sinks + parameters
    while let id = pending.popLast() {
      if isNeeded[id.index] { continue }
      isNeeded[id.index] = true
      pending.append(contentsOf: self[id].inputs.map(\.node))
    }
    let dead = nodeIDs.filter { !isNeeded[$0.index] }
    for id in dead { setInputs(of: id, to: []) }
    for id in dead { remove(id) }
    return dead.count
  }

  /// Orders the model's inputs and outputs. Each list must be a permutation of the present one.
  public mutating func reorder(parameters: [NodeID]? = nil, results: [NodeID]? = nil) {
    if let parameters {
      precondition(Set(parameters) == Set(self.parameters) && parameters.count == self.parameters.count)
      self.parameters = parameters
    }
    if let results {
      precondition(Set(results) == Set(self.results) && results.count == self.results.count)
      self.results = results
    }
  }

  private mutating func link(_ source: OutputID, _ input: InputID) {
    precondition(contains(source.node), "an input refers to a node in the model")
    while users[source.node.index].count <= source.index { users[source.node.index].append([]) }
    users[source.node.index][source.index].append(input)
  }

  private mutating func unlink(_ source: OutputID, _ input: InputID) {
    let position = users[source.node.index][source.index].firstIndex(of: input)!
    users[source.node.index][source.index].swapAt(position, users[source.node.index][source.index].count - 1)
    users[source.node.index][source.index].removeLast()
  }

  // MARK: Order

  /// All nodes such that each stands behind the producers of its operands, otherwise in order of insertion.
  ///
  /// A sink (`Assign`) stands behind every `ReadValue` of its variable. O(nodes + edges).
  /// - Returns: `nil` when the graph has a cycle.
  public func checkedTopologicalOrder() -> [NodeID]? {
    var order: [NodeID] = []
    order.reserveCapacity(nodeCount)
    // 0: not seen, 1: its operands are being placed, 2: placed
    var state = [UInt8](repeating: 0, count: storage.count)
    let assigns = sinks.filter { self[$0].type == "Assign" }
    // What a sink stands behind besides its operands.
    var readers: [NodeID: [NodeID]] = [:]
    if !assigns.isEmpty {
      let known = Dictionary(grouping: nodeIDs.filter { self[$0].type == "ReadValue" }) { self[$0].attributes["variable_id"] ?? "" }
      for id in assigns { readers[id] = known[self[id].attributes["variable_id"] ?? ""] }
    }
    /// The `index`-th node that `id` stands behind; `nil` when there are no more.
    func dependency(_ id: NodeID, _ index: Int) -> NodeID? {
      let count = storage[id.index]!.inputs.count
      if index < count { return storage[id.index]!.inputs[index].node }
      guard !readers.isEmpty, let others = readers[id], index - count < others.count else { return nil }
      return others[index - count]
    }
    var stack: [(id: NodeID, next: Int)] = []
    for root in storage.indices where storage[root] != nil && state[root] == 0 {
      state[root] = 1
      stack.append((NodeID(root), 0))
      while let top = stack.last {
        if let next = dependency(top.id, top.next) {
          stack[stack.count - 1].next += 1
          if state[next.index] == 1 { return nil }
          if state[next.index] == 0 {
            state[next.index] = 1
            stack.append((next, 0))
          }
        } else {
          state[top.id.index] = 2
          order.append(top.id)
          stack.removeLast()
        }
      }
    }
    return order
  }

  /// ``checkedTopologicalOrder()`` of a model that keeps the invariant of having no cycle.
  public var topologicalOrder: [NodeID] {
    guard let order = checkedTopologicalOrder() else { preconditionFailure("a model has no cycle") }
    return order
  }
}
