/// Collects what a control-flow layer says of its bodies, which may come in any order.
struct BodyReader {
  /// The elements that hold a body and its port map.
  private struct Names {
    var body: StaticString
    var portMap: StaticString
  }

  private struct PortEntry {
    var external: Int
    var internalLayer: Int
    var slice: Body.Slice?
    var purpose: String?
    var offset: Int
  }

  private struct Part {
    var graph: (model: Model, nodes: [Int: NodeID])?
    var inputs: [PortEntry] = []
    var outputs: [PortEntry] = []
  }

  private let names: [Names]
  private var parts: [Part]
  private var backEdges: [(from: Int, to: Int, offset: Int)] = []

  init(_ type: String) {
    switch type {
    case "If": names = [Names(body: "then_body", portMap: "then_port_map"), Names(body: "else_body", portMap: "else_port_map")]
    case "Loop", "TensorIterator": names = [Names(body: "body", portMap: "port_map")]
    default: names = []
    }
    parts = names.map { _ in Part() }
  }

  /// Reads the current element when it is one of a control-flow layer's; `false` when it is not.
  mutating func readChild(_ reader: inout IRReader) throws(OVError) -> Bool {
    for (index, names) in names.enumerated() {
      if reader.xml.isNamed(names.portMap) {
        while try reader.xml.nextChild() {
          if reader.xml.isNamed("input") {
            parts[index].inputs.append(try BodyReader.readPortEntry(&reader))
          } else if reader.xml.isNamed("output") {
            parts[index].outputs.append(try BodyReader.readPortEntry(&reader))
          } else {
            try reader.xml.skipElement()
          }
        }
        return true
      }
      if reader.xml.isNamed(names.body), parts[index].graph == nil {
        parts[index].graph = try BodyReader.readBody(&reader)
        return true
      }
    }
    guard !names.isEmpty, reader.xml.isNamed("back_edges") else { return false }
    while try reader.xml.nextChild() {
      if reader.xml.isNamed("edge") {
        backEdges.append(
          (try reader.integer("from-layer", of: "<edge>"), try reader.integer("to-layer", of: "<edge>"), reader.xml.eventOffset))
      }
      try reader.xml.skipElement()
    }
    return true
  }

  /// Gives the layer's node its bodies.
  func finish(_ layer: inout Layer) throws(OVError) {
    for (names, part) in zip(names, parts) {
      guard let graph = part.graph else { throw OVError(.invalidModel, "the element <\(names.body)> is missing") }
      layer.node.bodies.append(try makeBody(part, graph.model, graph.nodes, &layer))
    }
  }

  private static func readBody(_ reader: inout IRReader) throws(OVError) -> (model: Model, nodes: [Int: NodeID]) {
    guard reader.bodyDepth < IRReader.bodyDepthLimit else {
      throw OVError(
        .unsupported, "bodies are nested deeper than \(IRReader.bodyDepthLimit)", at: .init(fileOffset: reader.xml.eventOffset))
    }
    reader.bodyDepth += 1
    defer { reader.bodyDepth -= 1 }
    let name = reader.xml.attribute("name").map { reader.xml.string($0) } ?? ""
    var graph = try reader.readGraph(name: name, start: reader.xml.eventOffset)
    var (model, nodes) = try graph.makeModel(reader)
    model.irVersion = reader.irVersion
    return (model, nodes)
  }

  private static func readPortEntry(_ reader: inout IRReader) throws(OVError) -> PortEntry {
    var entry = PortEntry(
      external: try reader.signedInteger("external_port_id", of: "<port_map>"),
      internalLayer: try reader.integer("internal_layer_id", of: "<port_map>"), offset: reader.xml.eventOffset)
    if reader.xml.attribute("axis") != nil {
      entry.slice = Body.Slice(
        axis: try reader.signedInteger("axis", of: "<port_map>"), start: try reader.signedInteger("start", of: "<port_map>", default: 0),
        end: try reader.signedInteger("end", of: "<port_map>", default: -1),
        stride: try reader.signedInteger("stride", of: "<port_map>", default: 1),
        partSize: try reader.signedInteger("part_size", of: "<port_map>", default: 1))
    }
    entry.purpose = reader.xml.attribute("purpose").map { reader.xml.string($0) }
    try reader.xml.skipElement()
    return entry
  }

  private func makeBody(_ part: Part, _ model: Model, _ nodes: [Int: NodeID], _ layer: inout Layer) throws(OVError) -> Body {
    var body = Body(model: model)
    func node(_ id: Int, _ type: String, _ offset: Int) throws(OVError) -> NodeID {
      guard let node = nodes[id], model[node].type == type else {
        throw OVError(.invalidModel, "the port map names layer \(id) of the body, which is no \(type)", at: .init(fileOffset: offset))
      }
      return node
    }
    for entry in part.inputs {
      let parameter = try node(entry.internalLayer, "Parameter", entry.offset)
      if entry.purpose == "current_iteration" { body.currentIteration = parameter }
      if entry.external < 0 { continue }
      guard let position = layer.inputPorts.position(of: entry.external) else {
        throw OVError(
          .invalidModel, "the port map names the input port \(entry.external), which does not exist", at: .init(fileOffset: entry.offset))
      }
      body.inputs.append(Body.Port(external: position, internal: parameter, slice: entry.slice))
    }
    for entry in part.outputs {
      let result = try node(entry.internalLayer, "Result", entry.offset)
      if entry.purpose == "execution_condition" { body.executionCondition = result }
      if entry.external < 0 { continue }
      guard let position = layer.outputPorts.position(of: entry.external) else {
        throw OVError(
          .invalidModel, "the port map names the output port \(entry.external), which does not exist", at: .init(fileOffset: entry.offset))
      }
      guard !body.outputs.contains(where: { $0.external == position }) else {
        throw OVError(.invalidModel, "the port map names the output port \(entry.external) twice", at: .init(fileOffset: entry.offset))
      }
      body.outputs.append(Body.Port(external: position, internal: result, slice: entry.slice))
    }
    for edge in backEdges {
      body.backEdges.append(
        Body.BackEdge(from: try node(edge.from, "Result", edge.offset), to: try node(edge.to, "Parameter", edge.offset)))
    }
    return body
  }
}
