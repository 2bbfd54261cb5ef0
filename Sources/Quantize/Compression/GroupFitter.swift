import OVRuntime

/// Finds scale and zero point of groups of weights, and their codes.
struct GroupFitter {
  let levels: Levels
  let groupSize: Int
  /// The least and the greatest integer.
  private let bottom: Float
  private let top: Float
  private let numbers = Levels.normalNumbers
  private let bounds = Levels.normalBounds

  /// What the codes of a group are multiplied by, after the zero point is taken off.
  struct Scale {
    var factor: Float
    var zeroPoint: Float = 0
  }

  init(_ levels: Levels, groupSize: Int) {
    (self.levels, self.groupSize) = (levels, groupSize)
    switch levels {
    case .asymmetric(let bits): (bottom, top) = (0, Float(1 << bits - 1))
    case .symmetric(let bits): (bottom, top) = (-Float(1 << (bits - 1)), Float(1 << (bits - 1) - 1))
    case .normal: (bottom, top) = (-1, 1)
    }
  }

  /// Of a number of clipped ranges the one with the least squared error, its scale refitted to the codes by least squares.
  func fit(_ weights: UnsafePointer<Float>) -> Scale {
    var (low, high): (Float, Float) = (0, 0)
    for i in 0..<groupSize {
      low = min(low, weights[i])
      high = max(high, weights[i])
    }
    var best: (error: Float, scale: Scale) = (.infinity, Scale(factor: 0))
    // With 8 bits clipping gains nothing.
    let steps = levels.bits == 8 ? 1 : 14
    // Levels that do not lie alike on both sides of zero: a scale of either sign lets the larger weight lie on the better one.
    let signs: [Float] = levels.bits == 8 || levels.hasZeroPoints ? [1] : [1, -1]
    for step in 0..<steps {
      for sign in signs {
        var scale = self.scale(low, high, step)
        scale.factor = Float(Float16(sign * scale.factor))
        // The best scale for the codes that this one gives, and for those that that one gives.
        for _ in 0..<(levels.bits == 8 ? 1 : 3) {
          if scale.factor == 0 || !scale.factor.isFinite { break }
          let (error, factor) = measure(weights, scale)
          if error < best.error { best = (error, scale) }
          let refitted = Float(Float16(factor))
          if refitted == scale.factor { break }
          scale.factor = refitted
        }
      }
    }
    // All weights are zero, or too small for a half-precision scale.
    return best.scale.factor == 0 ? Scale(factor: 1) : best.scale
  }

  private func scale(_ low: Float, _ high: Float, _ step: Int) -> Scale {
    let fraction = 1 - 0.035 * Float(step)
    switch levels {
    case .asymmetric:
      let factor = (high - low) * fraction / top
      return Scale(factor: factor, zeroPoint: factor > 0 ? max(0, min(top, (-low * fraction / factor).rounded())) : 0)
    case .symmetric(let bits):
      return Scale(factor: max(-low, high) * fraction / (bits == 4 ? -bottom : top))
    case .normal:
      // The outermost numbers lie far from their neighbours: the largest weight may well lie within them.
      return Scale(factor: max(-low, high) * (1.05 - 0.03 * Float(step)))
    }
  }

  /// The code of the nearest number, and that number, scaled.
  @inline(__always)
  func code(_ weight: Float, _ scale: Scale) -> (code: UInt8, value: Float) {
    if levels == .normal {
      let x = weight / scale.factor
      var code = 0
      for bound in bounds where x > bound { code += 1 }
      return (UInt8(code), numbers[code] * scale.factor)
    }
    let q = max(bottom, min(top, (weight / scale.factor + scale.zeroPoint).rounded(.toNearestOrEven)))
    return (UInt8(truncatingIfNeeded: Int(q)), (q - scale.zeroPoint) * scale.factor)
  }

  /// The squared error with a scale, and the factor with the least for the codes that it gives: Σ w·q / Σ q².
  private func measure(_ weights: UnsafePointer<Float>, _ scale: Scale) -> (error: Float, factor: Float) {
    let inverse = 1 / scale.factor
    var (errors, products, squares) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    numbers.withUnsafeBufferPointer { numbers in
      bounds.withUnsafeBufferPointer { bounds in
        var i = 0
        while i < groupSize {
          var w = SIMD8<Float>.zero
          if i + 8 <= groupSize {
            w = UnsafeRawPointer(weights + i).loadUnaligned(as: SIMD8<Float>.self)
          } else {
            // Zeros are exact on every grid, so they add nothing.
            for lane in 0..<(groupSize - i) { w[lane] = weights[i + lane] }
          }
          var q: SIMD8<Float>
          if levels == .normal {
            let x = w * inverse
            q = SIMD8(repeating: numbers[0])
            for level in 0..<15 { q.replace(with: numbers[level + 1], where: x .> bounds[level]) }
          } else {
            // Adding and subtracting 1.5 · 2²³ rounds to the nearest integer.
            let magic = SIMD8<Float>(repeating: 12_582_912)
            q = w * inverse + scale.zeroPoint
            q = (q + magic) - magic
            q.replace(with: bottom, where: q .< bottom)
            q.replace(with: top, where: q .> top)
            q -= scale.zeroPoint
          }
          let difference = w - q * scale.factor
          errors += difference * difference
          products += w * q
          squares += q * q
          i += 8
        }
      }
    }
    let square = squares.sum()
    return (errors.sum(), square > 0 ? products.sum() / square : 0)
  }

  /// Rounds the groups of a row one by one; writes codes, scales and zero points and returns the squared error.
  func fitRow(_ weights: UnsafePointer<Float>, _ target: GroupedCodes.Row) -> Double {
    var error = 0.0
    for start in stride(from: 0, to: target.columns, by: groupSize) {
      let scale = fit(weights + start)
      target.set(scale, group: start / groupSize)
      for column in start..<(start + groupSize) {
        let (code, value) = code(weights[column], scale)
        target.codes[column] = code
        error += (Double(weights[column]) - Double(value)) * (Double(weights[column]) - Double(value))
      }
    }
    return error
  }

  /// Rounds a row's weights in the compensation's order, each one's error being made up for by those that are rounded later; returns the
  /// squared errors of the weights and of the output. The scales are those of the weights as they come.
  func fitRow(
    _ weights: UnsafePointer<Float>, _ target: GroupedCodes.Row, _ compensation: ErrorCompensation
  ) -> (weights: Double, output: Double) {
    let scales = stride(from: 0, to: target.columns, by: groupSize).map { fit(weights + $0) }
    for (group, scale) in scales.enumerated() { target.set(scale, group: group) }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: target.columns) { row in
      for (place, column) in compensation.order.enumerated() { row[place] = weights[column] }
      var (error, outputError) = (0.0, 0.0)
      for (place, column) in compensation.order.enumerated() {
        let (code, value) = code(row[place], scales[column / groupSize])
        target.codes[column] = code
        error += (Double(weights[column]) - Double(value)) * (Double(weights[column]) - Double(value))
        let share = Double(compensation.spread(row[place] - value, from: place, over: row.baseAddress!))
        outputError += share * share
      }
      return (error, outputError)
    }
  }
}
