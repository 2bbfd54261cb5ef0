public import OVRuntime

/// The inputs that a model is observed with while ranges are measured: samples by number, each one tensor an input of the model, in
/// Parameter order.
///
/// A sample is asked for again in each pass over the data, so that only one needs to be in memory at a time.
public struct CalibrationData: Sendable {
  /// The tensors of sample `index`, and where they come from for error messages; `nil` behind the last sample.
  private let sampleProvider: @Sendable (Int) throws(OVError) -> CalibrationSample?
  /// The number of samples, when it is known before they are asked for.
  public let count: Int?

  /// Data that a closure gives out.
  ///
  /// `sample` is called with 0, 1, 2 … until it returns `nil` or as many as wanted have been seen, once or several times over; it
  /// gives the same tensors for the same number. `count`: how many samples there are, if known.
  public init(count: Int? = nil, _ sample: @escaping @Sendable (Int) throws(OVError) -> CalibrationSample?) {
    sampleProvider = sample
    self.count = count
  }

  /// Data in memory.
  public init(_ samples: some Sequence<CalibrationSample>) {
    let samples = Array(samples)
    self.init(count: samples.count) { (index) throws(OVError) in samples.indices.contains(index) ? samples[index] : nil }
  }

  /// The first `limit` samples of a stream, which are kept in memory: a stream passes by only once.
  ///
  /// - Throws: what the stream throws.
  public init<Samples: AsyncSequence>(collecting samples: Samples, limit: Int = 300) async throws
  where Samples.Element == CalibrationSample {
    var collected: [CalibrationSample] = []
    var iterator = samples.makeAsyncIterator()
    while collected.count < limit, let sample = try await iterator.next() { collected.append(sample) }
    self.init(collected)
  }

  /// Sample `index`, checked to be finite; `nil` behind the last.
  package func sample(_ index: Int) throws(OVError) -> CalibrationSample? {
    if let count, index >= count { return nil }
    guard let sample = try sampleProvider(index) else { return nil }
    for (number, tensor) in sample.inputs.enumerated() where tensor.elementType.isFloatingPoint && !tensor.isFinite {
      throw OVError(
        .invalidData, "calibration sample \(index) holds NaN or infinity in input \(number)", at: .init(path: sample.source),
        suggestion: "remove the sample")
    }
    return sample
  }
}

/// One set of inputs.
public struct CalibrationSample: Sendable {
  /// One tensor an input of the model, in Parameter order.
  public var inputs: [Tensor]
  /// The file the sample is from, for error messages.
  public var source: String?

  public init(_ inputs: [Tensor], source: String? = nil) {
    self.inputs = inputs
    self.source = source
  }
}

extension Tensor {
  /// Whether no element is NaN or infinite.
  var isFinite: Bool {
    switch elementType {
    case .f32: withUnsafeBytes { FloatRun($0.bindMemory(to: Float.self)).statistics.isFinite }
    case .f16, .bf16, .f64: doubles().allSatisfy(\.isFinite)
    default: true
    }
  }
}
