import OVRuntime
import Testing

@testable import Quantize

@Suite struct CompressionTests {
  /// A table, products stored both ways round, a convolution, and a constant that half precision cannot hold.
  private static func network() throws -> Model {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 3))
    let ids = graph.parameter("ids", [1, 3], .i64)
    let table = graph.constant(Tensor(numbers.normal(50 * 256), shape: [50, 256]), "table")
    let axis = graph.constant(Tensor([0] as [Int64], shape: []))
    let rows = graph.add("Gather", "gather", [table, ids, axis], ["batch_dims": "0"], opset: "opset8")
    let a = graph.product("a", rows, 256, 384, &numbers)
    let weights = graph.constant(Tensor(numbers.normal(384 * 48, 0.2), shape: [384, 48]), "b/weights")
    let b = graph.add("MatMul", "b", [a, weights], ["transpose_a": "false", "transpose_b": "false"])
    let shape = graph.constant(Tensor([1, 4, 6, 6] as [Int64], shape: [4]))
    let image = graph.add("Reshape", "image", [b, shape], ["special_zero": "false"])
    let convolved = graph.convolution("conv", image, 4, 8, &numbers)
    let tiny = graph.constant(Tensor([1e-12] as [Float], shape: [1]), "tiny")
    graph.result(graph.add("Add", "end", [convolved, tiny], ["auto_broadcast": "numpy"]))
    return try graph.inferred()
  }

  private static let input = [Tensor([4, 0, 49] as [Int64], shape: [1, 3])]

  @Test(arguments: [4, 8], [true, false])
  func groupsAreRoundedToTheirScale(_ bits: Int, _ isSymmetric: Bool) {
    for (columns, groupSize) in [(64, 64), (96, 32), (13, 13), (1, 1)] {
      var numbers = TestNumbers(seed: UInt64(columns))
      var weights = numbers.normal(8 * columns, 0.1).map { $0 + 0.05 }
      // A row of zeros, one of one sign, one with an outlier.
      for i in 0..<columns { weights[i] = 0 }
      for i in columns..<(2 * columns) { weights[i] = abs(weights[i]) + 1 }
      weights[2 * columns] = 2
      let rounded = GroupedIntegers(weights, rows: 8, columns: columns, groupSize: groupSize, bits: bits, isSymmetric: isSymmetric)
      let range = isSymmetric ? -(1 << (bits - 1))...(1 << (bits - 1) - 1) : 0...(1 << bits - 1)
      var noise = 0.0
      for (i, q) in rounded.integers.enumerated() {
        let integer = isSymmetric ? Int(q) : Int(UInt8(bitPattern: q))
        #expect(range.contains(integer))
        let value = Double(integer - (isSymmetric ? 0 : Int(rounded.zeroPoints[i / groupSize]))) * Double(rounded.scales[i / groupSize])
        noise += (Double(weights[i]) - value) * (Double(weights[i]) - value)
      }
      #expect(abs(noise - rounded.noise) <= 1e-6 * max(noise, 1e-9) && rounded.signalToNoise > (bits == 8 ? 35 : 10))
      #expect(rounded.integers[..<columns].allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: [CompressionOptions.Format.int8, .int4], [true, false])
  func integersGiveNearlyTheSame(_ format: CompressionOptions.Format, _ isSymmetric: Bool) throws {
    let model = try Self.network()
    var options = CompressionOptions(format)
    options.isSymmetric = isSymmetric
    let result = try WeightCompressor(options).compress(model)
    #expect(result.report.layers.map(\.name) == ["gather", "a", "b", "conv"])
    #expect(result.report.layers[3].elementType == (isSymmetric ? .i8 : .u8))
    let expected: ElementType = format == .int4 ? (isSymmetric ? .i4 : .u4) : (isSymmetric ? .i8 : .u8)
    #expect(result.report.layers[..<3].allSatisfy { $0.elementType == expected })
    #expect(signalToNoise(try model.run(Self.input)[0], try result.model.run(Self.input)[0]) > (format == .int8 ? 35 : 13))
    #expect(Double(result.report.byteCount) < Double(result.report.originalByteCount) * (format == .int8 ? 0.27 : 0.15))
    // The product stored the other way round is turned.
    #expect(try result.model.node("b").attributes.bool("transpose_b"))
    let folder = try TestFolder()
    let path = try folder.path("model.xml")
    try result.model.write(to: path)
    let read = try Model(contentsOf: path)
    #expect(try read.run(Self.input) == result.model.run(Self.input))
    #expect(read.runtimeInfo["ovrun", "weight_compression", "weights"] == .value(format.rawValue))
    #expect(read.nodes.count { $0.runtimeInfo.contains { $0.name == "decompression" } } == 4)
    // What is compressed already stays.
    #expect(throws: OVError.self) { try WeightCompressor(options).compress(read) }
  }

  @Test func groupSizes() throws {
    let model = try Self.network()
    var options = CompressionOptions(.int4)
    #expect(try WeightCompressor(options).compress(model).report.layers.map(\.groupSize) == [128, 128, 128, 36])
    options.groupSize = 256
    let layers = try WeightCompressor(options).compress(model).report.layers
    #expect(layers.map(\.groupSize) == [256, 256, 128, 36])
    #expect(layers[2].reason == "groups of 256 do not fill rows of 384")
    options = CompressionOptions(.int8)
    options.groupSize = 64
    #expect(try WeightCompressor(options).compress(model).report.layers.map(\.groupSize) == [64, 64, 64, 36])
    for (size, ratio) in [(1, 1.0), (128, 2), (128, -1)] {
      options = CompressionOptions(.int4)
      (options.groupSize, options.ratio) = (size, ratio)
      #expect(throws: OVError.self) { try WeightCompressor(options).compress(model) }
    }
  }

  @Test func theRatioKeepsThoseThatLoseMost() throws {
    let model = try Self.network()
    var options = CompressionOptions(.int4)
    func kept(_ ratio: Double) throws -> [String] {
      options.ratio = ratio
      return try WeightCompressor(options).compress(model).report.layers
        .filter { $0.reason == "one of those that lose most by 4 bits for their size" }.map(\.name)
    }
    let steps = try [1, 0.95, 0.8, 0].map { try kept($0) }
    #expect(steps.map(\.count) == [0, 1, 2, 3])
    for (few, more) in zip(steps, steps.dropFirst()) { #expect(Set(few).isSubset(of: Set(more))) }
  }

  @Test func errorsMakeEachOtherUp() throws {
    // Data whose channels go together: eight sources mixed into 128 channels.
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 9))
    let sources = graph.parameter("x", [16, 8])
    let mixing = graph.constant(Tensor(numbers.normal(8 * 128), shape: [8, 128]), "mixing")
    let mixed = graph.add("MatMul", "mix", [sources, mixing], ["transpose_a": "false", "transpose_b": "false"])
    graph.result(graph.product("out", mixed, 128, 64, &numbers))
    let model = try graph.inferred()
    func sample() -> CalibrationSample { CalibrationSample([Tensor(numbers.normal(128), shape: [16, 8])]) }
    let (seen, unseen) = ((0..<16).map { _ in sample() }, sample())
    var options = CompressionOptions(.int4)
    options.ignoredScope.names = ["mix"]
    func error(_ data: CalibrationData?) throws -> Double {
      let compressed = try WeightCompressor(options).compress(model, calibration: data).model
      return signalToNoise(try model.run(unseen.inputs)[0], try compressed.run(unseen.inputs)[0])
    }
    let (plain, compensated) = (try error(nil), try error(CalibrationData(seen)))
    #expect(compensated > plain + 3, "\(plain) \(compensated)")
  }

  @Test(arguments: [1, 5, 8, 33])
  func compensationFactors(_ n: Int) throws {
    // U of (XᵀX + damping)⁻¹ = Uᵀ·U, multiplied out.
    var numbers = TestNumbers(seed: UInt64(n))
    let data = numbers.normal(3 * n * n)
    var moments = SecondMoments(channels: n)
    moments.add(Tensor(data, shape: [3, n, n]))
    var h = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for row in 0..<(3 * n) { for a in 0..<n { for b in 0..<n { h[a][b] += Double(data[row * n + a]) * Double(data[row * n + b]) } } }
    let mean = (0..<n).reduce(0) { $0 + h[$1][$1] } / Double(n)
    for a in 0..<n { h[a][a] += ErrorCompensation.damping * mean }
    let compensation = try #require(ErrorCompensation(moments))
    // A unit error of column c moves the others by U[c] / U[c][c]; the row by itself solves H's trailing block.
    for c in 0..<n {
      var row = [Float](repeating: 0, count: n)
      let share = row.withUnsafeMutableBufferPointer { compensation.spread(1, from: c, over: $0.baseAddress!) }
      // e = unit error at c, −row behind it: H·e vanishes behind c, and eᵀ·H·e is the square of what is returned.
      let e = (0..<n).map { $0 == c ? 1.0 : $0 > c ? Double(row[$0]) * -1 : 0 }
      let he = (0..<n).map { a in (0..<n).reduce(0) { $0 + h[a][$1] * e[$1] } }
      let square = (0..<n).reduce(0) { $0 + e[$1] * he[$1] }
      for a in (c + 1)..<max(n, c + 1) { #expect(abs(he[a]) < 1e-3 * mean, "\(c) \(a)") }
      #expect(abs(square - Double(share) * Double(share)) < 1e-3 * square)
    }
    #expect(ErrorCompensation(SecondMoments(channels: n)) == nil)
  }

  @Test func halfPrecisionKeepsWhatItCannotHold() throws {
    let model = try Self.network()
    let result = try WeightCompressor(CompressionOptions(.f16)).compress(model)
    #expect(!result.report.layers.contains { $0.name == "tiny" } && result.report.layers.count == 6)
    #expect(result.model.node("tiny").outputs[0].type.elementType == .f32)
    #expect(signalToNoise(try model.run(Self.input)[0], try result.model.run(Self.input)[0]) > 55)
    #expect(Double(result.report.byteCount) < 0.51 * Double(result.report.originalByteCount))
  }

  @Test func ignoredLayersStay() throws {
    var options = CompressionOptions(.int8)
    options.ignoredScope.types = ["Gather"]
    #expect(try WeightCompressor(options).compress(Self.network()).report.layers.map(\.name) == ["a", "b", "conv"])
    options.ignoredScope.names = ["nothing"]
    #expect(throws: OVError.self) { try WeightCompressor(options).compress(Self.network()) }
  }
}
