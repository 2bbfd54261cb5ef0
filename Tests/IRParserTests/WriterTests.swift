import Foundation
import IRParser
import Testing

@Suite struct WriterTests {
  private func reread(_ model: Model) throws -> Model {
    let (xml, weights) = try model.serialized()
    return try Model(xml: xml, weights: weights.withUnsafeBytes { WeightsBuffer(copying: $0) })
  }

  /// A model with everything: constants, bodies, information, odd names.
  static let everything: (xml: String, weights: [UInt8]) = {
    let info =
      "<rt_info><attribute name=\"decompression\" version=\"0\"/><attribute name=\"f\" version=\"0\" value=\"&lt;x&gt;\"/></rt_info>"
    let xml = BodyTests.loop()
      .replacing("name=\"p1\"", with: "name=\"p&quot;&amp;&lt;1&#10;ü\"")
      .replacing("shape=\"1,3\" element_type=\"f32\"", with: "shape=\"?,1..3\" element_type=\"f32\"", maxReplacements: 1)
      .replacing("<input><port id=\"0\"/><port id=\"1\"/></input>", with: info + "<input><port id=\"0\"/><port id=\"1\"/></input>")
      .replacing("names=\"a\">", with: "names=\"a,b\\,c\">\(info)", maxReplacements: 2)
      .replacing("</net>", with: "<rt_info><info name=\"1 &amp; 2\" value=\"3\"/><a><b value=\"\"/><c/></a></rt_info></net>")
    return (xml, [1])
  }()

  @Test func readingWhatWasWritten() throws {
    let model = try read(WriterTests.everything.xml, weights: WriterTests.everything.weights)
    #expect(model.structuralDifference(from: try reread(model)) == nil)
    #expect(model.runtimeInfo["1 & 2"] == .value("3"))
  }

  @Test func documentIsWhatOpenVINOWrites() throws {
    let model = try read(IR.net(), weights: [])
    let (xml, weights) = try model.serialized()
    #expect(weights.isEmpty)
    #expect(
      String(decoding: xml, as: UTF8.self) == """
        <?xml version="1.0"?>
        <net name="net" version="11">
        \t<layers>
        \t\t<layer id="0" name="input" type="Parameter" version="opset1">
        \t\t\t<data shape="1,3" element_type="f32" />
        \t\t\t<output>
        \t\t\t\t<port id="0" precision="FP32" names="a">
        \t\t\t\t\t<dim>1</dim>
        \t\t\t\t\t<dim>3</dim>
        \t\t\t\t</port>
        \t\t\t</output>
        \t\t</layer>
        \t\t<layer id="1" name="relu" type="ReLU" version="opset1">
        \t\t\t<input>
        \t\t\t\t<port id="0" precision="FP32">
        \t\t\t\t\t<dim>1</dim>
        \t\t\t\t\t<dim>3</dim>
        \t\t\t\t</port>
        \t\t\t</input>
        \t\t\t<output>
        \t\t\t\t<port id="1" precision="FP32" names="b">
        \t\t\t\t\t<dim>1</dim>
        \t\t\t\t\t<dim>3</dim>
        \t\t\t\t</port>
        \t\t\t</output>
        \t\t</layer>
        \t\t<layer id="2" name="result" type="Result" version="opset1" output_names="b">
        \t\t\t<input>
        \t\t\t\t<port id="0" precision="FP32">
        \t\t\t\t\t<dim>1</dim>
        \t\t\t\t\t<dim>3</dim>
        \t\t\t\t</port>
        \t\t\t</input>
        \t\t</layer>
        \t</layers>
        \t<edges>
        \t\t<edge from-layer="0" from-port="0" to-layer="1" to-port="0" />
        \t\t<edge from-layer="1" from-port="1" to-layer="2" to-port="0" />
        \t</edges>
        \t<rt_info />
        </net>

        """)
  }

  @Test func equalConstantsAreStoredOnce() throws {
    var model = Model(name: "constants")
    func constant(_ values: [Float], _ name: String) -> Node {
      Node(
        name: name, type: "Constant", opset: "opset1", outputs: [.init(ValueType(.f32, [values.count]))],
        constant: bytes(values).withUnsafeBytes { ConstantData(copying: $0) })
    }
    for (index, values) in ([[1, 2], [1, 2], [1], [2, 1], [1], []] as [[Float]]).enumerated() {
      let id = model.add(constant(values, "c\(index)"))
      model.add(Node(name: "r\(index)", type: "Result", opset: "opset1", inputs: [OutputID(id)], outputs: [model[OutputID(id)]]))
    }
    let (_, weights) = try model.serialized()
    #expect(weights == bytes([1, 2, 1, 0, 2, 1] as [Float]))
    let again = try reread(model)
    for index in 0..<6 {
      #expect(
        try again.node("c\(index)").constant.map { Array($0.unsafeBytes) } == model.node("c\(index)").constant.map { Array($0.unsafeBytes) }
      )
    }
  }

  @Test func largeConstantsAreAligned() throws {
    var model = Model(name: "constants")
    for (index, count) in [3, 5000, 1].enumerated() {
      let data = [UInt8](repeating: UInt8(index + 1), count: count).withUnsafeBytes { ConstantData(copying: $0) }
      let id = model.add(
        Node(name: "c\(index)", type: "Constant", opset: "opset1", outputs: [.init(ValueType(.u8, [count]))], constant: data))
      model.add(Node(name: "r\(index)", type: "Result", opset: "opset1", inputs: [OutputID(id)], outputs: [model[OutputID(id)]]))
    }
    #expect(try reread(model).nodes.compactMap { $0.constant?.offset } == [0, 64, 5064])
  }

  @Test func orderOfInputsAndOutputsIsKept() throws {
    let layers =
      IR.parameter(0, name: "p0") + IR.parameter(4, name: "p4") + IR.relu(1) + IR.result(2, name: "r2") + IR.result(3, name: "r3")
    var model = try read(IR.net(layers, IR.edge(4, 0, 1, 0) + IR.edge(1, 1, 2, 0) + IR.edge(0, 0, 3, 0)))
    model.reorder(parameters: model.parameters.reversed(), results: model.results.reversed())
    let again = try reread(model)
    #expect(again.parameters.map { again[$0].name } == ["p4", "p0"])
    #expect(again.results.map { again[$0].name } == ["r3", "r2"])
    #expect(model.structuralDifference(from: again) == nil)
  }

  @Test func resultWithoutNames() throws {
    let model = try read(IR.net(IR.parameter() + IR.relu(names: "x") + IR.result(attributes: " output_names=\"\"")))
    #expect(model[model.results[0]].outputs[0].names == [])
    #expect(model.structuralDifference(from: try reread(model)) == nil)
  }

  @Test func version10BecomesVersion11() throws {
    let model = try read(IR.net(IR.parameter(type: "f16") + IR.relu(type: "f16") + IR.result(), version: "10"))
    let again = try reread(model)
    #expect(again.irVersion == 11)
    #expect(model.structuralDifference(from: again) == nil)
  }

  @Test func whatCannotBeWritten() throws {
    let model = try read(IR.net())
    let relu = try model.node("relu").id
    func code(_ edit: (inout Node) -> Void) -> OVError.Code? {
      var edited = model
      edited.update(relu, edit)
      return #expect(throws: OVError.self) { try edited.serialized() }?.code
    }
    #expect(code { $0.postOperations.append(.init(name: "x", type: "Relu", opset: "opset1", attributes: [:])) } == .unsupported)
    #expect(code { $0.name = "a\0b" } == .invalidArgument)
    #expect(code { $0.attributes["two words"] = "" } == .invalidArgument)
    #expect(code { $0.type = "Constant" } == .invalidModel)
  }

  // MARK: Files

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ovrun-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func contents(_ folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  private static let constants = IR.net(
    IR.constant(0, data: "element_type=\"f32\" shape=\"2\" offset=\"4\" size=\"8\"") + IR.result(), IR.edge(0, 0, 2, 0))

  @Test func files() throws {
    try withFolder { (folder) throws in
      let model = try read(WriterTests.constants, weights: Array(0..<12))
      try model.write(to: folder + "/a.b.xml")
      #expect(try contents(folder) == ["a.b.bin", "a.b.xml"])
      let again = try Model(contentsOf: folder + "/a.b.xml")
      #expect(model.structuralDifference(from: again) == nil)
      #expect(try again.node("constant").constant?.buffer.path == folder + "/a.b.bin")
      #expect(try again.node("constant").location.path == folder + "/a.b.xml")
      // Over the files that the constants are mapped from.
      try again.write(to: folder + "/a.b.xml")
      #expect(model.structuralDifference(from: again) == nil)
      #expect(model.structuralDifference(from: try Model(contentsOf: folder + "/a.b.xml")) == nil)
      try model.write(to: folder + "/c.xml", weightsPath: folder + "/d.weights")
      #expect(model.structuralDifference(from: try Model(contentsOf: folder + "/c.xml", weightsPath: folder + "/d.weights")) == nil)
      #expect(try contents(folder) == ["a.b.bin", "a.b.xml", "c.xml", "d.weights"])
    }
  }

  @Test func filesThatCannotBeWritten() throws {
    try withFolder { (folder) throws in
      let model = try read(WriterTests.constants, weights: Array(0..<12))
      func code(_ path: String, _ weightsPath: String? = nil) -> OVError.Code? {
        #expect(throws: OVError.self) { try model.write(to: path, weightsPath: weightsPath) }?.code
      }
      #expect(code(folder + "/none/a.xml") == .unwritableFile)
      #expect(code(folder + "/a.bin") == .invalidArgument)
      #expect(code(folder + "/a.xml", folder + "/none/a.bin") == .unwritableFile)
      try FileManager.default.createDirectory(atPath: folder + "/taken.xml", withIntermediateDirectories: false)
      #expect(code(folder + "/taken.xml", folder + "/taken.bin") == .unwritableFile)
      // The weights take their place after the XML that was there is set aside.
      try model.write(to: folder + "/kept.xml")
      let former = try Data(contentsOf: URL(fileURLWithPath: folder + "/kept.xml"))
      try FileManager.default.createDirectory(atPath: folder + "/taken.weights", withIntermediateDirectories: false)
      #expect(code(folder + "/kept.xml", folder + "/taken.weights") == .unwritableFile)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/kept.xml")) == former)
      #expect(try contents(folder).filter { $0.contains(".partial") } == [], "nothing half-written stays")
    }
  }

  @Test func weightsBesideTheXML() throws {
    try withFolder { (folder) throws in
      func write(_ name: String, _ bytes: [UInt8]) {
        _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: Data(bytes))
      }
      func code(_ path: String, _ weightsPath: String? = nil) -> OVError.Code? {
        #expect(throws: OVError.self) { _ = try Model(contentsOf: path, weightsPath: weightsPath) }?.code
      }
      write("m.xml", Array(WriterTests.constants.utf8))
      #expect(code(folder + "/m.xml") == .unreadableFile, "a model with constants needs weights")
      write("m.bin", [])
      #expect(code(folder + "/m.xml") == .invalidModel)
      write("m.bin", Array(0..<11))
      #expect(code(folder + "/m.xml") == .invalidModel)
      write("m.bin", Array(0..<12))
      #expect(try Model(contentsOf: folder + "/m.xml").nodeCount == 2)
      #expect(code(folder + "/m.xml", folder + "/absent.bin") == .unreadableFile)
      #expect(code(folder + "/m.xml", folder) == .unreadableFile)
      write("weightless.xml", Array(IR.net().utf8))
      #expect(try Model(contentsOf: folder + "/weightless.xml").nodeCount == 3)
    }
  }
}
