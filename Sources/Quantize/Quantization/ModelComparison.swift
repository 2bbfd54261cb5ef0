import OVRuntime

/// Runs a model and a changed copy of it, in which the layers kept their identities, on the same samples.
struct ModelComparison {
  private let original: Model
  private let changed: Model
  private let options: QuantizationOptions

  init(original: Model, changed: Model, _ options: QuantizationOptions) {
    (self.original, self.changed, self.options) = (original, changed, options)
  }

  /// Sums over samples of what two tensors have in common.
  struct Sums {
    var signal = 0.0
    var noise = 0.0
    private var product = 0.0
    private var changedSquares = 0.0

    mutating func add(_ original: Tensor, _ changed: Tensor) {
      guard original.elementCount == changed.elementCount else { return }
      let (a, b) = (original.doubles(), changed.doubles())
      for i in a.indices {
        signal += a[i] * a[i]
        noise += (a[i] - b[i]) * (a[i] - b[i])
        product += a[i] * b[i]
        changedSquares += b[i] * b[i]
      }
    }

    var cosine: Double {
      let norms = (signal * changedSquares).squareRoot()
      return norms > 0 ? product / norms : signal == changedSquares ? 1 : 0
    }
    var signalToNoise: Double { decibels(signal: signal, noise: noise) }
  }

  /// Measures the errors of all layers and outputs and enters them into a report.
  func run(
    _ calibration: CalibrationData, _ layers: [QuantizedModelAssembly.Layer], _ report: inout QuantizationReport,
    progress: (Int) -> Void
  ) throws(OVError) {
    let values = layers.map(\.output)
    let first = try Observer(original, values: values, threads: options.threads)
    let second = try Observer(changed, values: values, threads: options.threads)
    var sums = [Sums](repeating: Sums(), count: values.count)
    var outputSums = [Sums](repeating: Sums(), count: original.results.count)
    var count = 0
    while count < options.reportSampleCount, let sample = try calibration.sample(count) {
      try first.run(sample)
      try second.run(sample)
      for index in values.indices { sums[index].add(try first.value(index), try second.value(index)) }
      for index in outputSums.indices { outputSums[index].add(try first.output(index), try second.output(index)) }
      count += 1
      progress(count)
    }
    report.comparedSampleCount = count
    for index in layers.indices { report.layers[index].signalToNoise = sums[index].signalToNoise }
    report.outputs = zip(original.outputs, outputSums).map { .init(name: $0.name, signalToNoise: $1.signalToNoise, cosine: $1.cosine) }
  }

  /// The mean squared error of all outputs, each relative to its own size, over up to `limit` samples.
  func outputError(_ calibration: CalibrationData, limit: Int) throws(OVError) -> Double {
    let first = try Observer(original, values: [], threads: options.threads)
    let second = try Observer(changed, values: [], threads: options.threads)
    var sums = [Sums](repeating: Sums(), count: original.results.count)
    var count = 0
    while count < limit, let sample = try calibration.sample(count) {
      try first.run(sample)
      try second.run(sample)
      for index in sums.indices { sums[index].add(try first.output(index), try second.output(index)) }
      count += 1
    }
    return sums.reduce(0) { $0 + $1.noise / max($1.signal, 1e-30) }
  }
}
