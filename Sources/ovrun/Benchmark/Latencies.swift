/// The durations of a run's inferences, in milliseconds.
struct Latencies {
  private let sorted: [Double]
  let mean: Double

  /// - Precondition: there is at least one.
  init(_ milliseconds: [Double]) {
    precondition(!milliseconds.isEmpty, "a run has an inference")
    sorted = milliseconds.sorted()
    mean = milliseconds.reduce(0, +) / Double(milliseconds.count)
  }

  var count: Int { sorted.count }
  var min: Double { sorted[0] }
  var max: Double { sorted[sorted.count - 1] }
  var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

  /// The least duration that `percent` of all do not exceed.
  func percentile(_ percent: Double) -> Double {
    let rank = (percent / 100 * Double(sorted.count)).rounded(.up)
    return sorted[Swift.min(sorted.count, Swift.max(1, Int(rank))) - 1]
  }
}
