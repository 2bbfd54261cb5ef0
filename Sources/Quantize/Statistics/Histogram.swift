import OVRuntime

/// How often values of an activation fall into each of many intervals of equal width.
///
/// The intervals cover −limit..<limit; the limit doubles whenever a value lies outside, neighbouring intervals being put together, so
/// that memory is bounded and one pass is enough.
struct Histogram {
  /// Intervals: 4,096 on each side of zero.
  static let halfCount = 4096

  private(set) var counts = [Double](repeating: 0, count: 2 * halfCount)
  /// A power of two.
  private(set) var limit: Float

  /// A histogram that covers at least −magnitude...magnitude.
  init(magnitude: Float) {
    limit = Float(sign: .plus, exponent: max(-100, min(120, magnitude.exponent + 1)), significand: 1)
  }

  /// The width of an interval.
  var width: Double { Double(limit) / Double(Histogram.halfCount) }

  /// The number in the middle of interval `index`.
  func center(_ index: Int) -> Double { (Double(index - Histogram.halfCount) + 0.5) * width }

  /// Counts numbers.
  ///
  /// - Precondition: they are finite.
  mutating func add(_ values: UnsafeBufferPointer<Float>, magnitude: Float) {
    while magnitude >= limit && limit < 0x1p120 { widen() }
    let scale = Float(Histogram.halfCount) / limit
    let offset = Float(Histogram.halfCount)
    let last = 2 * Histogram.halfCount - 1
    counts.withUnsafeMutableBufferPointer { counts in
      for x in values { counts[max(0, min(last, Int((x * scale + offset).rounded(.down))))] += 1 }
    }
  }

  private mutating func widen() {
    let half = Histogram.halfCount
    var wider = [Double](repeating: 0, count: 2 * half)
    for index in counts.indices { wider[(index - half) >> 1 + half] += counts[index] }
    counts = wider
    limit *= 2
  }

  /// The numbers below and above which lie a fraction `tail` of the values each.
  func quantiles(tail: Double) -> (low: Double, high: Double) {
    let total = counts.reduce(0, +)
    func edge(_ indices: some Sequence<Int>) -> Int {
      var seen = 0.0
      for index in indices {
        seen += counts[index]
        if seen > tail * total { return index }
      }
      return Histogram.halfCount
    }
    return (center(edge(counts.indices)) - width / 2, center(edge(counts.indices.reversed())) + width / 2)
  }
}
