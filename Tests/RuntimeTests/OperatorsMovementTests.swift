import OVRuntime
import Testing

@Suite struct OperatorsMovementTests {
  // MARK: Blocks

  @Test(arguments: [ElementType.f32, .f64, .bf16, .u8, .i4, .u1, .u3, .u6, .boolean])
  func everyWidthMoves(type: ElementType) throws {
    let source = Tensor(type, shape: [3, 8], ints: (0..<24).map { $0 % 2 })
    let turned = source.gathered(shape: [8, 3], strides: [1, 8])
    #expect(turned.ints() == (0..<8).flatMap { column in (0..<3).map { ($0 * 8 + column) % 2 } })
    #expect(source.gathered(shape: [2, 2], offsets: [1, -1, 3, 0]).ints() == [1, 0, 1, 0])
    #expect(source.gathered(indices: [[2, 0], [0, 3, 1]]).shape == [2, 3])
    let scattered = source.scattering(Tensor(type, shape: [2, 2], ints: [1, 1, 1, 1]), strides: [8, 1], start: 8)
    #expect(scattered.ints()[8..<12] == [1, 1, 0, 1] && scattered.ints()[16..<20] == [1, 1, 0, 1])
    let wide = Tensor.concatenated([source, source], axis: 1)
    #expect(wide.shape == [3, 16] && wide.ints() == (0..<48).map { $0 % 2 })
  }

  @Test func stringsMove() throws {
    let words = Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2])
    #expect(words.gathered(shape: [2, 2], strides: [1, 2]).strings == ["a", "c", "b", "d"])
    #expect(words.gathered(shape: [2], blocks: [-1], of: 2).strings == ["", ""])
    #expect(Tensor.concatenated([words, words], axis: 1).strings == ["a", "b", "a", "b", "c", "d", "c", "d"])
    #expect(words.scattering(Tensor(strings: ["x", "y"], shape: [1, 2]), blocks: [2], of: 2).strings == ["a", "b", "x", "y"])
  }

  // MARK: Shapes

  @Test(arguments: [
    ("?,3,4", [0, -1], "?,12"), ("?,3,4", [-1, 2], "?,2"), ("...", [2, -1], "2,?"), ("2,0", [0, 0, -1], "2,0,1"),
    ("2..4,6", [3, -1], "3,4..8"),
  ])
  func reshapeLeavesOneExtentOpen(data: String, pattern: [Int], expected: String) throws {
    #expect(try OperatorCall("Reshape", 1, ["special_zero": "true"]).shape(data, pattern) == expected)
  }

  @Test func reshapeRefuses() throws {
    let reshape = try OperatorCall("Reshape", 1)
    #expect(throws: OVError.self) { try reshape.shape("2,3", [4, -1]) }
    #expect(throws: OVError.self) { try reshape.shape("2,3", [-1, -1]) }
    #expect(throws: OVError.self) { try reshape.shape("2,3", [-2, 3]) }
    #expect(throws: OVError.self) { try reshape.shape("2,3", [5]) }
    #expect(try reshape.shape("2,0", [0, 4]) == "0,4")
  }

  @Test func squeezeKeepsOtherExtents() throws {
    let squeeze = try OperatorCall("Squeeze", 15, ["allow_axis_skip": "true"])
    #expect(try squeeze.shape("1,3,1", [0, 1]) == "3,1")
    #expect(try squeeze.shape("1,?,1", [1]) == "...")
    #expect(try OperatorCall("Squeeze", 1).shape("1,?,1", [1]) == "1,1")
    #expect(try OperatorCall("Squeeze", 1).shape("1,3,1") == "3")
    #expect(throws: OVError.self) { try squeeze.shape("1,3", [2]) }
    #expect(try OperatorCall("Unsqueeze", 1).shape("?,3", [-1, 0]) == "1,?,3,1")
    #expect(throws: OVError.self) { try OperatorCall("Unsqueeze", 1).shape("?,3", [0, -4]) }
  }

  @Test func broadcastModes() throws {
    #expect(try OperatorCall("Broadcast", 3, ["mode": "bidirectional"]).shape("4,1,3", [2, 1]) == "4,2,3")
    #expect(try OperatorCall("Broadcast", 3, ["mode": "explicit"]).shape("3", [2, 3, 4], [1]) == "2,3,4")
    #expect(throws: OVError.self) { try OperatorCall("Broadcast", 3, ["mode": "explicit"]).shape("3", [2, 3, 4], [2]) }
    #expect(throws: OVError.self) { try OperatorCall("Broadcast", 1, ["mode": "bidirectional"]) }
    #expect(throws: OVError.self) { try OperatorCall("Broadcast", 3).shape("3,4", [3, 1]) }
    #expect(throws: OVError.self) { try OperatorCall("Broadcast", 3)(.counting([1]), .indices(1 << 40, 1 << 40)) }
    let pdpd = try OperatorCall("Broadcast", 1, ["mode": "pdpd", "axis": "0"])(.counting([2, 1]), .indices(2, 3))[0]
    #expect(pdpd.array(of: Float.self) == [0, 0, 0, 1, 1, 1])
  }

  // MARK: Joining and cutting

  @Test func concatAddsExtents() throws {
    let concat = try OperatorCall("Concat", 1, ["axis": "-1"])
    let types = ["?,2", "3,1..4", "..."].map { ValueType(.f32, PartialShape(irText: $0)!) }
    #expect(try concat.infer(types)[0].shape.irText == "3,3..")
    #expect(throws: OVError.self) { try concat.infer([ValueType(.f32, [1, 2]), ValueType(.f32, [2, 2])]) }
    #expect(throws: OVError.self) { try concat.infer([ValueType(.f32, [2]), ValueType(.f16, [2])]) }
    #expect(throws: OVError.self) { try OperatorCall("Concat", 1) }
  }

  @Test func splitsCoverTheAxis() throws {
    let pieces = try OperatorCall("Split", 1, ["num_splits": "2"], outputs: 2)(.counting([2, 4]), .index(1))
    #expect(pieces.map { $0.array(of: Float.self) } == [[0, 1, 4, 5], [2, 3, 6, 7]])
    #expect(throws: OVError.self) { try OperatorCall("Split", 1, ["num_splits": "3"], outputs: 3)(.counting([2, 4]), .index(1)) }
    #expect(throws: OVError.self) { try OperatorCall("Split", 1, ["num_splits": "0"]) }
    let variadic = try OperatorCall("VariadicSplit", 1, outputs: 3)
    #expect(try variadic(.counting([7]), .index(0), .indices(2, -1, 1)).map(\.shape) == [[2], [4], [1]])
    #expect(throws: OVError.self) { try variadic(.counting([7]), .index(0), .indices(2, 2, 2)) }
    #expect(throws: OVError.self) { try variadic(.counting([7]), .index(0), .indices(-1, -1, 2)) }
    #expect(throws: OVError.self) { try variadic(.counting([7]), .index(0), .indices(8, -1, 0)) }
  }

  // MARK: Slices

  @Test func sliceMatchesEveryPythonSlice() throws {
    let slice = try OperatorCall("Slice", 8)
    for extent in 0...4 {
      for start in -6...6 {
        for stop in -6...6 {
          for step in [-3, -2, -1, 1, 2, 3, Int.min, Int.max] {
            // The definition: walk from the clipped start until the clipped stop is reached.
            let low = step > 0 ? 0 : -1
            let high = step > 0 ? extent : extent - 1
            var place = min(max(start < 0 ? start + extent : start, low), high)
            let end = min(max(stop < 0 ? stop + extent : stop, low), high)
            var expected: [Float] = []
            while step > 0 ? place < end : place > end {
              expected.append(Float(place))
              guard step.magnitude < 10 else { break }
              place += step
            }
            let result = try slice(.counting([extent]), .indices(start), .indices(stop), .indices(step))[0]
            #expect(result.array(of: Float.self) == expected, "[\(start):\(stop):\(step)] of \(extent)")
            let bounded = try slice.infer(
              [ValueType(.f32, PartialShape([Dimension(lowerBound: extent, upperBound: extent + 3)]))]
                + [ValueType](repeating: ValueType(.i64, [1]), count: 3),
              values: [1: .indices(start), 2: .indices(stop), 3: .indices(step)])[0].shape
            #expect(bounded.accepts([expected.count]), "[\(start):\(stop):\(step)] of \(extent)…")
          }
        }
      }
    }
  }

  @Test func sliceInfersUnknownExtents() throws {
    let slice = try OperatorCall("Slice", 8)
    #expect(try slice.shape("?,8", [1], [3], [1], [0]) == "0..2,8")
    #expect(try slice.shape("?,8", [1], [Int.max], [2], [-1]) == "?,4")
    #expect(try slice.shape("?,8", [0], [Int(Int32.max)], [1], [0]) == "?,8")
    #expect(throws: OVError.self) { try slice.shape("4", [0], [1], [0]) }
    #expect(throws: OVError.self) { try slice.shape("4,4", [0, 0], [1, 1], [1, 1], [0, -2]) }
    #expect(throws: OVError.self) { try slice.shape("4,4", [0, 0], [1, 1], [1, 1], [0]) }
  }

  @Test func stridedSliceMasks() throws {
    let data = Tensor.counting([2, 3, 4])
    let all = try OperatorCall("StridedSlice", 1, ["begin_mask": "1,1,1", "end_mask": "1,1,1"])
    #expect(try all(data, .indices(1, 1, 1), .indices(0, 0, 0), .indices(1, 1, -1))[0].array(of: Float.self)[..<4] == [3, 2, 1, 0])
    let ellipsis = try OperatorCall(
      "StridedSlice", 1,
      ["begin_mask": "0,0,0", "end_mask": "0,0,0", "ellipsis_mask": "0,1", "new_axis_mask": "1", "shrink_axis_mask": "0,0,1"])
    let result = try ellipsis(data, .indices(0, 0, -1), .indices(0, 0, 0))[0]
    #expect(result.shape == [1, 2, 3] && result.array(of: Float.self) == [3, 7, 11, 15, 19, 23])
    #expect(throws: OVError.self) { try ellipsis(data, .indices(0, 0, 4), .indices(0, 0, 0)) }
    #expect(throws: OVError.self) { try OperatorCall("StridedSlice", 1, ["ellipsis_mask": "1,1"]) }
    #expect(throws: OVError.self) { try all(.counting([2]), .indices(0, 0), .indices(1, 1)) }
    #expect(try all.shape("...", [0], [1]) == "...")
  }

  @Test func sliceScatterReplacesTheSlice() throws {
    let scatter = try OperatorCall("SliceScatter", 15)
    let result = try scatter(.counting([6]), Tensor([Float(-1), -2], shape: [2]), .indices(4), .indices(-6), .indices(-3))[0]
    #expect(result.array(of: Float.self) == [0, -2, 2, 3, -1, 5])
    #expect(throws: OVError.self) { try scatter(.counting([6]), .counting([3]), .indices(0), .indices(2), .indices(1)) }
  }

  // MARK: Gather and Pad

  @Test func gatherOutOfRange() throws {
    let data = Tensor.counting([3, 2])
    #expect(try OperatorCall("Gather", 8)(data, .indices(-1, 3), .index(0))[0].array(of: Float.self) == [4, 5, 0, 0])
    #expect(throws: OVError.self) { try OperatorCall("Gather", 7)(data, .indices(3), .index(0)) }
    #expect(throws: OVError.self) { try OperatorCall("Gather", 8)(data, .indices(0), .index(2)) }
    #expect(throws: OVError.self) { try OperatorCall("Gather", 8, ["batch_dims": "2"])(data, .indices(0), .index(0)) }
    let types = [ValueType(.f32, PartialShape(irText: "?,3,5")!), ValueType(.i64, PartialShape(irText: "2,?")!), ValueType(.i64, [])]
    #expect(try OperatorCall("Gather", 8, ["batch_dims": "1"]).infer(types, values: [2: .index(1)])[0].shape.irText == "2,?,5")
  }

  @Test func padModes() throws {
    let data = Tensor.counting([3, 4])
    func pad(_ mode: String) throws -> [Float] {
      try OperatorCall("Pad", 12, ["pad_mode": mode])(data, .indices(2, -1), .indices(-1, 3))[0].array()
    }
    #expect(try pad("constant") == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 5, 6, 7, 0, 0, 0])
    #expect(try pad("edge") == [1, 2, 3, 3, 3, 3, 1, 2, 3, 3, 3, 3, 1, 2, 3, 3, 3, 3, 5, 6, 7, 7, 7, 7])
    #expect(try pad("reflect") == [9, 10, 11, 10, 9, 8, 5, 6, 7, 6, 5, 4, 1, 2, 3, 2, 1, 0, 5, 6, 7, 6, 5, 4])
    #expect(try pad("symmetric") == [5, 6, 7, 7, 6, 5, 1, 2, 3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 5, 6, 7, 7, 6, 5])
    #expect(throws: OVError.self) { try OperatorCall("Pad", 1, ["pad_mode": "reflect"]).shape("3", [3], [0]) }
    #expect(throws: OVError.self) { try OperatorCall("Pad", 1, ["pad_mode": "reflect"]).shape("3", [1, 1], [0]) }
    #expect(throws: OVError.self) { try OperatorCall("Pad", 1, ["pad_mode": "wrap"]) }
    #expect(try OperatorCall("Pad", 12, ["pad_mode": "constant"]).shape("3,?", [-5, 1], [0, 1]) == "0,2..")
  }
}
