import OVRuntime
import Testing

@testable import Quantize

@Suite struct RangeTests {
  private static func statistics(
    _ samples: [[Float]], histogram: Bool = false, axis: Int? = nil, shape: Shape? = nil
  ) throws -> ValueStatistics {
    var statistics = ValueStatistics(.init(needsRange: true, channelAxis: axis, needsHistogram: histogram))
    for sample in samples { try statistics.add(Tensor(sample, shape: shape ?? [sample.count])) }
    return statistics
  }

  @Test(arguments: [1, 7, 8, 9, 40, 5000])
  func runsAreMeasured(_ count: Int) {
    var numbers = TestNumbers(seed: UInt64(count))
    let values = numbers.normal(count, 3)
    let measured = values.withUnsafeBufferPointer { FloatRun($0).statistics }
    #expect(measured.minimum == values.min() && measured.maximum == values.max() && measured.isFinite)
    #expect(abs(measured.sum - values.reduce(0) { $0 + Double($1) }) < 1e-3)
    for bad in [Float.nan, .infinity, -.infinity] {
      for place in [0, count - 1] {
        var damaged = values
        damaged[place] = bad
        #expect(!damaged.withUnsafeBufferPointer { FloatRun($0).statistics }.isFinite)
      }
    }
  }

  @Test func channelsAreMeasured() throws {
    // [2,3,2]: channel 1 is constant.
    let sample: [Float] = [1, 2, 5, 5, -1, -2, 3, 4, 5, 5, -3, -4]
    for (axis, shape, values) in [
      (1, [2, 3, 2], sample), (-1, [4, 3], [1, 5, -1, 2, 5, -2, 3, 5, -3, 4, 5, -4] as [Float]),
    ] {
      let measured = try Self.statistics([values], axis: axis, shape: shape)
      #expect(measured.channelMinima == [1, 5, -4] && measured.channelMaxima == [4, 5, -1])
      #expect(measured.channelMeans == [2.5, 5, -2.5])
      #expect(measured.minima == [-4] && measured.maxima == [5])
    }
  }

  @Test func simpleEstimators() throws {
    let measured = try Self.statistics([[-1, 4], [-3, 2]])
    #expect(RangeEstimator.minMax.range(of: measured, isSymmetric: false) == -3...4)
    #expect(RangeEstimator.meanMinMax.range(of: measured, isSymmetric: false) == -2...3)
    #expect(RangeEstimator.meanMinMax.range(of: measured, isSymmetric: true) == -3.5...3.5)
    #expect(RangeEstimator.meanMinMax.range(of: ValueStatistics(.init()), isSymmetric: true) == nil)
  }

  @Test func histogramsWiden() {
    var histogram = Histogram(magnitude: 1)
    for values in [[0.5, -0.5], [100, 0.5], [-3000]] as [[Float]] {
      values.withUnsafeBufferPointer { histogram.add($0, magnitude: values.map { abs($0) }.max()!) }
    }
    #expect(histogram.counts.reduce(0, +) == 5 && histogram.limit == 4096)
    let occupied = histogram.counts.indices.filter { histogram.counts[$0] > 0 }.map { histogram.center($0) }
    for x in [0.5, -0.5, 100, -3000] { #expect(occupied.contains { abs($0 - x) <= histogram.width }) }
  }

  @Test(arguments: [RangeEstimator.percentile, .histogram, .mse])
  func outliersAreClipped(_ estimator: RangeEstimator) throws {
    var numbers = TestNumbers(seed: 5)
    let values = numbers.normal(200_000) + [1000]
    let measured = try Self.statistics([values], histogram: true)
    let range = estimator.range(of: measured, isSymmetric: true)!
    #expect(range.upperBound < 600 && range.upperBound > 2, "\(range)")
    // Without outliers next to nothing is lost.
    let plain = try Self.statistics([Array(values.dropLast())], histogram: true)
    let whole = estimator.range(of: plain, isSymmetric: true)!
    #expect(whole.upperBound > 2.5 && whole.upperBound < 6.1, "\(whole)")
  }

  @Test func meanSquaredErrorIsLeast() throws {
    var numbers = TestNumbers(seed: 6)
    let values = numbers.normal(20_000) + [30]
    let measured = try Self.statistics([values], histogram: true)
    func error(_ range: ClosedRange<Double>) -> Double {
      let grid = Grid(symmetric: [range])
      return values.reduce(0) { sum, x in
        let low = Double(grid.low[0])
        let step = ((min(max(Double(x), low), Double(grid.high[0])) - low) / grid.scales[0]).rounded()
        let difference = Double(x) - (low + step * grid.scales[0])
        return sum + difference * difference
      }
    }
    let least = error(RangeEstimator.mse.range(of: measured, isSymmetric: true)!)
    for estimator in RangeEstimator.allCases {
      let other = error(estimator.range(of: measured, isSymmetric: true)!)
      #expect(least <= other * 1.02, "\(estimator) \(other), mse \(least)")
    }
  }

  @Test func symmetricGrids() {
    let signed = Grid(symmetric: [-1...2])
    #expect(signed.high == [2] && signed.low == [-2 * 128 / 127])
    let unsigned = Grid(symmetric: [0...2])
    #expect(unsigned.high == [2] && unsigned.low == [0])
    let channels = Grid(symmetric: [0...10, 0...0, 0...1])
    #expect(channels.high == [10, 0.1, 1] && channels.low == [0, 0, 0])
    #expect(Grid(symmetric: [0...0]).high == [8e-5])
  }

  @Test(arguments: [-1.0...3, -0.3...0.1, 0...5, -2...0, 1...2, -1e-6...1e-6])
  func asymmetricGridsHoldZero(_ range: ClosedRange<Double>) {
    let grid = Grid(asymmetric: range)
    #expect(Double(grid.low[0]) <= range.lowerBound + 1e-6 && Double(grid.high[0]) >= range.upperBound - 1e-6)
    let zero = -Double(grid.low[0]) / grid.scales[0]
    #expect(abs(zero - zero.rounded()) < 1e-3, "\(grid)")
  }

  @Test func weightsAreRounded() {
    var numbers = TestNumbers(seed: 7)
    // [3,2,4]: channels along axis 0, and along axes 0 and 1.
    let weights = numbers.normal(24)
    for axes in [[0], [0, 1], [1]] {
      for isHalfRange in [false, true] {
        let rounded = QuantizedWeights(weights, shape: [3, 2, 4], outputAxes: axes, isHalfRange: isHalfRange)
        let channels = ChannelIndex([3, 2, 4], axes: axes)
        #expect(rounded.scales.count == channels.channelCount)
        #expect(rounded.integers.allSatisfy { abs(Int($0)) <= (isHalfRange ? 64 : 127) })
        for (i, (w, q)) in zip(weights, rounded.dequantized).enumerated() {
          let index = [i / 8, i / 4 % 2, i % 4]
          let channel = axes.reduce(0) { $0 * [3, 2, 4][$1] + index[$1] }
          #expect(abs(w - q) <= rounded.scales[channel] * 0.5001, "\(axes) \(i)")
        }
      }
    }
  }
}
