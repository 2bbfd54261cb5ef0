/// A node of a ``Model``, by its place in the model's storage. Stable while the model is edited.
public struct NodeID: Hashable, Sendable, Comparable {
  public let index: Int
  package init(_ index: Int) { self.index = index }
  public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// One output of a node: the value that edges carry.
public struct OutputID: Hashable, Sendable {
  public let node: NodeID
  public let index: Int
  public init(_ node: NodeID, _ index: Int = 0) {
    self.node = node
    self.index = index
  }
}

/// One input of a node: where an edge ends.
public struct InputID: Hashable, Sendable {
  public let node: NodeID
  public let index: Int
  public init(_ node: NodeID, _ index: Int = 0) {
    self.node = node
    self.index = index
  }
}

/// What is known of a value before the model runs.
public struct ValueType: Hashable, Sendable, CustomStringConvertible {
  public var elementType: ElementType
  public var shape: PartialShape
  public init(_ elementType: ElementType, _ shape: PartialShape) {
    self.elementType = elementType
    self.shape = shape
  }
  public init(_ elementType: ElementType, _ shape: Shape) { self.init(elementType, PartialShape(shape)) }
  /// `f32[?,3,224,224]`
  public var description: String { "\(elementType)\(shape)" }
}

/// One operation of a ``Model``.
public struct Node: Sendable {
  /// An output port.
  public struct Output: Hashable, Sendable {
    /// As declared by the file until shapes are propagated, then as inferred.
    public var type: ValueType
    /// The tensor's names, sorted as in the file.
    public var names: [String]
    /// The port's `<rt_info>`.
    public var runtimeInfo: [RuntimeAttribute]

    public init(_ type: ValueType, names: [String] = [], runtimeInfo: [RuntimeAttribute] = []) {
      self.type = type
      self.names = names
      self.runtimeInfo = runtimeInfo
    }
  }

  /// An operation applied to the node's first output before it is stored (oneDNN's word). Its own first operand is that
  /// output; the others are inputs of the node, appended behind the operation's own.
  public struct PostOperation: Sendable, Hashable {
    /// The name of the node it was made from.
    public var name: String
    public var type: String
    public var opset: String
    public var attributes: Attributes
    /// The position among the operation's operands at which the node's output stands.
    public var position: Int
    /// Which of the node's inputs are its other operands, in order.
    public var operands: [Int]

    public init(name: String, type: String, opset: String, attributes: Attributes, position: Int = 0, operands: [Int] = []) {
      self.name = name
      self.type = type
      self.opset = opset
      self.attributes = attributes
      self.position = position
      self.operands = operands
    }
  }

  /// Set by the model that holds the node.
  public internal(set) var id: NodeID {
    get { storage.id }
    _modify {
      makeStorageUnique()
      yield &storage.id
    }
  }
  public var name: String {
    get { storage.name }
    _modify {
      makeStorageUnique()
      yield &storage.name
    }
  }
  /// The operation type, in the spelling of OpenVINO's operation class (`Constant`, `Relu`, `Softmax`, not the XML's `Const`).
  public var type: String {
    get { storage.type }
    _modify {
      makeStorageUnique()
      yield &storage.type
    }
  }
  /// The operation set that the node names, as `opset8`.
  public var opset: String {
    get { storage.opset }
    _modify {
      makeStorageUnique()
      yield &storage.opset
    }
  }
  public var attributes: Attributes {
    get { storage.attributes }
    _modify {
      makeStorageUnique()
      yield &storage.attributes
    }
  }
  /// Where the operands come from. Edited through the model, which tracks who uses what.
  public internal(set) var inputs: [OutputID] {
    get { storage.inputs }
    _modify {
      makeStorageUnique()
      yield &storage.inputs
    }
  }
  public var outputs: [Output] {
    get { storage.outputs }
    _modify {
      makeStorageUnique()
      yield &storage.outputs
    }
  }
  /// The payload of a `Constant`.
  public var constant: ConstantData? {
    get { storage.constant }
    _modify {
      makeStorageUnique()
      yield &storage.constant
    }
  }
  /// The sub-graphs of `If` (then, else), `Loop` and `TensorIterator` (one).
  public var bodies: [Body] {
    get { storage.bodies }
    _modify {
      makeStorageUnique()
      yield &storage.bodies
    }
  }
  /// What fusion moved into this node, in order of application.
  public var postOperations: [PostOperation] {
    get { storage.postOperations }
    _modify {
      makeStorageUnique()
      yield &storage.postOperations
    }
  }
  /// The node's `<rt_info>`.
  public var runtimeInfo: [RuntimeAttribute] {
    get { storage.runtimeInfo }
    _modify {
      makeStorageUnique()
      yield &storage.runtimeInfo
    }
  }
  /// The layer's place in the file it was read from.
  public var location: OVError.Location {
    get { storage.location }
    _modify {
      makeStorageUnique()
      yield &storage.location
    }
  }
  /// The names of nodes that passes merged into this one, for `inspect` and profiles.
  public var fusedNames: [String] {
    get { storage.fusedNames }
    _modify {
      makeStorageUnique()
      yield &storage.fusedNames
    }
  }

  /// A node's values, shared by its copies until one of them is edited: passes copy nodes far more often than they edit them.
  private final class Storage: @unchecked Sendable {
    // Sendable: edited only while one node refers to it.
    var id = NodeID(-1)
    var name: String
    var type: String
    var opset: String
    var attributes: Attributes
    var inputs: [OutputID]
    var outputs: [Output]
    var constant: ConstantData?
    var bodies: [Body] = []
    var postOperations: [PostOperation] = []
    var runtimeInfo: [RuntimeAttribute] = []
    var location: OVError.Location
    var fusedNames: [String] = []

    init(
      name: String, type: String, opset: String, attributes: Attributes, inputs: [OutputID], outputs: [Output], constant: ConstantData?,
      location: OVError.Location
    ) {
      self.name = name
      self.type = type
      self.opset = opset
      self.attributes = attributes
      self.inputs = inputs
      self.outputs = outputs
      self.constant = constant
      self.location = location
    }

    convenience init(copying other: Storage) {
      self.init(
        name: other.name, type: other.type, opset: other.opset, attributes: other.attributes, inputs: other.inputs, outputs: other.outputs,
        constant: other.constant, location: other.location)
      id = other.id
      bodies = other.bodies
      postOperations = other.postOperations
      runtimeInfo = other.runtimeInfo
      fusedNames = other.fusedNames
    }
  }
  private var storage: Storage

  private mutating func makeStorageUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
  }

  public init(
    name: String, type: String, opset: String, attributes: Attributes = Attributes(), inputs: [OutputID] = [],
    outputs: [Output] = [], constant: ConstantData? = nil, location: OVError.Location? = nil
  ) {
    storage = Storage(
      name: name, type: type, opset: opset, attributes: attributes, inputs: inputs, outputs: outputs, constant: constant,
      location: location ?? OVError.Location(layerName: name, layerType: "\(type) (\(opset))"))
  }

  /// The number of inputs that the operation itself takes; those of the post-operations stand behind them.
  public var ownInputCount: Int { postOperations.reduce(inputs.count) { min($0, $1.operands.min() ?? $0) } }

  /// Whether the node has an effect beyond its outputs: it, or a node of its sub-graphs, writes a variable.
  public var isSink: Bool { type == "Assign" || bodies.contains { !$0.model.sinks.isEmpty } }

  /// The number behind `opset`; `nil` for extension sets.
  public var opsetNumber: Int? { opset.hasPrefix("opset") ? Int(opset.dropFirst(5)) : nil }
}

/// One `<attribute name="…" version="…" …/>` of a node's or port's `<rt_info>`.
public struct RuntimeAttribute: Hashable, Sendable {
  public var name: String
  public var version: String
  /// The remaining XML attributes, in file order.
  public var values: Attributes
  public init(name: String, version: String, values: Attributes = Attributes()) {
    self.name = name
    self.version = version
    self.values = values
  }
}

/// A tree of strings: the model's `<rt_info>` (`conversion_parameters`, `nncf`, the user's own keys).
public indirect enum RuntimeInfo: Hashable, Sendable {
  case value(String)
  /// Children in file order; keys are unique.
  case entries([Entry])

  public struct Entry: Hashable, Sendable {
    public var key: String
    public var info: RuntimeInfo
    public init(key: String, info: RuntimeInfo) {
      self.key = key
      self.info = info
    }
  }

  /// The string or sub-tree at a path of keys.
  public subscript(path: String...) -> RuntimeInfo? {
    var info = self
    for key in path {
      guard case .entries(let entries) = info, let entry = entries.first(where: { $0.key == key }) else { return nil }
      info = entry.info
    }
    return info
  }
}

/// A sub-graph of a control-flow node and how its ports are wired.
public struct Body: Sendable {
  /// How one outer port meets one Parameter or Result of the body.
  public struct Port: Hashable, Sendable {
    /// The index among the node's inputs (or outputs); `nil` for a body port without an outer one.
    public var external: Int?
    /// The body's Parameter (or Result).
    public var `internal`: NodeID
    /// Present when each iteration takes (or yields) a slice along an axis.
    public var slice: Slice?

    public init(external: Int?, internal: NodeID, slice: Slice? = nil) {
      self.external = external
      self.internal = `internal`
      self.slice = slice
    }
  }

  /// The slices that successive iterations take along an axis; OpenVINO's names and defaults.
  public struct Slice: Hashable, Sendable {
    public var axis: Int
    public var start = 0
    public var end = -1
    public var stride = 1
    public var partSize = 1

    public init(axis: Int, start: Int = 0, end: Int = -1, stride: Int = 1, partSize: Int = 1) {
      self.axis = axis
      self.start = start
      self.end = end
      self.stride = stride
      self.partSize = partSize
    }
  }

  /// A value carried from one iteration's Result to the next one's Parameter.
  public struct BackEdge: Hashable, Sendable {
    public var from: NodeID
    public var to: NodeID
    public init(from: NodeID, to: NodeID) {
      self.from = from
      self.to = to
    }
  }

  public var model: Model
  public var inputs: [Port] = []
  public var outputs: [Port] = []
  public var backEdges: [BackEdge] = []
  /// `Loop`: the body's Parameter that receives the iteration number (`purpose="current_iteration"`).
  public var currentIteration: NodeID?
  /// `Loop`: the body's Result that says whether to go on (`purpose="execution_condition"`).
  public var executionCondition: NodeID?

  public init(model: Model) { self.model = model }
}
