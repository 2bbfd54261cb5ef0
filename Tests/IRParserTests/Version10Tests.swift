import IRParser
import Testing

@Suite struct Version10Tests {
  private func net(_ type: String, version: String = "10", tail: String = "") throws -> Model {
    try read(IR.net(IR.parameter(name: "in", type: type) + IR.relu(name: "out", type: type) + IR.result(), version: version, tail: tail))
  }

  @Test(arguments: [
    ("f16", "f32", "f32"), ("i64", "i64", "i32"), ("u8", "u8", "f32"), ("i8", "i8", "f32"), ("boolean", "boolean", "f32"),
    ("f64", "f64", "f32"), ("u32", "u32", "i32"), ("u64", "u64", "i32"), ("bf16", "bf16", "f32"), ("i32", "i32", "i32"),
    ("f32", "f32", "f32"),
  ])
  func types(_ type: String, _ input: String, _ output: String) throws {
    let model = try net(type)
    #expect(model.irVersion == 10)
    let parameter = model[model.parameters[0]]
    let result = model[model.results[0]]
    #expect(parameter.outputs[0].type == ValueType(ElementType(rawValue: input)!, [1, 3]))
    #expect(parameter.attributes["element_type"] == input)
    #expect(parameter.outputs[0].names == ["a", "in"])
    #expect(result.outputs[0].type == ValueType(ElementType(rawValue: output)!, [1, 3]))
    #expect(result.outputs[0].names == ["b", "out"])
    let relu = try #require(model.nodes.first { $0.type == "Relu" })
    #expect(model.type(of: relu.inputs[0]).elementType.rawValue == type)
    #expect(model.producer(of: relu.id, 0).type == (input == type ? "Parameter" : "Convert"))
    let producer = model.producer(of: result.id, 0)
    #expect(producer.name == "out", "the output keeps its name")
    #expect(producer.type == (output == type ? "Relu" : "Convert"))
    if producer.type == "Convert" {
      #expect(producer.attributes["destination_type"] == output)
      #expect(relu.outputs[0].names == [])
    }
    #expect(Set(model.nodes.map(\.name)).count == model.nodeCount)
  }

  @Test func version11KeepsTypesAndNames() throws {
    let model = try net("f16", version: "11")
    #expect(model.nodes.map(\.type) == ["Parameter", "Relu", "Result"])
    #expect(model[model.parameters[0]].outputs[0].names == ["a"])
    #expect(model[model.results[0]].outputs[0].names == ["b"])
  }

  @Test func resultsOfOneValueShareTheConvert() throws {
    let layers = IR.parameter(type: "i64") + IR.relu(type: "i64") + IR.result() + IR.result(3, name: "second")
    let model = try read(IR.net(layers, IR.chain + IR.edge(1, 1, 3, 0), version: "10"))
    #expect(model.nodes.filter { $0.type == "Convert" }.count == 1)
    #expect(model[model.results[0]].inputs == model[model.results[1]].inputs)
  }

  @Test func inputsThatNothingUsesGetNoNodes() throws {
    let tail = preProcess(["value=\"1\"", "value=\"2\"", "value=\"3\""], input: "unused")
    let unused = IR.parameter(7, name: "unused", type: "f16")
    let model = try read(IR.net(IR.parameter() + unused + IR.relu() + IR.result(), version: "10", tail: tail))
    #expect(model.nodes.map(\.type) == ["Parameter", "Parameter", "Relu", "Result"])
    #expect(model[model.parameters[1]].outputs[0].type.elementType == .f32)
  }

  @Test func outputsOfOneNodeAreNumbered() throws {
    let split = IR.layer(1, "Split", inputs: 1, outputs: 2)
    let layers = IR.parameter() + split + IR.result() + IR.result(3, name: "second")
    let model = try read(IR.net(layers, IR.edge(0, 0, 1, 0) + IR.edge(1, 2, 2, 0) + IR.edge(1, 1, 3, 0), version: "10"))
    #expect(model.results.map { model[$0].outputs[0].names } == [["Split_1.1"], ["Split_1.0"]])
  }

  @Test func runtimeAttributesAreIgnored() throws {
    let info = "<rt_info><attribute name=\"decompression\" version=\"0\"/></rt_info>"
    func model(_ version: String) throws -> Model {
      try read(IR.net(version: version).replacing("<input>", with: info + "<input>"))
    }
    #expect(try model("10").node("relu").runtimeInfo == [])
    #expect(try model("11").node("relu").runtimeInfo == [RuntimeAttribute(name: "decompression", version: "0")])
  }

  // MARK: Mean values

  private func preProcess(_ channels: [String], input: String = "in") -> String {
    let channels = channels.enumerated().map { "<channel id=\"\($0.offset)\"><mean \($0.element)/></channel>" }.joined()
    return "<pre-process reference-layer-name=\"\(input)\" mean-precision=\"FP32\">\(channels)</pre-process>"
  }

  private let threeMeans = ["value=\"1\"", "value=\"2\"", "value=\"3.5\""]

  @Test(arguments: [
    ("f32", bytes([1, 2, 3.5] as [Float])), ("f16", bytes([0x3C00, 0x4000, 0x4300] as [UInt16])), ("u8", [1, 2, 3]),
    ("bf16", bytes([0x3F80, 0x4000, 0x4060] as [UInt16])), ("f64", bytes([1, 2, 3.5] as [Double])), ("i64", bytes([1, 2, 3] as [Int64])),
  ])
  func meanNumbers(_ type: String, _ expected: [UInt8]) throws {
    let model = try net(type, version: "11", tail: preProcess(threeMeans))
    let subtract = try #require(model.nodes.first { $0.type == "Subtract" })
    #expect(model.producer(of: subtract.id, 0).type == "Parameter")
    #expect(model.users(of: OutputID(subtract.id)).map { model[$0.node].type } == ["Relu"])
    let mean = model.producer(of: subtract.id, 1)
    #expect(mean.outputs[0].type == ValueType(ElementType(rawValue: type)!, [3]))
    #expect(mean.constant.map { Array($0.unsafeBytes) } == expected)
  }

  @Test func meanOfVersion10() throws {
    let model = try net("f16", tail: preProcess(threeMeans))
    #expect(
      model.topologicalOrder.map { model[$0].type }.filter { $0 != "Constant" } == [
        "Parameter", "Convert", "Subtract", "Relu", "Convert", "Result",
      ])
  }

  @Test(arguments: [("2,3,4,5", [3, 1, 1], [3, 4, 5]), ("3,4,5", [3, 1, 1], [3, 4, 5]), ("1,3,2,2,2", [3, 1, 1, 1], [3, 2, 2, 2])])
  func meanShapes(_ shape: String, _ numbers: Shape, _ images: Shape) throws {
    func constant(_ tail: String, _ weights: [UInt8] = []) throws -> Node {
      let layers = IR.parameter(name: "in", shape: shape) + IR.relu() + IR.result()
      return try read(IR.net(layers, tail: tail), weights: weights).nodes.first { $0.type == "Constant" }!
    }
    #expect(try constant(preProcess(threeMeans)).outputs[0].type.shape == PartialShape(numbers))
    let imageSize = images.dropFirst().reduce(4, *)
    let image = try constant(
      preProcess((0..<3).map { "offset=\"\((2 - $0) * imageSize)\" size=\"\(imageSize)\"" }),
      (0..<(3 * imageSize)).map { UInt8($0 / imageSize) })
    #expect(image.outputs[0].type.shape == PartialShape(images))
    #expect(image.constant.map { $0.unsafeBytes.first } == 2)
    #expect(image.constant.map { $0.unsafeBytes.last } == 0)
  }

  @Test func badMeans() {
    func error(_ tail: String, _ message: String, shape: String = "1,3") {
      readError(IR.net(IR.parameter(name: "in", shape: shape) + IR.relu() + IR.result(), tail: tail), saying: message)
    }
    error(preProcess(threeMeans, input: "x"), "does not exist")
    error(preProcess(["value=\"1\""]), "1 mean values for 3 channels")
    error(preProcess(threeMeans).replacing("id=\"2\"", with: "id=\"1\""), "too many")
    error(preProcess(threeMeans).replacing("id=\"2\"", with: "id=\"3\""), "too many")
    error(preProcess(threeMeans), "known shape", shape: "1,?")
    error(preProcess(threeMeans), "2 to 5", shape: "3")
    error(preProcess(threeMeans), "2 to 5", shape: "1,3,1,1,1,1")
    error(preProcess(["value=\"1\"", "value=\"2\"", "offset=\"0\" size=\"4\""]), "within the weights")
    error(preProcess(["value=\"1\"", "value=\"2\"", "offset=\"0\" size=\"8\""]), "does not fit")
    error(preProcess(["value=\"1\"", "value=\"2\"", ""]), "neither")
    error(preProcess(["value=\"1\"", "value=\"2\"", "value=\"x\""]), "not a number")
    readError(
      IR.net(tail: preProcess(["value=\"1\"", "value=\"2\"", "offset=\"0\" size=\"4\""], input: "")), weights: [0, 0, 0, 0], saying: "mixes"
    )
  }
}
