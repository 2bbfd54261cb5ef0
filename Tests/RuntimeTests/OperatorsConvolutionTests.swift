import Testing

@testable import OVRuntime

@Suite struct OperatorsConvolutionTests {
  // MARK: Attributes and shapes

  @Test(
    arguments: [
      ("Convolution", ["strides": "0,1"]), ("Convolution", ["dilations": "-1"]), ("Convolution", ["auto_pad": "same"]),
      ("MaxPool", [:]), ("MaxPool", ["kernel": "0,2"]), ("MaxPool", ["kernel": "2,2", "strides": "1"]), ("MaxPool", ["kernel": "2,2,2,2"]),
      ("MaxPool", ["kernel": "2", "index_element_type": "f32"]), ("AvgPool", ["kernel": "2", "rounding_type": "up"]),
      ("Convolution", ["pads_begin": "9223372036854775807"]), ("ConvolutionBackpropData", ["output_padding": "-1"]),
      ("DeformableConvolution", ["group": "0"]), ("BinaryConvolution", ["mode": "and"]), ("AdaptiveMaxPool", ["index_element_type": "u8"]),
    ] as [(String, Attributes)])
  func refusesAttributes(type: String, attributes: Attributes) {
    #expect(throws: OVError.self) { try OperatorCall(type, 16, attributes) }
  }

  @Test(
    arguments: [
      (["strides": "2,2", "pads_begin": "1,1", "pads_end": "1,1"], "?,3,224,?", "8,3,7,7", "?,8,110,?"),
      (["auto_pad": "same_upper", "strides": "2,3"], "1,3,5,7", "8,3,3,3", "1,8,3,3"),
      (["auto_pad": "valid"], "1,3,5,7", "8,3,3,3", "1,8,3,5"),
      (["dilations": "2,2"], "1,3,8..16,?", "8,3,3,3", "1,8,4..12,?"), ([:], "...", "8,3,3,3", "?,8,?,?"), ([:], "1,?,5", "...", "1,?,?"),
      (["strides": "1,1"], "...", "...", "?,?,?,?"), ([:], "...", "...", "..."),
    ] as [(Attributes, String, String, String)])
  func convolutionShapes(attributes: Attributes, data: String, filters: String, expected: String) throws {
    let call = try OperatorCall("Convolution", 1, attributes)
    #expect(try call.infer([data, filters].map { ValueType(.f32, PartialShape(irText: $0)!) })[0].shape.irText == expected)
  }

  @Test(
    arguments: [
      ([:], "1,3,4,4", "8,2,3,3"), ([:], "1,3,4", "8,3,3,3"), ([:], "1,3,2,4", "8,3,3,3"), (["strides": "1"], "1,3,4,4", "8,3,3,3"),
      ([:], "1,3,4,4,4,4", "8,3,1,1,1,1"), (["dilations": "4611686018427387904"], "1,3,8", "1,3,3"),
    ] as [(Attributes, String, String)])
  func convolutionRefuses(attributes: Attributes, data: String, filters: String) throws {
    #expect(throws: OVError.self) {
      try OperatorCall("Convolution", 1, attributes).infer([data, filters].map { ValueType(.f32, PartialShape(irText: $0)!) })
    }
  }

  @Test(arguments: [("floor", 3), ("ceil", 4), ("ceil_torch", 3)] as [(String, Int)])
  func roundingOfPools(rounding: String, expected: Int) throws {
    // Windows start at −1, 2, 5 and 8: the last one in the padding behind the 7 elements.
    let pool = try OperatorCall(
      "AvgPool", 14, ["kernel": "2", "strides": "3", "pads_begin": "1", "pads_end": "2", "rounding_type": rounding, "exclude-pad": "true"])
    let result = try pool(.counting([1, 1, 7]))[0]
    #expect(result.shape == [1, 1, expected])
    #expect(result.doubles() == Array([0, 2.5, 5.5, 0][..<expected]))
  }

  @Test func transposedConvolutionShapes() throws {
    let types = [ValueType(.f32, PartialShape(irText: "?,4,5,?")!), ValueType(.f32, [4, 2, 3, 3])]
    let attributes: Attributes = ["strides": "2,2", "pads_begin": "1,1", "pads_end": "1,1", "output_padding": "1,0"]
    let plain = try OperatorCall("ConvolutionBackpropData", 1, attributes)
    #expect(try plain.infer(types)[0].shape.irText == "?,2,10,?")
    let shaped = try OperatorCall("ConvolutionBackpropData", 1, ["strides": "2,2", "auto_pad": "same_upper"])
    let shape = Tensor([Int64(10), 9], shape: [2])
    #expect(try shaped.infer(types + [shape.type], values: [2: shape])[0].shape.irText == "?,2,10,9")
    #expect(try shaped.infer(types + [shape.type])[0].shape.irText == "?,2,?,?")
    #expect(throws: OVError.self) { try shaped.infer(types + [ValueType(.i64, [3])]) }
  }

  // MARK: Values

  /// A convolution with attributes that a seed chooses, and operands that fit it.
  private struct Sample {
    let attributes: Attributes
    let data: Tensor
    let filters: Tensor

    /// Whole numbers keep sums exact.
    init(seed: UInt64, groups: Int?) {
      var random = Philox(key: seed, counter: (0, 0))
      func draw(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(random.next()[0]) % range.count }
      let rank = draw(1...3)
      func list(_ range: ClosedRange<Int>) -> String { (0..<rank).map { _ in String(draw(range)) }.joined(separator: ",") }
      let modes = ["explicit", "valid", "same_lower", "same_upper"]
      attributes = [
        "strides": list(1...3), "dilations": list(1...2), "pads_begin": list(0...2), "pads_end": list(0...2),
        "auto_pad": modes[draw(0...3)],
      ]
      func tensor(_ shape: Shape) -> Tensor { Tensor((0..<shape.reduce(1, *)).map { _ in Double(draw(-4...4)) }, shape: shape) }
      let kernel = (0..<rank).map { _ in draw(1...3) }
      let extents = (0..<rank).map { _ in draw(5...7) }
      let (inputs, outputs) = (draw(1...2), draw(1...2))
      data = tensor([2, inputs * (groups ?? 1)] + extents)
      filters = tensor((groups.map { [$0] } ?? []) + [outputs, inputs] + kernel)
    }
  }

  /// The definition, element by element.
  private func convolved(_ sample: Sample, result: Shape) throws -> [Double] {
    let (data, filters) = (sample.data, sample.filters)
    let window = try SlidingWindow(OperatorCall("Convolution", 1, sample.attributes).node)
    let (x, w) = (data.doubles(), filters.doubles())
    let (inputs, kernel) = (filters.shape[1], Array(filters.shape[2...]))
    let dataStrides = data.shape.rowMajorStrides
    let filterStrides = filters.shape.rowMajorStrides
    var values: [Double] = []
    result.forEachIndex { position in
      var sum = 0.0
      ([inputs] + kernel).forEachIndex { cell in
        var place = position[0] * dataStrides[0] + cell[0] * dataStrides[1]
        var weight = position[1] * filterStrides[0] + cell[0] * filterStrides[1]
        for axis in kernel.indices {
          let pad = window.padding(input: data.shape[axis + 2], kernel: kernel[axis], axis: axis).begin
          let coordinate = position[axis + 2] * window.stride(axis) + cell[axis + 1] * window.dilation(axis) - pad
          guard coordinate >= 0, coordinate < data.shape[axis + 2] else { return }
          place += coordinate * dataStrides[axis + 2]
          weight += cell[axis + 1] * filterStrides[axis + 2]
        }
        sum += x[place] * w[weight]
      }
      values.append(sum)
    }
    return values
  }

  @Test(arguments: UInt64(1)...40)
  func convolutionFollowsItsDefinition(seed: UInt64) throws {
    let sample = Sample(seed: seed, groups: nil)
    let result = try OperatorCall("Convolution", 1, sample.attributes)(sample.data, sample.filters)[0]
    #expect(try result.doubles() == convolved(sample, result: result.shape))
  }

  @Test(arguments: UInt64(1)...20)
  func transposedConvolutionIsTheAdjoint(seed: UInt64) throws {
    let sample = Sample(seed: seed, groups: seed % 2 == 0 ? 3 : nil)
    let prefix = seed % 2 == 0 ? "Group" : ""
    let y = try OperatorCall("\(prefix)Convolution", 1, sample.attributes)(sample.data, sample.filters)[0]
    // Explicit padding: without a shape to reach, "same" does not pad a transposed convolution.
    let window = try SlidingWindow(OperatorCall("Convolution", 1, sample.attributes).node)
    let kernel = sample.filters.shape.suffix(sample.data.shape.count - 2)
    let begin = zip(kernel.indices, kernel).map { index, extent in
      let axis = index - kernel.startIndex
      return String(window.padding(input: sample.data.shape[axis + 2], kernel: extent, axis: axis).begin)
    }
    var attributes = sample.attributes
    attributes["auto_pad"] = "explicit"
    attributes["pads_begin"] = begin.joined(separator: ",")
    let shape = Tensor(sample.data.shape[2...].map(Int64.init), shape: [sample.data.shape.count - 2])
    let back = try OperatorCall("\(prefix)ConvolutionBackpropData", 1, attributes)(y, sample.filters, shape)[0]
    // ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩
    let left = y.doubles().reduce(0) { $0 + $1 * $1 }
    let right = zip(sample.data.doubles(), back.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(left == right && left > 0)
  }

  @Test(arguments: UInt64(1)...10)
  func groupsAreConvolutionsOfTheirOwn(seed: UInt64) throws {
    let sample = Sample(seed: seed, groups: 2)
    let grouped = try OperatorCall("GroupConvolution", 1, sample.attributes)(sample.data, sample.filters)[0]
    let halves = try (0..<2).map { group -> Tensor in
      let (data, filters) = (sample.data, sample.filters)
      var (dataShape, filterShape) = (data.shape, Array(filters.shape[1...]))
      dataShape[1] /= 2
      filterShape[0] = filters.shape[1]
      let dataStart = group * dataShape[1...].reduce(1, *)
      let part = data.gathered(shape: dataShape, strides: data.shape.rowMajorStrides, start: dataStart)
      let weights = filters.gathered(
        shape: filterShape, strides: filterShape.rowMajorStrides, start: group * filterShape.reduce(1, *))
      return try OperatorCall("Convolution", 1, sample.attributes)(part, weights)[0]
    }
    #expect(Tensor.concatenated(halves, axis: 1).doubles() == grouped.doubles())
  }

  @Test func deformableConvolutionWithoutOffsetsIsAConvolution() throws {
    let attributes: Attributes = ["strides": "2,1", "dilations": "1,2", "pads_begin": "1,0", "pads_end": "0,1"]
    let (data, filters) = (Tensor.counting([2, 2, 5, 6]), Tensor.counting([3, 2, 2, 2]))
    let expected = try OperatorCall("Convolution", 1, attributes)(data, filters)[0]
    let spatial = Array(expected.shape[2...])
    let offsets = try Tensor(.f32, shape: [2, 8] + spatial)
    #expect(try OperatorCall("DeformableConvolution", 8, attributes)(data, offsets, filters)[0].doubles() == expected.doubles())
    // Moving every cell by a row is moving the data.
    let row = Tensor((0..<offsets.elementCount).map { Float($0 / spatial.reduce(1, *) % 2 == 0 ? -1 : 0) }, shape: offsets.shape)
    var moved = attributes
    moved["pads_begin"] = "2,0"
    let shifted = try OperatorCall("Convolution", 1, moved)(data, filters)[0]
    let deformed = try OperatorCall("DeformableConvolution", 1, attributes)(data, row, filters)[0]
    #expect(deformed.doubles() == shifted.gathered(shape: deformed.shape, strides: shifted.shape.rowMajorStrides).doubles())
    #expect(throws: OVError.self) { try OperatorCall("DeformableConvolution", 1, attributes)(data, .counting([2, 6] + spatial), filters) }
  }

  @Test func maxPoolTellsWhereTheGreatestStands() throws {
    let x = Tensor([Float(1), 5, 5, 2, -1, -2, -3, -4], shape: [1, 2, 4])
    let attributes: Attributes = ["kernel": "3", "strides": "2", "pads_begin": "1", "pads_end": "1"]
    let whole = try OperatorCall("MaxPool", 8, attributes, outputs: 2)(x)
    #expect(whole[0].array() == [Float(5), 5, -1, -2])
    #expect(whole[1].array() == [Int64(1), 1, 4, 5])
    var rows = attributes
    rows["axis"] = "2"
    rows["index_element_type"] = "i32"
    #expect(try OperatorCall("MaxPool", 14, rows, outputs: 2)(x)[1].array() == [Int32(1), 1, 0, 1])
    let bytes = try OperatorCall("MaxPool", 1, attributes)(Tensor([UInt8(1), 2, 200, 3], shape: [1, 1, 4]))
    #expect(bytes.count == 1 && bytes[0].array() == [UInt8(2), 200])
  }

  @Test func averagesCountPaddingWhenAsked() throws {
    let x = Tensor([Float](repeating: 6, count: 4), shape: [1, 1, 4])
    let attributes: Attributes = ["kernel": "3", "pads_begin": "1", "pads_end": "1", "exclude-pad": "false"]
    #expect(try OperatorCall("AvgPool", 1, attributes)(x)[0].array() == [Float(4), 6, 6, 4])
    var inside = attributes
    inside["exclude-pad"] = "true"
    #expect(try OperatorCall("AvgPool", 1, inside)(x)[0].array() == [Float](repeating: 6, count: 4))
  }

  @Test func adaptivePoolsShareTheDataOut() throws {
    let x = Tensor.counting([1, 1, 5])
    #expect(try OperatorCall("AdaptiveAvgPool", 8)(x, .indices(3))[0].array() == [Float(0.5), 2, 3.5])
    let greatest = try OperatorCall("AdaptiveMaxPool", 8, outputs: 2)(x, .indices(7))
    #expect(greatest[1].array() == [Int64(0), 1, 2, 2, 3, 4, 4])
    #expect(try OperatorCall("AdaptiveAvgPool", 8).shape("?,3,?", [2]) == "?,3,2")
    #expect(throws: OVError.self) { try OperatorCall("AdaptiveAvgPool", 8).shape("2,3,4", [2, 2]) }
    #expect(throws: OVError.self) { try OperatorCall("AdaptiveAvgPool", 8)(.counting([1, 1, 0]), .indices(2)) }
  }
}
