import IRParser
import Testing

@Suite struct BodyTests {
  static let body = """
    <layers>\(IR.parameter(4, name: "state") + IR.parameter(2, name: "slice") + IR.constant(
      7, name: "go", data: "element_type=\"boolean\" shape=\"\" offset=\"0\" size=\"1\"", type: "boolean") + IR.layer(
      3, "Add", inputs: 2) + IR.result(5, name: "sum") + IR.result(6, name: "condition"))</layers>\
    <edges>\(IR.edge(4, 0, 3, 0) + IR.edge(2, 0, 3, 1) + IR.edge(3, 2, 5, 0) + IR.edge(7, 0, 6, 0))</edges>
    """

  static let portMap = """
    <port_map><input external_port_id="2" internal_layer_id="4"/>\
    <input axis="1" external_port_id="3" internal_layer_id="2" start="-1" end="0" stride="-2" part_size="2"/>\
    <input external_port_id="-1" internal_layer_id="2" purpose="current_iteration"/>\
    <output external_port_id="5" internal_layer_id="5" axis="0"/><output external_port_id="4" internal_layer_id="5"/>\
    <output external_port_id="-1" internal_layer_id="6" purpose="execution_condition"/></port_map>\
    <back_edges><edge from-layer="5" to-layer="4"/></back_edges>
    """

  static func loop(_ portMap: String = portMap, _ body: String = "<body>\(body)</body>", type: String = "Loop") -> String {
    let layers =
      (0..<4).map { IR.parameter($0, name: "p\($0)") }.joined()
      + IR.layer(4, type, opset: "opset5", inputs: 4, outputs: 2, more: portMap + body)
      + IR.result(5)
    return IR.net(layers, (0..<4).map { IR.edge($0, 0, 4, $0) }.joined() + IR.edge(4, 4, 5, 0))
  }

  @Test(arguments: ["Loop", "TensorIterator"]) func portMaps(_ type: String) throws {
    let model = try read(BodyTests.loop(type: type), weights: [1])
    let body = try #require(model.nodes.first { $0.type == type }?.bodies.first)
    func id(_ name: String) throws -> NodeID { try body.model.node(name).id }
    #expect(body.model.parameters == [try id("state"), try id("slice")])
    #expect(body.model.results == [try id("sum"), try id("condition")])
    #expect(
      body.inputs == [
        Body.Port(external: 2, internal: try id("state")),
        Body.Port(external: 3, internal: try id("slice"), slice: .init(axis: 1, start: -1, end: 0, stride: -2, partSize: 2)),
      ])
    #expect(
      body.outputs == [
        Body.Port(external: 1, internal: try id("sum"), slice: .init(axis: 0)), Body.Port(external: 0, internal: try id("sum")),
      ])
    #expect(body.backEdges == [Body.BackEdge(from: try id("sum"), to: try id("state"))])
    #expect(body.currentIteration == (try id("slice")))
    #expect(body.executionCondition == (try id("condition")))
    #expect(try body.model.node("go").constant?.unsafeBytes.first == 1, "bodies share the weights")
  }

  @Test func branches() throws {
    let branch = "<layers>\(IR.parameter(0) + IR.relu() + IR.result())</layers><edges>\(IR.chain)</edges>"
    let parts = """
      <else_port_map><input external_port_id="2" internal_layer_id="0"/><output external_port_id="3" internal_layer_id="2"/></else_port_map>\
      <then_port_map><input external_port_id="1" internal_layer_id="0"/><output external_port_id="3" internal_layer_id="2"/></then_port_map>\
      <then_body name="yes">\(branch)</then_body><else_body name="no">\(branch)</else_body>
      """
    let layers =
      (0..<3).map { IR.parameter($0, name: "p\($0)") }.joined() + IR.layer(3, "If", opset: "opset8", inputs: 3, more: parts) + IR.result(4)
    let model = try read(IR.net(layers, (0..<3).map { IR.edge($0, 0, 3, $0) }.joined() + IR.edge(3, 3, 4, 0)))
    let node = try #require(model.nodes.first { $0.type == "If" })
    #expect(node.bodies.map(\.model.name) == ["yes", "no"])
    #expect(node.bodies.map { $0.inputs.map(\.external) } == [[1], [2]])
    #expect(node.bodies.map { $0.outputs.map(\.external) } == [[0], [0]])
  }

  @Test func damagedPortMaps() {
    func error(_ old: String, _ new: String, _ message: String) {
      let error = readError(BodyTests.loop(BodyTests.portMap.replacing(old, with: new, maxReplacements: 1)), weights: [1], saying: message)
      #expect(error?.location.layerName == "Loop_4")
    }
    error("internal_layer_id=\"4\"", "internal_layer_id=\"3\"", "no Parameter")
    error("internal_layer_id=\"4\"", "internal_layer_id=\"99\"", "no Parameter")
    error("internal_layer_id=\"5\"", "internal_layer_id=\"4\"", "no Result")
    error("external_port_id=\"3\"", "external_port_id=\"4\"", "input port 4")
    error("external_port_id=\"5\"", "external_port_id=\"6\"", "output port 6")
    error("external_port_id=\"5\"", "external_port_id=\"4\"", "twice")
    error("external_port_id=\"5\"", "", "external_port_id")
    error("axis=\"1\"", "axis=\"x\"", "axis")
    error("from-layer=\"5\"", "from-layer=\"4\"", "no Result")
    error("to-layer=\"4\"", "to-layer=\"5\"", "no Parameter")
    readError(BodyTests.loop(BodyTests.portMap, ""), saying: "<body> is missing")
    readError(BodyTests.loop(BodyTests.portMap, "<body>\(BodyTests.body)</body>"), saying: "no weights")
  }

  @Test func errorsInBodiesNameTheBodysLayer() {
    let body = BodyTests.body.replacing("id=\"3\" name=\"Add_3\"", with: "id=\"3\" name=\"\"").replacing(IR.edge(2, 0, 3, 1), with: "")
    let error = readError(BodyTests.loop(BodyTests.portMap, "<body>\(body)</body>"), weights: [1], saying: "no edge leads")
    #expect(error?.location.layerID == 3)
    #expect(error?.location.layerType == "Add (opset1)")
  }

  @Test func nestedBodies() throws {
    func nest(_ depth: Int) -> String {
      let inner = depth == 0 ? "" : nest(depth - 1)
      let layers = inner.isEmpty ? "" : IR.layer(0, "TensorIterator", inputs: 0, more: "<body>\(inner)</body>") + IR.result(1)
      return "<layers>\(layers)</layers><edges>\(inner.isEmpty ? "" : IR.edge(0, 0, 1, 0))</edges>"
    }
    func net(_ depth: Int) -> String { "<net version=\"11\">\(nest(depth))</net>" }
    #expect(try read(net(20)).nodes[0].bodies[0].model.nodeCount == 2)
    readError(net(60), .unsupported, saying: "nested deeper")
  }
}
