import IRParser
import Testing

@Suite struct ConstantTests {
  private static func net(_ data: String, type: String = "f32") -> String {
    IR.net(IR.constant(0, data: data, type: type) + IR.result(), IR.edge(0, 0, 2, 0))
  }

  private func constant(_ data: String, type: String = "f32", weights: [UInt8]) throws -> Node {
    try read(ConstantTests.net(data, type: type), weights: weights).node("constant")
  }

  @Test func payload() throws {
    let node = try constant("element_type=\"f32\" shape=\"2\" offset=\"4\" size=\"8\"", weights: bytes([0, 1.5, -2] as [Float]))
    #expect(node.type == "Constant")
    #expect(node.constant.map { Array($0.unsafeBytes) } == bytes([1.5, -2] as [Float]))
    #expect(node.outputs[0].type == ValueType(.f32, [2]))
    #expect(node.attributes == ["element_type": "f32", "shape": "2"])
  }

  @Test func declaredTypeIsNotTrusted() throws {
    let node = try constant("element_type=\"i16\" shape=\"2\" offset=\"0\" size=\"4\"", type: "f64", weights: [1, 2, 3, 4])
    #expect(node.outputs[0].type == ValueType(.i16, [2]))
  }

  @Test func scalar() throws {
    let node = try constant("element_type=\"i64\" shape=\"\" offset=\"0\" size=\"8\"", weights: bytes([-1] as [Int64]))
    #expect(node.outputs[0].type == ValueType(.i64, Shape()))
  }

  @Test func sharedRange() throws {
    let data = "element_type=\"f32\" shape=\"1\" offset=\"0\" size=\"4\""
    let layers = IR.constant(0, name: "a", data: data) + IR.constant(1, name: "b", data: data) + IR.layer(3, "Add", inputs: 2) + IR.result()
    let model = try read(IR.net(layers, IR.edge(0, 0, 3, 0) + IR.edge(1, 0, 3, 1) + IR.edge(3, 2, 2, 0)), weights: [1, 2, 3, 4])
    #expect(try model.node("a").constant == model.node("b").constant)
  }

  @Test func sizeMayExceedTheNeed() throws {
    let node = try constant("element_type=\"u8\" shape=\"2\" offset=\"1\" size=\"3\"", weights: [9, 1, 2, 7])
    #expect(node.constant.map { Array($0.unsafeBytes) } == [1, 2])
  }

  @Test(arguments: [
    (ElementType.u1, 9, 2), (.u2, 5, 2), (.u3, 9, 6), (.i4, 3, 2), (.u4, 4, 2), (.nf4, 1, 1), (.f4e2m1, 5, 3), (.u6, 5, 6),
    (.boolean, 3, 3),
    (.f8e4m3, 2, 2), (.bf16, 2, 4), (.u64, 1, 8), (.f64, 0, 0),
  ])
  func packedSizes(_ type: ElementType, _ count: Int, _ size: Int) throws {
    let weights = [UInt8](repeating: 0x5A, count: size)
    func data(_ size: Int) -> String { "element_type=\"\(type)\" shape=\"\(count)\" offset=\"0\" size=\"\(size)\"" }
    #expect(try constant(data(size), type: type.rawValue, weights: weights).constant?.byteCount == size)
    if size > 0 { readError(ConstantTests.net(data(size - 1), type: type.rawValue), weights: weights, saying: "takes \(size) bytes") }
  }

  @Test(arguments: [
    ("2", 0, 4, "takes 8 bytes"), ("2", 4, 8, "do not lie within"), ("1", Int.max, 4, "do not lie within"),
    ("1", 4, Int.max, "do not lie within"), ("1", 8, 1, "do not lie within"), ("9223372036854775807", 0, 8, "cannot be stored"),
    ("1000000000000", 0, 8, "takes 4000000000000 bytes"), ("4294967296,4294967296", 0, 8, "not one of a tensor"),
    ("9223372036854775808", 0, 8, "shape"), ("-5", 0, 8, "shape"), ("?", 0, 8, "not one of a tensor"), ("...", 0, 8, "not one of a tensor"),
    ("1..2", 0, 8, "not one of a tensor"),
  ])
  func badRanges(_ shape: String, _ offset: Int, _ size: Int, _ message: String) {
    let data = "element_type=\"f32\" shape=\"\(shape)\" offset=\"\(offset)\" size=\"\(size)\""
    let error = readError(ConstantTests.net(data), weights: [UInt8](repeating: 0, count: 8), saying: message)
    #expect(error?.location.layerName == "constant")
    #expect(error?.location.layerType == "Constant (opset1)")
  }

  @Test func emptyTensorOfHugeExtents() throws {
    let node = try constant(
      "element_type=\"f32\" shape=\"9223372036854775807,0\" offset=\"8\" size=\"0\"", weights: [UInt8](repeating: 0, count: 8))
    #expect(node.constant?.byteCount == 0)
  }

  @Test func incompleteData() {
    for data in [
      "", "element_type=\"f32\"", "element_type=\"f32\" shape=\"\" offset=\"0\"", "element_type=\"f32\" shape=\"\" size=\"4\"",
      "shape=\"\" offset=\"0\" size=\"4\"", "element_type=\"dynamic\" shape=\"1\" offset=\"0\" size=\"4\"",
      "element_type=\"f32\" shape=\"1\" offset=\"-1\" size=\"4\"", "element_type=\"f32\" shape=\"1\" offset=\"x\" size=\"4\"",
    ] {
      readError(ConstantTests.net(data), weights: [0, 0, 0, 0])
    }
  }

  @Test func withoutWeights() throws {
    let data = "element_type=\"f32\" shape=\"1\" offset=\"0\" size=\"4\""
    readError(ConstantTests.net(data), saying: "no weights")
    readError(ConstantTests.net(data), weights: [], saying: "do not lie within")
    // A constant that nothing needs is not looked at.
    #expect(try read(IR.net(IR.parameter() + IR.relu() + IR.result() + IR.constant(8, data: data))).nodeCount == 3)
  }

  @Test func strings() throws {
    func node(_ words: [Int32], _ text: String, shape: String = "2") throws -> Node {
      let weights = bytes(words) + Array(text.utf8)
      return try constant(
        "element_type=\"string\" shape=\"\(shape)\" offset=\"0\" size=\"\(weights.count)\"", type: "string", weights: weights)
    }
    #expect(try node([2, 0, 2, 5], "abcde").constant?.byteCount == 21)
    #expect(try node([0, 0], "", shape: "0").constant?.byteCount == 8)
    for (words, shape) in [
      ([2, 0, 2, 6], "2"), ([2, 0, 3, 2], "2"), ([2, -1, 2, 5], "2"), ([3, 0, 2, 5], "2"), ([2, 0, 2, 5], "3"), ([2, 0], "2"), ([2], "2"),
      ([Int32.max, 0, 2, 5], "2147483647"), ([-1, 0], "2"),
    ] as [([Int32], String)] {
      #expect(throws: OVError.self, "\(words)") { try node(words, "abcde", shape: shape) }
    }
  }
}
