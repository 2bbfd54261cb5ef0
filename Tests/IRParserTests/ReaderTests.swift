import IRParser
import Testing

@Suite struct ReaderTests {
  @Test func smallModel() throws {
    let model = try read(IR.net())
    #expect(model.name == "net")
    #expect(model.irVersion == 11)
    #expect(model.nodes.map(\.type) == ["Parameter", "Relu", "Result"])
    let relu = try model.node("relu")
    #expect(relu.opset == "opset1")
    #expect(relu.inputs == [OutputID(model.parameters[0])])
    #expect(relu.outputs[0].type == ValueType(.f32, [1, 3]))
    #expect(relu.location.layerID == 1)
    #expect(relu.location.layerName == "relu")
    #expect(relu.location.layerType == "Relu (opset1)")
    let xml = IR.net()
    let offset = try #require(relu.location.fileOffset)
    #expect(String(decoding: xml.utf8.dropFirst(offset).prefix(13), as: UTF8.self) == "<layer id=\"1\"")
  }

  @Test(arguments: ["7", "9", "12", "0"]) func otherVersions(_ version: String) {
    readError(IR.net(version: version), .unsupported, saying: "IR version is \(version)")
  }

  @Test(arguments: ["", "eleven", "11.0", "-11", "99999999999999999999"]) func malformedVersions(_ version: String) {
    readError(IR.net(version: version))
  }

  @Test func absentVersion() { readError("<net name=\"x\"><layers/></net>", saying: "version") }

  @Test func otherDocument() { readError("<html version=\"11\"/>", saying: "<net>") }

  @Test func layerOrderIsFree() throws {
    let model = try read(IR.net(IR.result() + IR.relu() + IR.parameter()))
    #expect(model.nodes.map(\.type) == ["Parameter", "Relu", "Result"])
  }

  @Test func parametersAndResultsKeepTheOrderOfTheFile() throws {
    let layers =
      IR.parameter(5, name: "p5") + IR.result(3, name: "r3") + IR.parameter(4, name: "p4") + IR.relu(1) + IR.result(2, name: "r2")
    let model = try read(IR.net(layers, IR.edge(4, 0, 1, 0) + IR.edge(1, 1, 2, 0) + IR.edge(5, 0, 3, 0)))
    #expect(model.parameters.map { model[$0].name } == ["p5", "p4"])
    #expect(model.results.map { model[$0].name } == ["r3", "r2"])
  }

  @Test func unneededNodesAreDropped() throws {
    let model = try read(IR.net(IR.parameter() + IR.relu() + IR.result() + IR.layer(7, "Nonsense", opset: "none", inputs: 0)))
    #expect(model.nodeCount == 3)
  }

  @Test func unusedParametersStay() throws {
    let model = try read(IR.net(IR.parameter() + IR.parameter(9, name: "unused") + IR.relu() + IR.result()))
    #expect(model.parameters.count == 2)
  }

  @Test(arguments: [
    ("Const", "Constant"), ("ReLU", "Relu"), ("PReLU", "PRelu"), ("SoftMax", "Softmax"), ("RELU", "Relu"), ("matmul", "MatMul"),
    ("lstmsequence", "LSTMSequence"), ("Foo", "Foo"),
  ])
  func typeSpellings(_ spelled: String, _ type: String) throws {
    let layer = IR.layer(1, spelled, inputs: 1)
    if type == "Constant" {
      readError(IR.net(IR.parameter() + layer + IR.result()), saying: "Constant")
    } else {
      #expect(try read(IR.net(IR.parameter() + layer + IR.result())).nodes[1].type == type)
    }
  }

  @Test(arguments: [
    ("GRUCell", "experimental", "opset6"), ("Proposal", "extension", "opset6"), ("MVN", "opset1", "opset2"),
    ("Relu", "extension", "extension"),
    ("MVN", "opset6", "opset6"),
  ])
  func legacyOperationSets(_ type: String, _ version: String, _ opset: String) throws {
    let model = try read(IR.net(IR.parameter() + IR.layer(1, type, opset: version, inputs: 1) + IR.result()))
    #expect(model.nodes[1].opset == opset)
  }

  @Test func attributesStayAsSpelled() throws {
    let layer = IR.layer(1, "Relu", inputs: 1, data: "auto_broadcast=\"numpy\" odd=\" 1, 2\" flag=\"TRUE\"")
    let attributes = try read(IR.net(IR.parameter() + layer + IR.result())).nodes[1].attributes
    #expect(attributes.entries.map(\.name) == ["auto_broadcast", "odd", "flag"])
    #expect(try attributes.ints("odd") == [1, 2])
    #expect(try attributes.bool("flag"))
  }

  @Test(arguments: [
    ("1,3", PartialShape([1, 3])), ("", PartialShape(Shape())), ("...", .dynamic), ("?,3", PartialShape([.dynamic, 3])),
    ("-1", PartialShape([.dynamic])), ("1..10", PartialShape([Dimension(lowerBound: 1, upperBound: 10)])),
    ("2..,..5", PartialShape([Dimension(lowerBound: 2, upperBound: nil), Dimension(lowerBound: 0, upperBound: 5)])),
    (" 1 , 2 ", PartialShape([1, 2])), ("[1,2]", PartialShape([1, 2])), ("1000000000000", PartialShape([1_000_000_000_000])),
  ])
  func parameterShapes(_ text: String, _ shape: PartialShape) throws {
    let model = try read(IR.net(IR.parameter(shape: text) + IR.relu() + IR.result()))
    #expect(model[model.parameters[0]].outputs[0].type == ValueType(.f32, shape))
  }

  @Test(arguments: ["-2", "a", "1;2", "?,", "1,,2", "1.5", "5..3", "9223372036854775808", "1,...", "-1..x"])
  func malformedShapes(_ text: String) {
    let error = readError(IR.net(IR.parameter(shape: text) + IR.relu() + IR.result()), saying: "shape")
    #expect(error?.location.layerName == "input")
  }

  @Test func parameterWithoutShapeOrType() throws {
    let bare = """
      <layer id="0" name="p" type="Parameter" version="opset1"><data/><output><port id="0" precision="FP32"><dim>7</dim></port></output></layer>
      """
    let model = try read(IR.net(bare + IR.relu() + IR.result()))
    #expect(model[model.parameters[0]].outputs[0].type == ValueType(.dynamic, Shape()))
    readError(IR.net(bare.replacing("<data/>", with: "") + IR.relu() + IR.result()), saying: "<data>")
  }

  @Test(arguments: ElementType.allCases) func elementTypes(_ type: ElementType) throws {
    let model = try read(IR.net(IR.parameter(type: type.rawValue) + IR.relu(type: type.rawValue) + IR.result()))
    #expect(model[model.parameters[0]].outputs[0].type.elementType == type)
    #expect(try model.node("relu").outputs[0].type.elementType == type)
  }

  @Test func unknownTypes() {
    readError(IR.net().replacing("element_type=\"f32\"", with: "element_type=\"FP32\""), saying: "element_type")
    readError(IR.net().replacing("precision=\"FP32\"", with: "precision=\"FP33\""), saying: "precision")
    readError(IR.net().replacing("precision=\"FP32\"", with: ""), saying: "precision")
    #expect(throws: Never.self) { try read(IR.net().replacing("<port id=\"0\">", with: "<port id=\"0\" precision=\"FP33\">")) }
  }

  @Test func declaredOutputShapes() throws {
    func shape(_ dimensions: String) throws -> PartialShape {
      try read(IR.net().replacing("<dim>1</dim><dim>3</dim>", with: dimensions)).node("relu").outputs[0].type.shape
    }
    #expect(try shape("<dim>4</dim><dim> -1 </dim>") == PartialShape([4, .dynamic]))
    #expect(try shape("<dim><!-- five -->5</dim>") == PartialShape([5]))
    #expect(try shape("<dim>1000000000000</dim>") == PartialShape([1_000_000_000_000]))
    for text in ["-2", "-5", "9223372036854775808", "?", "", "3x"] {
      readError(IR.net().replacing("<dim>3</dim>", with: "<dim>\(text)</dim>"), saying: "dimension")
    }
  }

  @Test func tensorNames() throws {
    func names(_ text: String) throws -> [String] {
      try read(IR.net(IR.parameter() + IR.relu(names: text) + IR.result())).node("relu").outputs[0].names
    }
    #expect(try names("b") == ["b"])
    #expect(try names("r,s\\,t") == ["r", "s,t"])
    #expect(try names(",,x,x, y,") == ["x", " y"])
    #expect(try names("") == [])
    #expect(try names("a&#10;b&amp;&quot;") == ["a\nb&\""])
  }

  @Test func resultNames() throws {
    func names(_ attributes: String, names: String? = "b,c") throws -> [String] {
      let model = try read(IR.net(IR.parameter() + IR.relu(names: names) + IR.result(attributes: attributes)))
      return model[model.results[0]].outputs[0].names
    }
    #expect(try names("") == ["b", "c"])
    #expect(try names(" output_names=\"x,y\\,z\"") == ["x", "y,z"])
    let direct = try read(IR.net(IR.parameter() + IR.result(), IR.edge(0, 0, 2, 0)))
    #expect(direct[direct.results[0]].outputs[0].names == [], "the input's names are not the output's")
  }

  @Test func portsAreFoundByID() throws {
    let oddPorts = IR.net().replacing("<port id=\"0\"><dim>", with: "<port id=\"77\"><dim>").replacing(
      "to-port=\"0\"", with: "to-port=\"77\"")
    #expect(try read(oddPorts).nodeCount == 3)
    let split = IR.layer(1, "Split", inputs: 2, outputs: 3)
    let layers = IR.parameter() + IR.parameter(3, name: "axis") + split + IR.result()
    let model = try read(IR.net(layers, IR.edge(3, 0, 1, 1) + IR.edge(0, 0, 1, 0) + IR.edge(1, 4, 2, 0)))
    #expect(model[model.results[0]].inputs[0].index == 2)
    #expect(model.nodes.first { $0.type == "Split" }?.inputs.map { model[$0.node].name } == ["input", "axis"])
  }

  @Test func edges() {
    func error(_ edges: String, _ part: String) { readError(IR.net(IR.parameter() + IR.relu() + IR.result(), edges), saying: part) }
    error(IR.edge(0, 0, 1, 0), "no edge leads")
    error(IR.edge(1, 1, 2, 0), "no edge leads")
    error(IR.chain + IR.edge(0, 0, 1, 0), "two edges")
    error(IR.chain + IR.edge(0, 0, 9, 0), "does not exist")
    error(IR.edge(9, 0, 1, 0) + IR.edge(1, 1, 2, 0), "does not exist")
    error(IR.edge(0, 0, 1, 5) + IR.edge(1, 1, 2, 0), "input port 5")
    error(IR.edge(0, 7, 1, 0) + IR.edge(1, 1, 2, 0), "output port 7")
    error(IR.edge(0, 0, 1, 0) + "<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\"/>", "to-port")
    error(IR.edge(1, 1, 1, 0) + IR.edge(1, 1, 2, 0), "own output")
  }

  @Test func longCycle() {
    let count = 5000
    let layers = (0..<count).map { IR.relu($0, name: "r\($0)") }.joined()
    let edges = (0..<count).map { IR.edge($0, 1, ($0 + 1) % count, 0) }.joined()
    readError(IR.net(layers + IR.result(count), edges + IR.edge(0, 1, count, 0)), saying: "own output")
  }

  @Test func layersNeedTheirAttributes() {
    for attribute in ["id=\"1\"", "name=\"relu\"", "type=\"ReLU\"", "version=\"opset1\""] {
      let relu = IR.relu().replacing(attribute, with: "", maxReplacements: 1)
      readError(IR.net(IR.parameter() + relu + IR.result()), saying: "has no attribute")
    }
    readError(IR.net(IR.parameter() + IR.relu() + IR.result() + IR.relu()), saying: "two layers")
    readError(IR.net().replacing("id=\"1\" name", with: "id=\"-1\" name"))
    readError(IR.net().replacing("id=\"1\" name", with: "id=\"one\" name"))
  }

  @Test func unknownPartsAreIgnored() throws {
    let xml = IR.net(tail: "<statistics><layer a=\"1\">text</layer></statistics><!-- end -->")
      .replacing("<layers>", with: "<layers><strange/>").replacing("<net ", with: "<net more=\"1\" ")
    #expect(try read(xml).nodeCount == 3)
  }

  @Test func variables() throws {
    let read6 = IR.layer(1, "ReadValue", opset: "opset6", inputs: 1, data: "variable_id=\"v\" variable_type=\"f32\" variable_shape=\"1,3\"")
    let assign = IR.layer(3, "Assign", opset: "opset6", inputs: 1, data: "variable_id=\"v\"")
    let edges = IR.chain + IR.edge(1, 1, 3, 0)
    let model = try read(IR.net(assign + IR.parameter() + read6 + IR.result(), edges))
    #expect(model.sinks.map { model[$0].type } == ["Assign"])
    #expect(model.topologicalOrder.last.map { model[$0].type } != "ReadValue")
    readError(IR.net(assign.replacing("\"v\"", with: "\"w\"") + IR.parameter() + read6 + IR.result(), edges), saying: "no ReadValue")
    readError(IR.net(assign.replacing("variable_id=\"v\"", with: "") + IR.parameter() + read6 + IR.result(), edges), saying: "variable_id")
    let loop = IR.edge(3, 1, 1, 0) + IR.edge(1, 1, 2, 0) + IR.edge(0, 0, 3, 0)
    readError(IR.net(assign + IR.parameter() + read6 + IR.result(), loop), saying: "ReadValue depends")
  }

  @Test func missingFile() {
    #expect {
      _ = try Model(contentsOf: "/nonexistent/model.xml")
    } throws: { error in
      (error as? OVError)?.code == .unreadableFile && (error as? OVError)?.location.path == "/nonexistent/model.xml"
    }
    #expect(throws: OVError.self) { try Model(contentsOf: "/") }
  }
}
