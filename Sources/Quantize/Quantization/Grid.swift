import OVRuntime

/// The numbers that a FakeQuantize rounds to: 256 of equal distance, zero among them. One range, or one a channel.
struct Grid {
  static let levels = 256

  /// The bounds; one each for the whole tensor, or one a channel.
  let low: [Float]
  let high: [Float]

  /// The distance of neighbouring numbers.
  var scales: [Double] { zip(low, high).map { (Double($1) - Double($0)) / Double(Grid.levels - 1) } }

  /// The grid for a value's range: [−m·128/127, m] for values of both signs, [0, m] for those that are never negative, m being
  /// the larger magnitude.
  ///
  /// `ranges`: one, or one a channel. No channel's magnitude is taken to be less than a hundredth of the largest.
  init(symmetric ranges: [ClosedRange<Double>]) {
    let magnitudes = ranges.map { max(abs($0.lowerBound), abs($0.upperBound)) }
    let least = max(0.01 * (magnitudes.max() ?? 0), 8e-5)
    let isSigned = ranges.contains { $0.lowerBound < 0 }
    high = magnitudes.map { Float(max($0, least)) }
    low = high.map { isSigned ? -$0 * 128 / 127 : 0 }
  }

  /// The grid between the bounds of a range, which are widened to hold zero and moved so that zero is on the grid.
  init(asymmetric range: ClosedRange<Double>) {
    var (low, high) = (range.lowerBound, range.upperBound)
    if high - low <= 8e-4 { (low, high) = (low - 8e-4, high + 8e-4) }
    (low, high) = (min(low, 0), max(high, 0))
    let last = Double(Grid.levels - 1)
    let zero = (-low * last / (high - low)).rounded(.toNearestOrEven)
    if zero > 0 && zero < last {
      let widenedLow = zero / (zero - last) * high
      let widenedHigh = (zero - last) / zero * low
      if high - widenedLow > widenedHigh - low { low = widenedLow } else { high = widenedHigh }
    }
    (self.low, self.high) = ([Float(low)], [Float(high)])
  }
}
