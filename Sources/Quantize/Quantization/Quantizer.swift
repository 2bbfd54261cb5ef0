public import OVRuntime

/// Quantises a model to 8-bit integers after training: measures the ranges of its activations over calibration data, puts
/// FakeQuantize operations where they are to be rounded, rounds weights, and takes the mean error out of the biases.
///
/// The result is an ordinary model: f32 runtimes compute what the integers would, integer runtimes compute the integers.
///
///     let data = try CalibrationData(contentsOf: ["images"], for: model.inputs)
///     let result = try Quantizer().quantize(model, calibration: data)
///     try result.model.write(to: "model_int8.xml")
public struct Quantizer: Sendable {
  public var options: QuantizationOptions
  /// When set, layers are restored to floating point, the worst first, until the model is good enough.
  public var accuracyControl: AccuracyControl?

  public init(_ options: QuantizationOptions = QuantizationOptions(), accuracyControl: AccuracyControl? = nil) {
    self.options = options
    self.accuracyControl = accuracyControl
  }

  /// Quantises a model; `progress` is called on the calling thread.
  ///
  /// - Throws: ``OVError/Code/invalidData`` naming the file when calibration data do not fit, are not finite or are missing,
  ///   ``OVError/Code/invalidArgument`` for options out of range and ignored layers that do not exist,
  ///   ``OVError/Code/invalidModel`` when the model is quantised already, and what compiling throws.
  public func quantize(
    _ model: Model, calibration: CalibrationData, progress: (QuantizationProgress) -> Void = { _ in }
  ) throws(OVError) -> QuantizationResult {
    try options.validate()
    if let node = model.nodes.first(where: { $0.type == "FakeQuantize" || $0.type == "FakeConvert" }) {
      throw OVError(.invalidModel, "the model is quantised already", at: node.location, suggestion: "quantise the original")
    }
    var original = model
    try original.inferShapes()
    var prepared = model
    try prepared.foldIntoWeights()
    let ignored = try options.ignoredScope.nodes(in: prepared)
    if options.modelType == .transformer, let alpha = options.smoothQuantAlpha {
      try SmoothQuant(alpha: alpha).run(on: &prepared, ignored: ignored, calibration, options) {
        progress(.init(phase: .smoothing, completed: $0, total: total(calibration)))
      }
    }
    let assembly = try QuantizedModelAssembly(
      prepared, ignored: ignored, options: options, calibration, observesAll: accuracyControl != nil
    ) {
      progress(.init(phase: .calibrating, completed: $0, total: total(calibration)))
    }
    var restored: Set<NodeID> = []
    var report = QuantizationReport()
    if let accuracyControl {
      restored = try LayerRestoration(assembly: assembly, original: original, control: accuracyControl, options: options)
        .run(calibration, &report, progress)
    }
    var (quantized, layers) = try assembly.model(restoring: restored)
    report.sampleCount = assembly.sampleCount
    report.originalByteCount = model.constantByteCount
    report.byteCount = quantized.constantByteCount
    report.layers = layers.map(\.report)
    if options.reportSampleCount > 0 {
      let comparison = ModelComparison(original: prepared, changed: quantized, options)
      try comparison.run(calibration, layers, &report) {
        progress(.init(phase: .comparing, completed: $0, total: min(options.reportSampleCount, assembly.sampleCount)))
      }
    }
    quantized.setSettings("quantization", options.settings + [("samples", String(assembly.sampleCount))])
    return QuantizationResult(model: quantized, report: report)
  }

  private func total(_ calibration: CalibrationData) -> Int? { calibration.count.map { min($0, options.subsetSize) } }
}

extension Quantizer {
  /// Quantises a model with the first samples of a stream, which are kept in memory, as many as ``QuantizationOptions/subsetSize``.
  ///
  /// - Throws: what the stream throws, and what ``quantize(_:calibration:progress:)-(_,CalibrationData,_)`` throws.
  public func quantize<Samples: AsyncSequence>(
    _ model: Model, calibration samples: Samples, progress: (QuantizationProgress) -> Void = { _ in }
  ) async throws -> QuantizationResult where Samples.Element == CalibrationSample {
    let data = try await CalibrationData(collecting: samples, limit: options.subsetSize)
    return try quantize(model, calibration: data, progress: progress)
  }
}

extension Model {
  /// Writes settings into the model's `<rt_info>` under `ovrun`; those of the same kind are replaced.
  mutating func setSettings(_ kind: String, _ settings: [(key: String, value: String)]) {
    guard case .entries(var entries) = runtimeInfo else { return }
    var own: [RuntimeInfo.Entry] = []
    if let index = entries.firstIndex(where: { $0.key == "ovrun" }), case .entries(let old) = entries[index].info {
      own = old.filter { $0.key != kind }
      entries.remove(at: index)
    }
    own.append(.init(key: kind, info: .entries(settings.map { .init(key: $0.key, info: .value($0.value)) })))
    entries.append(.init(key: "ovrun", info: .entries(own)))
    runtimeInfo = .entries(entries)
  }
}
