import OVRuntime

/// A run of neighbouring numbers, and what is measured of it.
struct FloatRun {
  struct Statistics {
    var minimum = Float.infinity
    var maximum = -Float.infinity
    var sum = 0.0
    /// Whether no number is NaN or infinite. Otherwise the other members mean nothing.
    var isFinite = true
  }

  private let values: UnsafeBufferPointer<Float>

  init(_ values: UnsafeBufferPointer<Float>) { self.values = values }

  /// Least and greatest number and the sum.
  var statistics: Statistics {
    var result = Statistics()
    guard let base = values.baseAddress else { return result }
    var minima = SIMD8<Float>(repeating: .infinity)
    var maxima = SIMD8<Float>(repeating: -.infinity)
    var index = 0
    var zeros = SIMD8<Float>.zero
    while index + 8 <= values.count {
      // Single precision sums of this many numbers lose nothing that matters to a mean.
      let blockEnd = min(values.count - 7, index + 4096)
      var sums = SIMD8<Float>.zero
      while index < blockEnd {
        let x = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD8<Float>.self)
        minima.replace(with: x, where: x .< minima)
        maxima.replace(with: x, where: x .> maxima)
        sums += x
        // Zero times NaN or infinity is NaN.
        zeros += x * 0
        index += 8
      }
      result.sum += Double(sums.sum())
    }
    result.minimum = minima.min()
    result.maximum = maxima.max()
    var zero = zeros.sum()
    while index < values.count {
      let x = base[index]
      if x < result.minimum { result.minimum = x }
      if x > result.maximum { result.maximum = x }
      result.sum += Double(x)
      zero += x * 0
      index += 1
    }
    result.isFinite = zero == 0
    return result
  }
}
