import OVRuntime
import Testing

@Suite struct OperatorsSortingTests {
  @Test func topKKeepsTheOrderOfEqualElements() throws {
    let data = Tensor([Float(5), 3, 1, 2, 5, 5], shape: [6])
    for (mode, order, expected) in [
      ("max", "value", [Int32(0), 4, 5, 1]), ("max", "index", [0, 1, 4, 5]), ("min", "value", [2, 3, 1, 0]),
      ("min", "index", [0, 1, 2, 3]),
    ] {
      let topK = try OperatorCall("TopK", 11, ["axis": "0", "mode": mode, "sort": order, "stable": "true"], outputs: 2)
      let outputs = try topK(data, .index(4))
      #expect(outputs[1].array(of: Int32.self) == expected)
      #expect(outputs[0].array(of: Float.self) == expected.map { data.array(of: Float.self)[Int($0)] })
    }
  }

  @Test func topKComparesEveryType() throws {
    func greatest(_ data: Tensor) throws -> [Int] {
      try OperatorCall("TopK", 3, ["axis": "0", "mode": "max", "sort": "value"], outputs: 2)(data, .index(1))[1].ints()
    }
    #expect(try greatest(Tensor([UInt64.max, 1], shape: [2])) == [0])
    #expect(try greatest(Tensor([Int64.min, Int64.max - 1, .max], shape: [3])) == [2])
    #expect(try greatest(Tensor([-Double.infinity, -0.0, 0.0, -1], shape: [4])) == [1])
    #expect(try greatest(Tensor([Float16(-2), -1, -3], shape: [3])) == [1])
  }

  @Test func topKShapes() throws {
    let topK = try OperatorCall("TopK", 1, ["axis": "-1", "mode": "max", "sort": "none"], outputs: 2)
    let types = [ValueType(.f32, PartialShape(irText: "2,?")!), ValueType(.i64, [])]
    #expect(try topK.infer(types, values: [1: .index(3)]).map(\.shape.irText) == ["2,3", "2,3"])
    #expect(try topK.infer(types)[0].shape.irText == "2,?")
    #expect(try topK.infer([ValueType(.f32, [2, 5]), types[1]])[0].shape.irText == "2,0..5")
    #expect(throws: OVError.self) { try topK(.counting([2, 2]), .index(3)) }
    #expect(throws: OVError.self) { try OperatorCall("TopK", 1, ["axis": "0", "mode": "most", "sort": "none"]) }
    #expect(throws: OVError.self) { try OperatorCall("TopK", 3, ["axis": "0", "mode": "max", "sort": "none", "index_element_type": "u8"]) }
  }

  @Test func nonZeroIsBounded() throws {
    let nonZero = try OperatorCall("NonZero", 3, ["output_type": "i32"])
    #expect(try nonZero.infer([ValueType(.f32, [2, 3])])[0] == ValueType(.i32, PartialShape(irText: "2,0..6")!))
    #expect(try nonZero.infer([ValueType(.f32, .dynamic)])[0].shape.irText == "?,?")
    let found = try nonZero(Tensor([Float(0), .nan, -0.0, 1, 0, 2], shape: [2, 3]))[0]
    #expect(found.shape == [2, 3] && found.array(of: Int32.self) == [0, 1, 1, 1, 0, 2])
    #expect(throws: OVError.self) { try OperatorCall("NonZero", 3, ["output_type": "f32"]) }
  }

  @Test func uniqueElementsAndSlices() throws {
    let words = Tensor(strings: ["b", "a", "b", "c", "a"], shape: [5])
    let outputs = try OperatorCall("Unique", 10, ["sorted": "false"], outputs: 4)(words)
    #expect(outputs[0].strings == ["b", "a", "c"])
    #expect(outputs[1...].map { $0.ints() } == [[0, 1, 3], [0, 1, 0, 2, 1], [2, 2, 1]])
    let sorted = try OperatorCall("Unique", 10, ["count_element_type": "i32"], outputs: 4)
    let slices = try sorted(Tensor([Float(2), 1, 2, 0, 0, 0], shape: [2, 3]), .index(-1))
    #expect(slices[0].shape == [2, 2] && slices[0].array(of: Float.self) == [1, 2, 0, 0])
    #expect(slices[3].elementType == .i32 && slices[3].ints() == [1, 2])
    #expect(try sorted(Tensor.counting([0]))[0].shape == [0])
    #expect(try sorted.infer([ValueType(.f32, [2, 3])]).map(\.shape.irText) == ["1..6", "1..6", "6", "1..6"])
    #expect(throws: OVError.self) { try sorted(Tensor.counting([2]), .index(1)) }
  }

  @Test func searchMatchesCounting() throws {
    let boundaries = Tensor([Float(1), 2, 2, 4], shape: [4])
    let values = Tensor([Float(0), 1, 2, 3, 5], shape: [5])
    #expect(try OperatorCall("SearchSorted", 15)(boundaries, values)[0].ints() == [0, 0, 1, 3, 4])
    #expect(try OperatorCall("SearchSorted", 15, ["right_mode": "true"])(boundaries, values)[0].ints() == [0, 1, 3, 3, 4])
    #expect(try OperatorCall("Bucketize", 3)(values, boundaries)[0].ints() == [0, 0, 1, 3, 4])
    #expect(try OperatorCall("Bucketize", 3, ["with_right_bound": "false"])(Tensor([Int32(2)], shape: []), boundaries)[0].ints() == [3])
    #expect(try OperatorCall("SearchSorted", 15)(boundaries, Tensor([Float(3)], shape: [1, 1]))[0].shape == [1, 1])
    #expect(throws: OVError.self) { try OperatorCall("SearchSorted", 15)(.counting([2, 3]), .counting([3, 3])) }
    #expect(throws: OVError.self) { try OperatorCall("Bucketize", 3)(values, .counting([2, 2])) }
  }
}
