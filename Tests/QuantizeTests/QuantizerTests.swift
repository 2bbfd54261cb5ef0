import Foundation
import OVRuntime
import Testing

@testable import Quantize

@Suite struct QuantizerTests {
  private static let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/digits").standardizedFileURL.path

  private static func samples(_ count: Int, _ shape: Shape, seed: UInt64) -> [CalibrationSample] {
    var numbers = TestNumbers(seed: seed)
    return (0..<count).map { _ in CalibrationSample([Tensor(numbers.normal(shape.reduce(1, *)), shape: shape)]) }
  }

  /// Convolutions with batch normalisation, a residual, a Concat and a matrix product.
  private static func network() throws -> Model {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 11))
    let x = graph.parameter("x", [1, 3, 8, 8])
    let first = graph.convolution("first", x, 3, 8, &numbers)
    let four = [1.5, 0.5, 2, 0.1, 1, 1, 0.7, 3].map { Float($0) }
    let statistics = ["gamma", "beta", "mean", "variance"].map { graph.constant(Tensor(four, shape: [8]), $0) }
    let normalized = graph.add("BatchNormInference", "normalize", [first] + statistics, ["epsilon": "0.001"], opset: "opset5")
    let relu = graph.add("Relu", "relu", [normalized])
    let second = graph.convolution("second", relu, 8, 8, &numbers)
    let sum = graph.add("Relu", "relu2", [graph.add("Add", "sum", [relu, second], ["auto_broadcast": "numpy"])])
    let both = graph.add("Concat", "concat", [sum, relu], ["axis": "1"])
    let third = graph.convolution("third", both, 16, 4, &numbers)
    let axes = graph.constant(Tensor([2, 3] as [Int64], shape: [2]))
    let mean = graph.add("ReduceMean", "mean_of_image", [third], ["keep_dims": "false"])
    graph.model.appendInput(axes, to: mean.node)
    graph.result(graph.product("classifier", mean, 4, 10, &numbers))
    return try graph.inferred()
  }

  @Test(arguments: RangeEstimator.allCases)
  func answersStayClose(_ estimator: RangeEstimator) throws {
    let model = try Self.network()
    // Divergence clips more than squared error would when there are few numbers.
    let least: Double = estimator == .histogram ? 15 : 25
    for preset in QuantizationOptions.Preset.allCases {
      var options = QuantizationOptions()
      (options.preset, options.estimator) = (preset, estimator)
      let result = try Quantizer(options).quantize(model, calibration: CalibrationData(Self.samples(16, [1, 3, 8, 8], seed: 1)))
      #expect(result.report.layers.allSatisfy(\.isQuantized) && result.report.layers.count == 6)
      // The Concat's operands share a grid.
      let quantizers = result.model.nodes.filter { $0.type == "FakeQuantize" }
      let sources = Dictionary(uniqueKeysWithValues: quantizers.map { (result.model[$0.inputs[0].node].name, $0) })
      let highs = try ["relu", "relu2"].map { try result.model.computedConstant(of: sources[$0]!.inputs[2])!.array(of: Float.self) }
      #expect(highs[0] == highs[1])
      for sample in Self.samples(4, [1, 3, 8, 8], seed: 2) {
        let (expected, actual) = (try model.run(sample.inputs)[0], try result.model.run(sample.inputs)[0])
        #expect(signalToNoise(expected, actual) > least, "\(estimator) \(preset)")
      }
      #expect(result.report.outputs[0].signalToNoise > least && result.report.outputs[0].cosine > 0.98)
    }
  }

  @Test func theWrittenModelIsTheSame() throws {
    let folder = try TestFolder()
    let result = try Quantizer().quantize(Self.network(), calibration: CalibrationData(Self.samples(4, [1, 3, 8, 8], seed: 1)))
    let path = try folder.path("model.xml")
    try result.model.write(to: path)
    let read = try Model(contentsOf: path)
    let sample = Self.samples(1, [1, 3, 8, 8], seed: 3)[0]
    #expect(try read.run(sample.inputs) == result.model.run(sample.inputs))
    #expect(read.runtimeInfo["ovrun", "quantization", "preset"] == .value("performance"))
    #expect(read.runtimeInfo["ovrun", "quantization", "samples"] == .value("4"))
    // Quantising twice is refused.
    let error = #expect(throws: OVError.self) {
      try Quantizer().quantize(read, calibration: CalibrationData(Self.samples(1, [1, 3, 8, 8], seed: 1)))
    }
    #expect(error?.message == "the model is quantised already")
  }

  @Test func digitsKeepTheirAccuracy() throws {
    let model = try Model(contentsOf: Self.digits + "/model.xml")
    let data = try CalibrationData(contentsOf: [Self.digits + "/calibration.npy"], for: model.inputs)
    #expect(data.count == 64)
    let quantized = try Quantizer().quantize(model, calibration: data).model
    let images = try Tensor(npyFile: Self.digits + "/0/input_0.npy")
    let labels = try Tensor(npyFile: Self.digits + "/labels.npy").array(of: Int64.self)
    func accuracy(_ model: Model) throws -> Double {
      let scores = try model.run([images])[0]
      let right = labels.indices.count { i in
        let row = scores[(10 * i)..<(10 * i + 10)]
        return row.indices.max { scores[$0] < scores[$1] }! - row.startIndex == Int(labels[i])
      }
      return Double(right) / Double(labels.count)
    }
    let (original, rounded) = (try accuracy(model), try accuracy(quantized))
    #expect(original > 0.99 && original - rounded <= 0.005, "\(original) \(rounded)")
  }

  @Test func biasesTakeTheMeanError() throws {
    // Data that are constant a channel: the mean error is the whole error of the weights.
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 4))
    let x = graph.parameter("x", [1, 4, 6, 6])
    graph.result(graph.convolution("conv", x, 4, 5, &numbers))
    let model = try graph.inferred()
    let levels: [Float] = [0.25, 0.5, 1, 0.75]
    let sample = CalibrationSample([Tensor(levels.flatMap { [Float](repeating: $0, count: 36) }, shape: [1, 4, 6, 6])])
    func means(_ model: Model) throws -> [Float] {
      let values = try model.run(sample.inputs)[0]
      return (0..<5).map { channel in values[(36 * channel)..<(36 * channel + 36)].reduce(0, +) / 36 }
    }
    var options = QuantizationOptions()
    options.biasShiftThreshold = .infinity
    // Grid points, so that the data are exact.
    options.estimator = .minMax
    let exact = sample.inputs[0].array(of: Float.self).map { ($0 * 255).rounded() / 255 }
    let exactSample = CalibrationSample([Tensor(exact, shape: [1, 4, 6, 6])])
    let corrected = try Quantizer(options).quantize(model, calibration: CalibrationData([exactSample]))
    options.correctsBias = false
    let plain = try Quantizer(options).quantize(model, calibration: CalibrationData([exactSample]))
    #expect(corrected.report.layers[0].hasCorrectedBias && !plain.report.layers[0].hasCorrectedBias)
    let expected = try model.run(exactSample.inputs)[0]
    func error(_ quantized: Model) throws -> Float {
      let values = try quantized.run(exactSample.inputs)[0]
      return (0..<5).map { c in abs((0..<36).reduce(0) { $0 + values[36 * c + $1] - expected[36 * c + $1] } / 36) }.max()!
    }
    let (with, without) = (try error(corrected.model), try error(plain.model))
    #expect(with < without / 20, "\(with) \(without)")
  }

  @Test func smoothingChangesNothingInRealNumbers() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 4))
    let x = graph.parameter("x", [4, 16])
    let spread = graph.constant(Tensor((0..<16).map { $0 == 3 ? Float(50) : 1 }, shape: [16]))
    let wide = graph.add("Multiply", "wide", [x, spread], ["auto_broadcast": "numpy"])
    graph.result(graph.product("a", wide, 16, 8, &numbers))
    graph.result(graph.product("b", wide, 16, 8, &numbers))
    let model = try graph.inferred()
    let data = CalibrationData(Self.samples(8, [4, 16], seed: 1))
    var smoothed = model
    var options = QuantizationOptions()
    options.modelType = .transformer
    try SmoothQuant(alpha: 0.95).run(on: &smoothed, ignored: [], data, options) { _ in }
    #expect(smoothed.nodes.count { $0.name == "wide/smooth_quant" } == 1)
    let sample = Self.samples(1, [4, 16], seed: 2)[0].inputs
    for (a, b) in zip(try model.run(sample), try smoothed.run(sample)) { #expect(signalToNoise(a, b) > 100) }
    // And it helps a tensor whose channels differ.
    func error(_ alpha: Double?) throws -> Double {
      options.smoothQuantAlpha = alpha
      let quantized = try Quantizer(options).quantize(model, calibration: data).model
      return signalToNoise(try model.run(sample)[0], try quantized.run(sample)[0])
    }
    let (with, without) = (try error(0.95), try error(nil))
    #expect(with > without, "\(with) \(without)")
  }

  @Test func embeddingsAreRounded() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 4))
    let ids = graph.parameter("ids", [1, 3], .i64)
    let table = graph.constant(Tensor(numbers.normal(100 * 64), shape: [100, 64]), "table")
    let axis = graph.constant(Tensor([0] as [Int64], shape: []))
    let rows = graph.add("Gather", "gather", [table, ids, axis], ["batch_dims": "0"], opset: "opset8")
    graph.result(graph.product("out", rows, 64, 8, &numbers))
    let model = try graph.inferred()
    let sample = CalibrationSample([Tensor([5, 99, 0] as [Int64], shape: [1, 3])])
    let result = try Quantizer().quantize(model, calibration: CalibrationData([sample]))
    #expect(result.report.byteCount < result.report.originalByteCount * 3 / 10)
    #expect(result.report.layers.map(\.name) == ["gather", "out"] && result.report.layers.allSatisfy(\.isQuantized))
    #expect(signalToNoise(try model.run(sample.inputs)[0], try result.model.run(sample.inputs)[0]) > 30)
  }

  @Test func accuracyIsMet() throws {
    let model = try Self.network()
    let data = CalibrationData(Self.samples(8, [1, 3, 8, 8], seed: 1))
    // Quality: how many layers are real.
    let control = AccuracyControl(maximumDrop: 0.5) { (model) throws(OVError) in
      let quantizedWeights = model.nodes.count { $0.type == "Constant" && $0.outputs[0].type.elementType == .i8 }
      return 1 - Double(quantizedWeights) / 4
    }
    let result = try Quantizer(accuracyControl: control).quantize(model, calibration: data)
    #expect(result.report.originalQuality == 1 && result.report.quality == 0.5)
    #expect(result.model.nodes.count { $0.outputs.first?.type.elementType == .i8 } == 2)
    let restored = result.report.layers.filter { !$0.isQuantized }
    #expect(restored.allSatisfy { $0.reason == "restored for accuracy" } && restored.count >= 2)
    #expect(Set(restored.map(\.name)).isSubset(of: Set(result.report.restoredLayers)))
    // Nothing is restored without need.
    let lax = try Quantizer(accuracyControl: AccuracyControl(maximumDrop: 2) { (_) throws(OVError) in 1 }).quantize(
      model, calibration: data)
    #expect(lax.report.restoredLayers.isEmpty)
  }

  @Test func streamsAndClosures() async throws {
    let model = try Self.network()
    let samples = Self.samples(6, [1, 3, 8, 8], seed: 1)
    let (stream, continuation) = AsyncStream<CalibrationSample>.makeStream()
    for sample in samples { continuation.yield(sample) }
    continuation.finish()
    let streamed = try await Quantizer().quantize(model, calibration: stream)
    let closure = CalibrationData { (index) throws(OVError) in index < samples.count ? samples[index] : nil }
    let called = try Quantizer().quantize(model, calibration: closure)
    let input = Self.samples(1, [1, 3, 8, 8], seed: 3)[0].inputs
    #expect(try streamed.model.run(input) == called.model.run(input))
    #expect(streamed.report.sampleCount == 6 && called.report.sampleCount == 6)
    var options = QuantizationOptions()
    options.subsetSize = 2
    #expect(try Quantizer(options).quantize(model, calibration: closure).report.sampleCount == 2)
  }

  @Test func refuses() throws {
    let model = try Self.network()
    func code(_ data: CalibrationData, _ change: (inout QuantizationOptions) -> Void = { _ in }) -> OVError.Code? {
      var options = QuantizationOptions()
      change(&options)
      return #expect(throws: OVError.self) { try Quantizer(options).quantize(model, calibration: data) }?.code
    }
    let good = CalibrationData(Self.samples(1, [1, 3, 8, 8], seed: 1))
    #expect(code(CalibrationData([CalibrationSample]())) == .invalidData)
    #expect(code(CalibrationData(Self.samples(1, [1, 3, 8, 9], seed: 1))) == .invalidData)
    #expect(code(CalibrationData([CalibrationSample([])])) == .invalidData)
    for bad in [Float.nan, .infinity] {
      var values = [Float](repeating: 0, count: 192)
      values[191] = bad
      #expect(code(CalibrationData([CalibrationSample([Tensor(values, shape: [1, 3, 8, 8])])])) == .invalidData)
    }
    #expect(code(good) { $0.subsetSize = 0 } == .invalidArgument)
    #expect(code(good) { $0.smoothQuantAlpha = 2 } == .invalidArgument)
    #expect(code(good) { $0.ignoredScope.names = ["nothing"] } == .invalidArgument)
    #expect(code(good) { $0.ignoredScope.types = ["Convolution", "MatMul"] } == .invalidModel)
  }
}
