import OVRuntime
import Testing

@Suite struct OperatorsMovementIndexTests {
  private func floats(_ values: Float...) -> Tensor { Tensor(values, shape: [values.count]) }

  @Test func tileFillsUpWithOnes() throws {
    let tile = try OperatorCall("Tile", 1)
    #expect(try tile.shape("2,?", [2, 3, 4]) == "2,6,?")
    #expect(try tile(.counting([2, 1]), .indices(2))[0].array(of: Float.self) == [0, 0, 1, 1])
    #expect(try tile(.counting([2, 0]), .indices(3, 2))[0].shape == [6, 0])
    #expect(throws: OVError.self) { try tile(.counting([2, 2]), .indices(1 << 40, 1 << 40)) }
  }

  @Test func gatherElementsChecksIndices() throws {
    let gather = try OperatorCall("GatherElements", 6, ["axis": "1"])
    let indices = Tensor([Int32(-1), 0], shape: [2, 1])
    #expect(try gather(.counting([2, 3]), indices)[0].array(of: Float.self) == [2, 3])
    #expect(throws: OVError.self) { try gather(.counting([2, 3]), Tensor([Int32(3), 0], shape: [2, 1])) }
    #expect(throws: OVError.self) { try gather(.counting([3, 3]), indices) }
  }

  @Test func gatherNDVersionsDifferInBatchAxes() throws {
    let types = [ValueType(.f32, [2, 3, 4]), ValueType(.i64, [2, 3, 1])]
    #expect(try OperatorCall("GatherND", 5, ["batch_dims": "2"]).infer(types)[0].shape.irText == "6")
    #expect(try OperatorCall("GatherND", 8, ["batch_dims": "2"]).infer(types)[0].shape.irText == "2,3")
    #expect(throws: OVError.self) { try OperatorCall("GatherND", 8, ["batch_dims": "3"]).infer(types) }
    #expect(throws: OVError.self) { try OperatorCall("GatherND", 8, ["batch_dims": "-1"]) }
    let call = try OperatorCall("GatherND", 8, ["batch_dims": "1"])
    let broadcast = try call(.counting([1, 3]), Tensor([Int64(2), -3], shape: [2, 1]))[0]
    #expect(broadcast.array(of: Float.self) == [2, 0])
  }

  @Test func gatherTreeStopsAtTheEndToken() throws {
    let ids = Tensor([Float(1), 2, 9, 3, 4, 5], shape: [3, 1, 2])
    let parents = Tensor([Float(0), 0, 1, 0, 0, 1], shape: [3, 1, 2])
    let result = try OperatorCall("GatherTree", 1)(ids, parents, floats(3), Tensor([Float(9)], shape: []))[0]
    #expect(result.array(of: Float.self) == [2, 1, 9, 3, 9, 5])
    #expect(throws: OVError.self) {
      try OperatorCall("GatherTree", 1)(
        ids, Tensor([Float](repeating: 2, count: 6), shape: [3, 1, 2]), floats(3), Tensor([Float(9)], shape: []))
    }
  }

  // MARK: Scattering

  @Test(arguments: [
    ("sum", "true", [Float(7), 1, 2]), ("sum", "false", [7, 1, 2]), ("prod", "true", [0, 1, 2]), ("prod", "false", [12, 1, 2]),
    ("min", "true", [0, 1, 2]), ("max", "false", [4, 1, 2]), ("mean", "false", [3.5, 1, 2]), ("none", "false", [4, 1, 2]),
  ])
  func scatterElementsReduces(reduction: String, includesData: String, expected: [Float]) throws {
    let scatter = try OperatorCall("ScatterElementsUpdate", 12, ["reduction": reduction, "use_init_val": includesData])
    #expect(try scatter(.counting([3]), .indices(0, -3), floats(3, 4), .index(0))[0].array() == expected)
  }

  @Test func scatterRefuses() throws {
    #expect(throws: OVError.self) { try OperatorCall("ScatterElementsUpdate", 12, ["reduction": "sub"]) }
    #expect(throws: OVError.self) { try OperatorCall("ScatterNDUpdate", 15, ["reduction": "mean"]) }
    let elements = try OperatorCall("ScatterElementsUpdate", 3, ["reduction": "sum"])
    #expect(try elements(.counting([3]), .indices(1), floats(5), .index(0))[0].array(of: Float.self) == [0, 5, 2])
    #expect(throws: OVError.self) { try elements(.counting([3]), .indices(3), floats(5), .index(0)) }
    #expect(throws: OVError.self) { try elements(.counting([3]), .indices(1, 2), floats(5), .index(0)) }
    let slices = try OperatorCall("ScatterUpdate", 3)
    #expect(throws: OVError.self) { try slices(.counting([3, 2]), .indices(1), .counting([2]), .index(0)) }
    #expect(try slices(.counting([3]), .indices(2, 0), floats(5, 6), .index(-1))[0].array(of: Float.self) == [6, 1, 5])
    #expect(throws: OVError.self) { try OperatorCall("ScatterNDUpdate", 4)(.counting([3]), .indices(0, 0), floats(1)) }
  }

  @Test func integerReductions() throws {
    let mean = try OperatorCall("ScatterElementsUpdate", 12, ["reduction": "mean"])
    let low = Tensor([Int32(-3)], shape: [1])
    #expect(try mean(low, .indices(0), Tensor([Int32(-4)], shape: [1]), .index(0))[0].array(of: Int32.self) == [-4])
    let maximum = try OperatorCall("ScatterNDUpdate", 15, ["reduction": "max"])
    let large = Tensor([UInt64.max, 1], shape: [2])
    let updates = Tensor([UInt64(5)], shape: [1])
    #expect(try maximum(large, Tensor([Int64(0)], shape: [1, 1]), updates)[0].array(of: UInt64.self) == [.max, 1])
  }

  // MARK: Orders

  @Test func depthAndSpaceAreInverse() throws {
    for mode in ["blocks_first", "depth_first"] {
      for (shape, space) in [([2, 8, 3], 4), ([1, 8, 2, 3], 2), ([1, 8, 1, 2, 3], 1)] {
        let data = Tensor.counting(shape)
        let wide = try OperatorCall("DepthToSpace", 1, ["mode": mode, "block_size": "2"])(data)[0]
        #expect(wide.shape[1] == space)
        #expect(try OperatorCall("SpaceToDepth", 1, ["mode": mode, "block_size": "2"])(wide)[0].array(of: Float.self) == data.array())
      }
    }
    #expect(throws: OVError.self) {
      try OperatorCall("DepthToSpace", 1, ["mode": "blocks_first", "block_size": "2"])(.counting([1, 6, 1, 1]))
    }
    #expect(throws: OVError.self) { try OperatorCall("DepthToSpace", 1, ["mode": "blocks_first", "block_size": "0"]) }
    #expect(throws: OVError.self) { try OperatorCall("SpaceToDepth", 1, ["block_size": "2"]) }
  }

  @Test func batchAndSpaceAreInverse() throws {
    let data = Tensor.counting([2, 3, 5])
    let blocks = try OperatorCall("SpaceToBatch", 2)(data, .indices(1, 3, 2), .indices(0, 2, 0), .indices(0, 1, 1))[0]
    #expect(blocks.shape == [12, 2, 3])
    let back = try OperatorCall("BatchToSpace", 2)(blocks, .indices(1, 3, 2), .indices(0, 2, 0), .indices(0, 1, 1))[0]
    #expect(back.shape == data.shape && back.array(of: Float.self) == data.array())
    #expect(throws: OVError.self) { try OperatorCall("BatchToSpace", 2).shape("5,2", [1, 2], [0, 0], [0, 0]) }
    #expect(throws: OVError.self) { try OperatorCall("BatchToSpace", 2).shape("4,2", [1, 2], [0, 5], [0, 0]) }
    #expect(throws: OVError.self) { try OperatorCall("SpaceToBatch", 2).shape("4,2", [1, 0], [0, 0], [0, 0]) }
    #expect(try OperatorCall("SpaceToBatch", 2).shape("?,2..7", [1, 2], [0, 1], [0, 0]) == "?,1..4")
  }

  @Test func ordersOfOneAxis() throws {
    let data = Tensor.counting([2, 4])
    #expect(try OperatorCall("Roll", 7)(data, .indices(-1, 5), .indices(1, 0))[0].array(of: Float.self) == [5, 6, 7, 4, 1, 2, 3, 0])
    #expect(throws: OVError.self) { try OperatorCall("Roll", 7)(data, .indices(1, 2), .indices(0)) }
    let mask = Tensor([UInt8(0), 1], shape: [2])
    let mirrored = try OperatorCall("Reverse", 1, ["mode": "mask"])(data, mask)[0]
    #expect(mirrored.array(of: Float.self) == [3, 2, 1, 0, 7, 6, 5, 4])
    #expect(throws: OVError.self) { try OperatorCall("Reverse", 1, ["mode": "index"])(data, .indices(2)) }
    let sequences = try OperatorCall("ReverseSequence", 1)
    #expect(try sequences(data, .indices(3, 0))[0].array(of: Float.self) == [2, 1, 0, 3, 4, 5, 6, 7])
    #expect(throws: OVError.self) { try sequences(data, .indices(5, 0)) }
    #expect(throws: OVError.self) { try sequences(data, .indices(1, 1, 1)) }
    #expect(throws: OVError.self) { try OperatorCall("ShuffleChannels", 1, ["group": "3"])(data) }
  }

  @Test func oneHotDepthBecomesAnExtent() throws {
    let types = [ValueType(.i32, PartialShape(irText: "?")!), ValueType(.i64, []), ValueType(.f16, []), ValueType(.f16, [])]
    let oneHot = try OperatorCall("OneHot", 1, ["axis": "-1"])
    #expect(try oneHot.infer(types, values: [1: .index(3)])[0] == ValueType(.f16, PartialShape(irText: "?,3")!))
    #expect(try oneHot.infer(types)[0].shape.irText == "?,?")
    #expect(throws: OVError.self) { try oneHot.infer(types, values: [1: .index(-1)]) }
    #expect(throws: OVError.self) { try OperatorCall("OneHot", 16, ["axis": "2"]).infer(types) }
  }

  @Test func patchesRefuse() throws {
    let patches: Attributes = ["sizes": "3,3", "strides": "5,5", "rates": "1,1", "auto_pad": "valid"]
    #expect(try OperatorCall("ExtractImagePatches", 3, patches).shape("64,3,10,?") == "64,27,2,?")
    #expect(throws: OVError.self) {
      try OperatorCall("ExtractImagePatches", 3, ["sizes": "3", "strides": "5,5", "rates": "1,1", "auto_pad": "valid"])
    }
    #expect(throws: OVError.self) { try OperatorCall("Col2Im", 15)(.counting([4, 3]), .indices(3, 3), .indices(2, 2)) }
    #expect(try OperatorCall("Col2Im", 15)(.counting([4, 4]), .indices(3, 3), .indices(2, 2))[0].shape == [1, 3, 3])
    #expect(throws: OVError.self) { try OperatorCall("ReorgYolo", 2, ["stride": "2"])(.counting([1, 5, 2, 2])) }
  }
}
