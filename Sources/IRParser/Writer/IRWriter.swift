/// Writes a ``Model`` as the XML of an IR of version 11, in the form that OpenVINO writes.
struct IRWriter {
  private typealias XMLAttributes = [(name: String, value: String)]

  private var xml = XMLWriter()
  private(set) var weights = WeightsLayout()

  /// The finished document.
  /// - Throws: what XML cannot hold.
  func document() throws(OVError) -> [UInt8] {
    if let failure = xml.failure { throw failure }
    return xml.bytes
  }

  /// Writes the whole document.
  mutating func write(_ model: Model) throws(OVError) {
    xml.start("net", [("name", model.name), ("version", "11")])
    try writeGraph(model, ids: IRWriter.layerIDs(model))
    xml.end()
  }

  /// The layers in the order in which they are written: Parameters in the model's order, the others such that each stands
  /// behind its operands, Results in the model's order.
  private static func order(_ model: Model) -> [NodeID] {
    model.parameters + model.topologicalOrder.filter { !["Parameter", "Result"].contains(model[$0].type) } + model.results
  }

  private static func layerIDs(_ model: Model) -> [NodeID: Int] {
    Dictionary(uniqueKeysWithValues: order(model).enumerated().map { ($0.element, $0.offset) })
  }

  private mutating func writeGraph(_ model: Model, ids: [NodeID: Int]) throws(OVError) {
    let order = IRWriter.order(model)
    xml.start("layers")
    for id in order {
      do throws(OVError) { try writeLayer(model[id], id: ids[id]!, model) } catch { throw error.located(at: model[id].location) }
    }
    xml.end()
    xml.start("edges")
    for id in order {
      for (port, source) in model[id].inputs.enumerated() {
        xml.element(
          "edge",
          [
            ("from-layer", String(ids[source.node]!)), ("from-port", String(model[source.node].inputs.count + source.index)),
            ("to-layer", String(ids[id]!)), ("to-port", String(port)),
          ])
      }
    }
    xml.end()
    write(model.runtimeInfo, element: "rt_info", attributes: [])
  }

  private mutating func writeLayer(_ node: Node, id: Int, _ model: Model) throws(OVError) {
    guard node.postOperations.isEmpty else {
      throw OVError(.unsupported, "a node that other operations were fused into cannot be written")
    }
    var attributes = [("id", String(id)), ("name", node.name), ("type", OperationNames.xmlType(node.type)), ("version", node.opset)]
    if node.type == "Result" {
      // Without the attribute a reader would give the Result the names of its operand.
      let names = node.outputs.first?.names ?? []
      if !names.isEmpty || !model[node.inputs[0]].names.isEmpty { attributes.append(("output_names", IRWriter.joined(names))) }
    }
    xml.start("layer", attributes)
    try writeData(node)
    writePortMaps(node)
    write(node.runtimeInfo)
    if !node.inputs.isEmpty {
      xml.start("input")
      for (port, source) in node.inputs.enumerated() { writePort(Node.Output(model.type(of: source)), id: port) }
      xml.end()
    }
    if node.type != "Result" && !node.outputs.isEmpty {
      xml.start("output")
      for (port, output) in node.outputs.enumerated() { writePort(output, id: node.inputs.count + port) }
      xml.end()
    }
    for (body, name) in zip(node.bodies, IRWriter.bodyNames(node)) {
      xml.start(name.body, body.model.name.isEmpty ? [] : [("name", body.model.name)])
      try writeGraph(body.model, ids: IRWriter.layerIDs(body.model))
      xml.end()
    }
    xml.end()
  }

  private mutating func writeData(_ node: Node) throws(OVError) {
    var data: XMLAttributes = node.attributes.entries.map { ($0.name, $0.value) }
    if node.type == "Constant" {
      guard let constant = node.constant, let type = node.outputs.first?.type else {
        throw OVError(.invalidModel, "a Constant has no data")
      }
      let stated: XMLAttributes = [
        ("element_type", node.attributes["element_type"] ?? type.elementType.rawValue),
        ("shape", node.attributes["shape"] ?? type.shape.irText),
        ("offset", String(weights.offset(of: constant))), ("size", String(constant.byteCount)),
      ]
      data = stated + data.filter { entry in !stated.contains { $0.name == entry.name } }
    }
    if !data.isEmpty || node.type == "Parameter" { xml.element("data", data) }
  }

  private mutating func writePort(_ output: Node.Output, id: Int) {
    var attributes = [("id", String(id)), ("precision", output.type.elementType.precisionName)]
    if !output.names.isEmpty { attributes.append(("names", IRWriter.joined(output.names))) }
    let dimensions = output.type.shape.dimensions ?? []
    if dimensions.isEmpty && output.runtimeInfo.isEmpty {
      xml.element("port", attributes)
      return
    }
    xml.start("port", attributes)
    for dimension in dimensions { xml.element("dim", plainText: String(dimension.length ?? -1)) }
    write(output.runtimeInfo)
    xml.end()
  }

  // MARK: Bodies

  private static func bodyNames(_ node: Node) -> [(body: String, portMap: String)] {
    node.type == "If" ? [("then_body", "then_port_map"), ("else_body", "else_port_map")] : [("body", "port_map")]
  }

  private mutating func writePortMaps(_ node: Node) {
    for (body, name) in zip(node.bodies, IRWriter.bodyNames(node)) {
      let ids = IRWriter.layerIDs(body.model)
      xml.start(name.portMap)
      for port in body.inputs { writePort("input", port, ids, firstPort: 0) }
      if let id = body.currentIteration { writePurpose("input", ids[id]!, "current_iteration") }
      for port in body.outputs { writePort("output", port, ids, firstPort: node.inputs.count) }
      if let id = body.executionCondition { writePurpose("output", ids[id]!, "execution_condition") }
      xml.end()
      if body.backEdges.isEmpty { continue }
      xml.start("back_edges")
      for edge in body.backEdges { xml.element("edge", [("from-layer", String(ids[edge.from]!)), ("to-layer", String(ids[edge.to]!))]) }
      xml.end()
    }
  }

  private mutating func writePort(_ element: String, _ port: Body.Port, _ ids: [NodeID: Int], firstPort: Int) {
    guard let external = port.external else { return }
    var attributes = [("external_port_id", String(firstPort + external)), ("internal_layer_id", String(ids[port.internal]!))]
    if let slice = port.slice {
      attributes.insert(("axis", String(slice.axis)), at: 0)
      attributes += [
        ("start", String(slice.start)), ("end", String(slice.end)), ("stride", String(slice.stride)), ("part_size", String(slice.partSize)),
      ]
    }
    xml.element(element, attributes)
  }

  private mutating func writePurpose(_ element: String, _ layer: Int, _ purpose: String) {
    xml.element(element, [("external_port_id", "-1"), ("internal_layer_id", String(layer)), ("purpose", purpose)])
  }

  // MARK: Information

  private mutating func write(_ attributes: [RuntimeAttribute]) {
    if attributes.isEmpty { return }
    xml.start("rt_info")
    for attribute in attributes {
      xml.element(
        "attribute", [("name", attribute.name), ("version", attribute.version)] + attribute.values.entries.map { ($0.name, $0.value) })
    }
    xml.end()
  }

  private mutating func write(_ info: RuntimeInfo, element: String, attributes: XMLAttributes) {
    switch info {
    case .value(let value): xml.element(element, attributes + [("value", value)])
    case .entries(let entries):
      if entries.isEmpty {
        xml.element(element, attributes)
        return
      }
      xml.start(element, attributes)
      for entry in entries {
        if XMLWriter.isName(entry.key) {
          write(entry.info, element: entry.key, attributes: [])
        } else {
          write(entry.info, element: "info", attributes: [("name", entry.key)])
        }
      }
      xml.end()
    }
  }

  /// Tensor names in one attribute: separated by commas, commas in them marked with a backslash.
  private static func joined(_ names: [String]) -> String {
    names.map { $0.split(separator: ",", omittingEmptySubsequences: false).joined(separator: "\\,") }.joined(separator: ",")
  }
}
