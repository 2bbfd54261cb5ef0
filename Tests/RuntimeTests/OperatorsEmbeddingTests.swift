import OVRuntime
import Testing

@Suite struct OperatorsEmbeddingTests {
  private let table = Tensor.counting([3, 2])

  @Test func bagsReduce() throws {
    let weights = Tensor([Float(1), 2, 3], shape: [3])
    let sum = try OperatorCall("EmbeddingBagOffsets", 15, ["reduction": "sum"])
    let result = try sum(table, .indices(0, 2, 1), .indices(0, 0, 2), .index(1), weights)[0]
    #expect(result.array(of: Float.self) == [2, 3, 8, 11, 6, 9])
    let mean = try OperatorCall("EmbeddingBagPacked", 15, ["reduction": "mean"])
    #expect(try mean(table, Tensor([Int64(0), 2], shape: [1, 2]))[0].array(of: Float.self) == [2, 3])
    let segments = try OperatorCall("EmbeddingSegmentsSum", 3)
    #expect(try segments(table, .indices(1, 2), .indices(0, 0), .index(2))[0].array(of: Float.self) == [6, 8, 0, 0])
  }

  @Test func bagsRefuse() throws {
    let sum = try OperatorCall("EmbeddingBagOffsetsSum", 3)
    #expect(throws: OVError.self) { try sum(table, .indices(3), .indices(0)) }
    #expect(throws: OVError.self) { try sum(table, .indices(0), .indices(2)) }
    #expect(throws: OVError.self) { try sum(table, .indices(0, 1), .indices(1, 0)) }
    #expect(throws: OVError.self) { try sum(table, .indices(0, 1), .indices(0), .index(0), .counting([3])) }
    #expect(throws: OVError.self) {
      try OperatorCall("EmbeddingBagOffsets", 15, ["reduction": "mean"])(table, .indices(0), .indices(0), .index(0), .counting([1]))
    }
    #expect(throws: OVError.self) { try OperatorCall("EmbeddingBagPacked", 15, ["reduction": "max"]) }
    let segments = try OperatorCall("EmbeddingSegmentsSum", 3)
    #expect(throws: OVError.self) { try segments(table, .indices(0), .indices(2), .index(2)) }
    let types = [ValueType(.f32, .dynamic), ValueType(.i64, [2]), ValueType(.i64, [2]), ValueType(.i64, [])]
    #expect(try segments.infer(types)[0].shape.irText == "...")
    #expect(try segments.infer([ValueType(.f32, [3, 2])] + types[1...], values: [3: .index(4)])[0].shape.irText == "4,2")
  }

  @Test func segmentMaximaOfNothing() throws {
    for (fill, type, expected) in [
      ("zero", ElementType.i32, 0), ("lowest", .i8, -128), ("lowest", .u8, 0), ("LOWEST", .f16, -65504),
    ] {
      let data = Tensor(type, shape: [2, 1], ints: [3, 4])
      let result = try OperatorCall("SegmentMax", 16, ["fill_mode": fill])(data, .indices(1, 1))[0]
      #expect(result.ints() == [expected, 4])
    }
    let segments = try OperatorCall("SegmentMax", 16, ["fill_mode": "zero"])
    #expect(try segments(table, .indices(0, 1, 5), .index(2))[0].array(of: Float.self) == [0, 1, 2, 3])
    #expect(throws: OVError.self) { try segments(table, .indices(1, 0, 2)) }
    #expect(throws: OVError.self) { try segments(table, .indices(0, 1)) }
    #expect(throws: OVError.self) { try OperatorCall("SegmentMax", 16) }
  }

  @Test func emptyRowsAreFilled() throws {
    let fill = try OperatorCall("SparseFillEmptyRows", 16, outputs: 3)
    let values = Tensor([Float(1), 2], shape: [2])
    let outputs = try fill(values, .indices(3, 2), Tensor([Int64(2), 1, 0, 1], shape: [2, 2]), Tensor([Float(9)], shape: []))
    #expect(outputs[0].ints() == [0, 1, 1, 0, 2, 1] && outputs[1].array(of: Float.self) == [2, 9, 1] && outputs[2].ints() == [0, 1, 0])
    #expect(throws: OVError.self) {
      try fill(values, .indices(3, 2), Tensor([Int64(3), 1, 0, 1], shape: [2, 2]), Tensor([Float(9)], shape: []))
    }
  }

  @Test func stringsPackAndUnpack() throws {
    let words = Tensor(strings: ["Grüße", "", "a"], shape: [3, 1])
    let parts = try OperatorCall("StringTensorUnpack", 15, outputs: 3)(words)
    #expect(parts[0].ints() == [0, 7, 7] && parts[1].ints() == [7, 7, 8] && parts[2].shape == [8])
    let pack = try OperatorCall("StringTensorPack", 15)
    #expect(try pack(parts[0], parts[1], parts[2])[0].strings == words.strings)
    #expect(throws: OVError.self) { try pack(.indices(0), .indices(9), parts[2]) }
    #expect(throws: OVError.self) { try pack(.indices(2), .indices(1), parts[2]) }
    #expect(throws: OVError.self) { try pack(.indices(0), .indices(1), .indices(1)) }
  }
}
