import OVRuntime
import Quantize

/// The share of samples whose largest output stands at the labelled place.
struct ClassificationQuality: Sendable {
  private let labels: [Int64]
  private let samples: CalibrationData
  private let threads: Int?

  /// - Throws: ``OVError/Code/invalidData`` when the labels are not integers, one a sample.
  init(labelsFile path: String, samples: CalibrationData, threads: Int?) throws(OVError) {
    let tensor = try Tensor(npyFile: path)
    guard tensor.elementType.isInteger else {
      throw OVError(.invalidData, "labels are integers, these are \(tensor.type)", at: .init(path: path))
    }
    labels = tensor.int64s()
    guard labels.count == samples.count, !labels.isEmpty else {
      throw OVError(
        .invalidData, "there are \(labels.count) labels for \(samples.count ?? 0) samples", at: .init(path: path),
        suggestion: "give the samples that the labels are for with --validation")
    }
    self.samples = samples
    self.threads = threads
  }

  /// The share for a model's first output.
  func callAsFunction(_ model: Model) throws(OVError) -> Double {
    let request = try CompiledModel(model, CompileOptions(threads: threads)).makeRequest()
    var right = 0
    for (index, label) in labels.enumerated() {
      guard let sample = try samples.sample(index) else { break }
      for (input, tensor) in sample.inputs.enumerated() { try request.setInput(input, tensor) }
      try request.infer()
      let scores = try request.output(0).doubles()
      if let best = scores.indices.max(by: { scores[$0] < scores[$1] }), Int64(best) == label { right += 1 }
    }
    return Double(right) / Double(labels.count)
  }
}
