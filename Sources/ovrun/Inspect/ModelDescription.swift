import OVRuntime

/// What there is to say about a model before it runs.
struct ModelDescription {
  /// The constants of one element type.
  struct Weights {
    let elementType: ElementType
    var tensorCount = 0
    var elementCount = 0
    var byteCount = 0
  }

  let model: Model
  /// How often each operation stands in the model, bodies of control flow included; the most frequent first.
  private(set) var operations: [(type: String, count: Int)] = []
  /// By element type, the largest first. Constants that share their bytes count once.
  private(set) var weights: [Weights] = []
  /// The identities of the model's variables.
  private(set) var variables: [String] = []
  /// Nodes that compute nothing but shapes: `ShapeOf` and what depends on constants and such nodes only.
  private(set) var shapeNodes: [NodeID] = []
  /// Values whose shape is not known before the model runs.
  private(set) var dynamicValueCount = 0

  init(_ model: Model) {
    self.model = model
    var counts: [String: Int] = [:]
    var weights: [ElementType: Weights] = [:]
    var seen: Set<ConstantData> = []
    var variables: Set<String> = []
    Self.visit(model) { node in
      counts[node.type, default: 0] += 1
      if node.type == "ReadValue" || node.type == "Assign" { variables.insert(node.attributes["variable_id"] ?? "") }
      if let constant = node.constant, seen.insert(constant).inserted, let type = node.outputs.first?.type {
        weights[type.elementType, default: Weights(elementType: type.elementType)].tensorCount += 1
        weights[type.elementType]!.elementCount += type.shape.shape?.checkedElementCount ?? 0
        weights[type.elementType]!.byteCount += constant.byteCount
      }
    }
    operations = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map { ($0.key, $0.value) }
    self.weights = weights.values.sorted { $0.byteCount != $1.byteCount ? $0.byteCount > $1.byteCount : $0.tensorCount > $1.tensorCount }
    self.variables = variables.sorted()
    dynamicValueCount = model.nodes.reduce(0) { $0 + $1.outputs.count { !$0.type.shape.isStatic } }
    shapeNodes = Self.shapeNodes(of: model)
  }

  private static func visit(_ model: Model, _ body: (Node) -> Void) {
    for node in model.nodes {
      body(node)
      for inner in node.bodies { visit(inner.model, body) }
    }
  }

  private static func shapeNodes(of model: Model) -> [NodeID] {
    var isShape: Set<NodeID> = []
    var order: [NodeID] = []
    for id in model.topologicalOrder {
      let node = model[id]
      let varying = node.inputs.filter { model[$0.node].constant == nil }
      let isInner = !varying.isEmpty && varying.allSatisfy { isShape.contains($0.node) } && node.type != "Result"
      if node.type == "ShapeOf" || isInner {
        isShape.insert(id)
        order.append(id)
      }
    }
    return order
  }

  /// The leaves of `<rt_info>` as dotted paths.
  var runtimeInfo: [(path: String, value: String)] {
    func leaves(_ info: RuntimeInfo, _ path: String) -> [(String, String)] {
      switch info {
      case .value(let value): [(path, value)]
      case .entries(let entries): entries.flatMap { leaves($0.info, path.isEmpty ? $0.key : path + "." + $0.key) }
      }
    }
    return leaves(model.runtimeInfo, "").map { (path: $0.0, value: $0.1) }
  }

  // MARK: For people

  var text: String {
    var text = "\(OVError.printable(model.name)): IR version \(model.irVersion), \(model.nodeCount) nodes"
    text += dynamicValueCount == 0 ? ", all shapes known\n" : ", \(dynamicValueCount) values of unknown shape\n"
    text += Self.section("inputs", Self.ports(model.inputs)) + Self.section("outputs", Self.ports(model.outputs))
    var counts = Table([("", .left), ("", .right)])
    for (type, count) in operations { counts.append(["  " + type, String(count)]) }
    text += Self.section("operations", counts.text)
    var sizes = Table([("", .left), ("", .right), ("", .right), ("", .right)])
    for entry in weights {
      sizes.append([
        "  \(entry.elementType)", "\(entry.tensorCount) tensor\(entry.tensorCount == 1 ? "" : "s")", "\(entry.elementCount) elements",
        entry.byteCount.byteText,
      ])
    }
    text += Self.section("constants", sizes.text)
    text += Self.section("variables", variables.map { "  \(OVError.printable($0))\n" }.joined())
    if !shapeNodes.isEmpty {
      let roots = shapeNodes.count { model[$0].type == "ShapeOf" }
      text += "\nshapes\n  \(shapeNodes.count) nodes compute nothing but shapes, \(roots) of them ShapeOf\n"
    }
    let info = runtimeInfo.map { "  \(OVError.printable($0.path)) = \(OVError.printable($0.value))\n" }.joined()
    return text + Self.section("runtime information", info)
  }

  private static func section(_ title: String, _ body: String) -> String { body.isEmpty ? "" : "\n\(title)\n\(body)" }

  private static func ports(_ ports: [PortInfo]) -> String {
    var table = Table([("", .right), ("", .left), ("", .left)])
    for (index, port) in ports.enumerated() {
      let names = port.names.isEmpty ? [port.nodeName] : port.names
      table.append(["  \(index)", names.map { OVError.printable($0) }.joined(separator: ", "), "\(port.type)"])
    }
    return table.text
  }

  // MARK: For programs

  var json: [(String, JSON)] {
    [
      ("name", .string(model.name)), ("ir_version", .integer(model.irVersion)), ("nodes", .integer(model.nodeCount)),
      ("dynamic", .bool(dynamicValueCount > 0)),
      ("inputs", .array(model.inputs.map(Self.json))), ("outputs", .array(model.outputs.map(Self.json))),
      ("operations", .object(operations.map { ($0.type, .integer($0.count)) })),
      (
        "constants",
        .array(
          weights.map {
            .object([
              ("type", .string($0.elementType.rawValue)), ("tensors", .integer($0.tensorCount)), ("elements", .integer($0.elementCount)),
              ("bytes", .integer($0.byteCount)),
            ])
          })
      ),
      ("variables", .array(variables.map { .string($0) })),
      ("shape_nodes", .array(shapeNodes.map { .string(model[$0].name) })),
      ("runtime_information", .object(runtimeInfo.map { ($0.path, .string($0.value)) })),
    ]
  }

  private static func json(_ port: PortInfo) -> JSON {
    let dimensions = port.type.shape.dimensions
    return .object([
      ("names", .array(port.names.map { .string($0) })), ("node", .string(port.nodeName)),
      ("type", .string(port.type.elementType.rawValue)), ("shape", .optional(dimensions) { .array($0.map(Self.json)) }),
    ])
  }

  /// A number, or the interval in the IR's spelling.
  private static func json(_ dimension: Dimension) -> JSON { dimension.length.map { .integer($0) } ?? .string("\(dimension)") }
}
