import OVRuntime

/// How the range of an activation is estimated from samples.
public enum RangeEstimator: String, CaseIterable, Sendable {
  /// The least and the greatest number seen.
  case minMax = "min-max"
  /// The means over samples of each sample's least and greatest number: NNCF's default.
  case meanMinMax = "mean-min-max"
  /// The numbers beyond which lies one in 10,000.
  case percentile
  /// The range whose rounded distribution diverges least from the measured one (Kullback–Leibler, as in TensorRT's calibration).
  case histogram
  /// The range with the least mean squared rounding error.
  case mse

  /// The fraction of the numbers that ``percentile`` leaves out at either end.
  static let outlierFraction = 1e-4

  var needsHistogram: Bool { self == .percentile || self == .histogram || self == .mse }

  /// The range of a value, before it is fitted to a grid; `nil` when nothing was measured.
  ///
  /// `isSymmetric`: whether the range is to be symmetric about zero, so that only the larger magnitude counts.
  func range(of statistics: ValueStatistics, isSymmetric: Bool) -> ClosedRange<Double>? {
    guard let least = statistics.minima.min(), let greatest = statistics.maxima.max() else { return nil }
    let whole = Double(least)...Double(greatest)
    switch self {
    case .minMax: return whole
    case .meanMinMax:
      func mean(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) } / Double(values.count) }
      if isSymmetric {
        let magnitude = mean(zip(statistics.minima, statistics.maxima).map { max(abs($0), abs($1)) })
        return least < 0 ? -magnitude...magnitude : 0...magnitude
      }
      return mean(statistics.minima)...mean(statistics.maxima)
    case .percentile:
      guard let quantiles = statistics.histogram?.quantiles(tail: RangeEstimator.outlierFraction), quantiles.low < quantiles.high else {
        return whole
      }
      return max(whole.lowerBound, quantiles.low)...min(whole.upperBound, quantiles.high)
    case .histogram, .mse:
      guard let histogram = statistics.histogram else { return whole }
      return clipped(whole, isSymmetric: isSymmetric, histogram)
    }
  }

  /// The part of `whole` that costs least.
  private func clipped(_ whole: ClosedRange<Double>, isSymmetric: Bool, _ histogram: Histogram) -> ClosedRange<Double> {
    var low = min(0, whole.lowerBound)
    var high = max(0, whole.upperBound)
    if isSymmetric {
      high = max(-low, high)
      low = low < 0 ? -high : 0
    }
    guard high > low else { return whole }
    let cost = self == .mse ? RangeCost.squaredError : RangeCost.divergence
    var best = (cost: Double.infinity, fraction: 1.0)
    for step in 0...75 {
      let fraction = 1 - Double(step) / 100
      let candidate = cost(histogram, low * fraction, high * fraction)
      if candidate < best.cost { best = (candidate, fraction) }
    }
    return (low * best.fraction)...(high * best.fraction)
  }
}

/// What rounding a distribution to 256 numbers between two bounds costs.
enum RangeCost {
  private static let levels = 256

  /// The mean squared difference to the nearest number, in units of the interval's own width.
  static func squaredError(_ histogram: Histogram, _ low: Double, _ high: Double) -> Double {
    let step = (high - low) / Double(levels - 1)
    var error = 0.0
    for (index, count) in histogram.counts.enumerated() where count > 0 {
      let x = histogram.center(index)
      let rounded = low + (max(0, min(Double(levels - 1), ((x - low) / step).rounded()))) * step
      error += count * (x - rounded) * (x - rounded)
    }
    return error
  }

  /// The divergence of the clipped distribution from the one that remains when every grid step has one density. Numbers that are
  /// nearly zero are left out: zero is on the grid.
  static func divergence(_ histogram: Histogram, _ low: Double, _ high: Double) -> Double {
    let step = (high - low) / Double(levels - 1)
    var mass = [Double](repeating: 0, count: levels)
    var occupied = [Double](repeating: 0, count: levels)
    var total = 0.0
    func level(_ index: Int) -> Int { max(0, min(levels - 1, Int(((histogram.center(index) - low) / step).rounded()))) }
    let zero = Histogram.halfCount
    // What lies outside is clipped: it joins the outermost intervals inside.
    let first = max(0, min(2 * zero - 1, Int((low / histogram.width).rounded(.down)) + zero))
    let last = max(first, min(2 * zero - 1, Int((high / histogram.width).rounded(.up)) + zero - 1))
    var clipped: [Double] = Array(histogram.counts[first...last])
    clipped[0] += histogram.counts[..<first].reduce(0, +)
    clipped[clipped.count - 1] += histogram.counts[(last + 1)...].reduce(0, +)
    for index in first...last where index != zero && index != zero - 1 && histogram.counts[index] > 0 {
      mass[level(index)] += histogram.counts[index]
      occupied[level(index)] += 1
      total += clipped[index - first]
    }
    let rounded = mass.reduce(0, +)
    guard total > 0, rounded > 0 else { return .infinity }
    var divergence = 0.0
    for index in first...last where index != zero && index != zero - 1 && histogram.counts[index] > 0 {
      let p = clipped[index - first] / total
      let q = mass[level(index)] / occupied[level(index)] / rounded
      divergence += p * logarithm(p / q)
    }
    return divergence
  }
}
