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

  /// A compressor that takes few random samples, to be quick.
  private static func compressor(_ options: CompressionOptions) -> WeightCompressor {
    var compressor = WeightCompressor(options)
    compressor.randomSampleCount = 8
    return compressor
  }

  private static let input = [Tensor([4, 0, 49] as [Int64], shape: [1, 3])]

  @Test(arguments: [Levels.asymmetric(bits: 4), .symmetric(bits: 4), .asymmetric(bits: 8), .symmetric(bits: 8), .normal])
  func groupsAreRoundedToTheirScale(_ levels: Levels) throws {
    for (columns, groupSize) in [(64, 64), (96, 32), (13, 13), (1, 1)] {
      var numbers = TestNumbers(seed: UInt64(columns))
      var weights = numbers.normal(8 * columns, 0.1).map { $0 + 0.05 }
      // A row of zeros, one of one sign, one with an outlier.
      for i in 0..<columns { weights[i] = 0 }
      for i in columns..<(2 * columns) { weights[i] = abs(weights[i]) + 1 }
      weights[2 * columns] = 2
      let rounded = GroupedCodes(weights, rows: 8, columns: columns, groupSize: groupSize, levels: levels)
      // What a reader of the constants makes of them.
      let codes = try rounded.tensor(shape: [8, columns]).doubles()
      let zeroPoints = levels.hasZeroPoints ? rounded.zeroPoints.map { Double($0) } : rounded.zeroPoints.map { _ in 0 }
      var noise = 0.0
      for (i, code) in codes.enumerated() {
        let value = (code - zeroPoints[i / groupSize]) * Double(rounded.scales[i / groupSize])
        noise += (Double(weights[i]) - value) * (Double(weights[i]) - value)
        #expect(i >= columns || value == 0)
      }
      #expect(abs(noise - rounded.noise) <= 1e-5 * max(noise, 1e-9) && rounded.signalToNoise > (levels.bits == 8 ? 35 : 10))
    }
  }

  @Test func codesAreOfTheNearestNumber() {
    let fitter = GroupFitter(.normal, groupSize: 1)
    for step in -130...130 {
      let x = Float(step) / 100
      let (code, value) = fitter.code(x, GroupFitter.Scale(factor: -0.5))
      let best = Levels.normalNumbers.map { abs($0 * -0.5 - x) }.min()!
      #expect(abs(value - x) <= best + 1e-6 && value == Levels.normalNumbers[Int(code)] * -0.5)
    }
    #expect(Levels.normalNumbers.count == 16 && Levels.normalNumbers[7] == 0 && Levels.normalNumbers == Levels.normalNumbers.sorted())
  }

  @Test func normalSpacingSuitsWeights() {
    var numbers = TestNumbers(seed: 21)
    let weights = numbers.normal(64 * 128)
    func noise(_ levels: Levels) -> Double { GroupedCodes(weights, rows: 64, columns: 128, groupSize: 128, levels: levels).signalToNoise }
    let (normal, even, symmetric) = (noise(.normal), noise(.asymmetric(bits: 4)), noise(.symmetric(bits: 4)))
    #expect(normal > even + 0.4 && normal > symmetric + 0.4, "\(normal) \(even) \(symmetric)")
  }

  @Test(arguments: [CompressionOptions.Format.int8, .int4], [true, false])
  func integersGiveNearlyTheSame(_ format: CompressionOptions.Format, _ isSymmetric: Bool) throws {
    let model = try Self.network()
    var options = CompressionOptions(format)
    options.isSymmetric = isSymmetric
    let result = try Self.compressor(options).compress(model)
    #expect(result.report.layers.map(\.name) == ["gather", "a", "b", "conv"])
    #expect(result.report.layers[3].elementType == (isSymmetric ? .i8 : .u8))
    let expected: ElementType = format == .int4 ? (isSymmetric ? .i4 : .nf4) : (isSymmetric ? .i8 : .u8)
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
    #expect(throws: OVError.self) { try Self.compressor(options).compress(read) }
  }

  @Test func groupSizes() throws {
    let model = try Self.network()
    var options = CompressionOptions(.int4)
    #expect(try Self.compressor(options).compress(model).report.layers.map(\.groupSize) == [128, 128, 128, 36])
    options.groupSize = 256
    let layers = try Self.compressor(options).compress(model).report.layers
    #expect(layers.map(\.groupSize) == [256, 256, 128, 36])
    #expect(layers[2].reason == "groups of 256 do not fill rows of 384")
    options = CompressionOptions(.int8)
    options.groupSize = 64
    #expect(try Self.compressor(options).compress(model).report.layers.map(\.groupSize) == [64, 64, 64, 36])
    for (size, ratio) in [(1, 1.0), (128, 2), (128, -1)] {
      options = CompressionOptions(.int4)
      (options.groupSize, options.ratio) = (size, ratio)
      #expect(throws: OVError.self) { try Self.compressor(options).compress(model) }
    }
  }

  @Test(arguments: [(CompressionOptions.Spacing.normal, false, ElementType.nf4), (.even, false, .u4), (.even, true, .i4)])
  func spacing(_ spacing: CompressionOptions.Spacing, _ isSymmetric: Bool, _ expected: ElementType) throws {
    let model = try Self.network()
    var options = CompressionOptions(.int4)
    (options.spacing, options.isSymmetric) = (spacing, isSymmetric)
    let result = try Self.compressor(options).compress(model)
    #expect(result.report.layers[..<3].allSatisfy { $0.elementType == expected })
    #expect(signalToNoise(try model.run(Self.input)[0], try result.model.run(Self.input)[0]) > 13)
  }

  @Test func smallTablesTakeEightBits() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 4))
    let (ids, kinds) = (graph.parameter("ids", [1, 3], .i64), graph.parameter("kinds", [1, 3], .i64))
    let axis = graph.constant(Tensor([0] as [Int64], shape: []))
    func rows(_ name: String, _ count: Int, _ ids: OutputID) -> OutputID {
      let table = graph.constant(Tensor(numbers.normal(count * 128), shape: [count, 128]), name + "/table")
      return graph.add("Gather", name, [table, ids, axis], ["batch_dims": "0"], opset: "opset8")
    }
    let (words, parts) = (rows("words", 600, ids), rows("parts", 2, kinds))
    graph.result(graph.add("Add", "sum", [words, parts], ["auto_broadcast": "numpy"]))
    let layers = try WeightCompressor(CompressionOptions(.int4)).compress(graph.inferred()).report.layers
    #expect(layers.map(\.elementType) == [.nf4, .u8])
    #expect(layers[0].reason == nil && layers[1].reason == "a small table, which all data read")
  }

  @Test func theRatioKeepsThoseThatLoseMost() throws {
    let model = try Self.network()
    var options = CompressionOptions(.int4)
    let total = try Self.compressor(options).compress(model).report.layers.filter { $0.elementType == .nf4 }.reduce(0) { $0 + $1.count }
    func kept(_ ratio: Double?) throws -> [String] {
      options.ratio = ratio
      let layers = try Self.compressor(options).compress(model).report.layers
        .filter { $0.reason == "one of those that lose most by 4 bits for their size" }
      #expect(Double(layers.reduce(0) { $0 + $1.count }) <= (1 - (ratio ?? 0.98)) * Double(total))
      return layers.map(\.name)
    }
    // No layer is so small as not to be missed.
    #expect(try kept(nil).isEmpty)
    let steps = try [1, 0.9, 0.7, 0].map { try kept($0) }
    #expect(steps.map(\.count) == [0, 1, 2, 3])
    for (few, more) in zip(steps, steps.dropFirst()) { #expect(Set(few).isSubset(of: Set(more))) }
  }

  @Test func aFiftiethTakesEightBitsWithoutData() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 7))
    let x = graph.parameter("x", [4, 128])
    for (name, columns) in [("large", 384), ("first", 4), ("second", 4)] { graph.result(graph.product(name, x, 128, columns, &numbers)) }
    let model = try graph.inferred()
    let compressor = Self.compressor(CompressionOptions(.int4))
    #expect(try compressor.compress(model).report.layers.filter { $0.elementType == .u8 }.map(\.count) == [512])
    let data = CalibrationData([CalibrationSample([Tensor(numbers.normal(512), shape: [4, 128])])])
    #expect(try compressor.compress(model, calibration: data).report.layers.allSatisfy { $0.elementType == .nf4 })
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
      let compressed = try Self.compressor(options).compress(model, calibration: data).model
      return signalToNoise(try model.run(unseen.inputs)[0], try compressed.run(unseen.inputs)[0])
    }
    let (plain, compensated) = (try error(nil), try error(CalibrationData(seen)))
    #expect(compensated > plain + 3, "\(plain) \(compensated)")
  }

  /// XᵀX of rows of numbers, with the damping that compensation adds.
  private static func dampedMoments(_ data: [Float], _ n: Int) -> [[Double]] {
    var h = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for row in 0..<(data.count / n) {
      for a in 0..<n { for b in 0..<n { h[a][b] += Double(data[row * n + a]) * Double(data[row * n + b]) } }
    }
    let mean = (0..<n).reduce(0) { $0 + h[$1][$1] } / Double(n)
    for a in 0..<n { h[a][a] += ErrorCompensation.damping * mean }
    return h
  }

  @Test(arguments: [1, 5, 8, 33])
  func compensationFactors(_ n: Int) throws {
    // U of (XᵀX + damping)⁻¹ = Uᵀ·U, multiplied out.
    var numbers = TestNumbers(seed: UInt64(n))
    let data = numbers.normal(3 * n * n)
    var moments = SecondMoments(channels: n)
    moments.add(Tensor(data, shape: [3, n, n]))
    let h = Self.dampedMoments(data, n)
    let compensation = try #require(ErrorCompensation(moments))
    let order = compensation.order
    #expect(Set(order) == Set(0..<n) && zip(order, order.dropFirst()).allSatisfy { h[$0][$0] >= h[$1][$1] * (1 - 1e-5) })
    let mean = (0..<n).reduce(0) { $0 + h[$1][$1] } / Double(n)
    // A unit error at place c moves the others by U[c] / U[c][c]; the row by itself solves H's trailing block.
    for c in 0..<n {
      var row = [Float](repeating: 0, count: n)
      let share = row.withUnsafeMutableBufferPointer { compensation.spread(1, from: c, over: $0.baseAddress!) }
      // e = unit error at c, −row behind it: H·e vanishes behind c, and eᵀ·H·e is the square of what is returned.
      let e = (0..<n).map { $0 == c ? 1.0 : $0 > c ? Double(row[$0]) * -1 : 0 }
      let he = (0..<n).map { a in (0..<n).reduce(0) { $0 + h[order[a]][order[$1]] * e[$1] } }
      let square = (0..<n).reduce(0) { $0 + e[$1] * he[$1] }
      for a in (c + 1)..<max(n, c + 1) { #expect(abs(he[a]) < 1e-3 * mean, "\(c) \(a)") }
      #expect(abs(square - Double(share) * Double(share)) < 1e-3 * square)
    }
    #expect(ErrorCompensation(SecondMoments(channels: n)) == nil)
  }

  @Test(arguments: [(1, 3), (5, 4), (8, 8), (33, 7), (12, 21)])
  func correctionsSolveTheRegression(_ n: Int, _ rows: Int) throws {
    // What is added to W, times XᵀX + damping, are the products of what is missing with the data.
    var numbers = TestNumbers(seed: UInt64(n))
    let (data, wanted, given) = (numbers.normal(3 * n * n), numbers.normal(3 * n * rows), numbers.normal(3 * n * rows))
    var (moments, missing) = (SecondMoments(channels: n), CrossMoments(rows: rows, columns: n))
    moments.add(Tensor(data, shape: [3, n, n]))
    missing.add(Tensor(wanted, shape: [3, n, rows]), Tensor(given, shape: [3, n, rows]), Tensor(data, shape: [3, n, n]))
    let h = Self.dampedMoments(data, n)
    let weights = numbers.normal(rows * n)
    let corrected = try #require(ErrorCompensation(moments)).corrected(weights, missing)
    for row in 0..<rows {
      for column in 0..<n {
        let product = (0..<n).reduce(0.0) { $0 + Double(corrected[row * n + $1] - weights[row * n + $1]) * h[$1][column] }
        let expected = (0..<(3 * n)).reduce(0.0) {
          $0 + Double(wanted[$1 * rows + row] - given[$1 * rows + row]) * Double(data[$1 * n + column])
        }
        #expect(abs(product - expected) < 1e-3 * (1 + abs(expected)) * Double(n).squareRoot(), "\(row) \(column)")
      }
    }
    // What does not belong together is passed over.
    missing.add(Tensor(wanted, shape: [3, n, rows]), Tensor(given, shape: [n, 3, rows]), Tensor(data, shape: [3, n, n]))
    #expect(try #require(ErrorCompensation(moments)).corrected(weights, missing) == corrected)
  }

  @Test func laterLayersRepairWhatEarlierOnesChanged() throws {
    // Two layers, the second with the data that come past it: what the first one's few bits change is part of what the second one sees.
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 12))
    let sources = graph.parameter("x", [16, 8])
    let mixing = graph.constant(Tensor(numbers.normal(8 * 128), shape: [8, 128]), "mixing")
    let mixed = graph.add("MatMul", "mix", [sources, mixing], ["transpose_a": "false", "transpose_b": "false"])
    let first = graph.product("first", mixed, 128, 128, &numbers)
    let second = graph.product("second", first, 128, 128, &numbers)
    graph.result(graph.add("Add", "sum", [second, first], ["auto_broadcast": "numpy"]))
    let model = try graph.inferred()
    let samples = CalibrationData((0..<16).map { _ in CalibrationSample([Tensor(numbers.normal(128), shape: [16, 8])]) })
    let unseen = Tensor(numbers.normal(128), shape: [16, 8])
    var options = CompressionOptions(.int4)
    options.ignoredScope.names = ["mix"]
    let compressor = Self.compressor(options)
    let candidates = try compressor.candidates(model, options.ignoredScope.nodes(in: model))
    func error(repairs: Bool) throws -> Double {
      let rounding = try compressor.rounded(candidates, model, samples, repairs: repairs) { _, _ in }
      #expect(rounding.codes.keys.sorted() == [0, 1] && rounding.errors.count == 2)
      var rounded = model
      for (index, candidate) in candidates.enumerated() { try compressor.replace(candidate, rounding.codes[index]!, &rounded) }
      return signalToNoise(try model.run([unseen])[0], try rounded.run([unseen])[0])
    }
    let (alone, repaired) = (try error(repairs: false), try error(repairs: true))
    #expect(repaired > alone + 1, "\(alone) \(repaired)")
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
    #expect(try Self.compressor(options).compress(Self.network()).report.layers.map(\.name) == ["a", "b", "conv"])
    options.ignoredScope.names = ["nothing"]
    #expect(throws: OVError.self) { try Self.compressor(options).compress(Self.network()) }
  }
}

extension CompressionReport.Layer {
  /// Its weights.
  fileprivate var count: Int { shape.reduce(1, *) }
}
