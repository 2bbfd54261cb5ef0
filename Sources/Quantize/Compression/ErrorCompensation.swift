import Dispatch
import OVRuntime

/// How the errors of rounding a row of weights make each other up, for a matrix product whose data are known: after each weight is
/// rounded, those that are not yet take its error on them as far as the data's channels go together (Frantar et al., GPTQ).
struct ErrorCompensation {
  /// Upper triangular, row-major: U with (XᵀX + damping)⁻¹ = Uᵀ·U, rows and columns in ``order``.
  private let factor: [Float]
  let columns: Int
  /// The order in which columns are rounded: those of the largest data first, which leave most others to make up for their errors.
  let order: [Int]

  /// The part of the mean square of a channel that is added to the diagonal: the weight of what the data do not show.
  static let damping = 0.3

  /// `nil` when the moments are all zero or not finite.
  init?(_ moments: SecondMoments) {
    let (n, sums) = (moments.channels, moments.sums)
    columns = n
    order = (0..<n).sorted { (sums[$0 * n + $0], $1) > (sums[$1 * n + $1], $0) }
    let mean = (0..<n).reduce(0) { $0 + Double(sums[$1 * n + $1]) } / Double(max(n, 1))
    guard mean > 0, mean.isFinite else { return nil }
    // With rows and columns reversed, the lower Cholesky factor R is the upper one P of H = P·Pᵀ, and U is its inverse.
    var r = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        let (a, b) = (order[n - 1 - i], order[n - 1 - j])
        r[i * n + j] = Double(sums[min(a, b) * n + max(a, b)])
      }
      r[i * n + i] += ErrorCompensation.damping * mean
    }
    let isDefinite = r.withUnsafeMutableBufferPointer { buffer -> Bool in
      let r = buffer.baseAddress!
      for i in 0..<n {
        for j in 0..<i { r[i * n + j] = (r[i * n + j] - ErrorCompensation.dot(SIMD8<Double>.self, r + i * n, r + j * n, j)) / r[j * n + j] }
        let square = r[i * n + i] - ErrorCompensation.dot(SIMD8<Double>.self, r + i * n, r + i * n, i)
        guard square > 0 else { return false }
        r[i * n + i] = square.squareRoot()
      }
      return true
    }
    guard isDefinite else { return nil }
    // The columns of the inverse as rows, so that sums go along memory: inverse[j][i] = (R⁻¹)[i][j].
    var inverse = [Double](repeating: 0, count: n * n)
    inverse.withUnsafeMutableBufferPointer { buffer in
      r.withUnsafeBufferPointer { r in
        nonisolated(unsafe) let (x, r) = (buffer.baseAddress!, r.baseAddress!)
        DispatchQueue.concurrentPerform(iterations: n) { j in
          let row = x + j * n
          row[j] = 1 / r[j * n + j]
          for i in (j + 1)..<max(n, j + 1) {
            row[i] = -ErrorCompensation.dot(SIMD8<Double>.self, r + i * n + j, row + j, i - j) / r[i * n + i]
          }
        }
      }
    }
    // Reversed back: U[a][b] = (R⁻¹)[n−1−a][n−1−b].
    var factor = [Float](repeating: 0, count: n * n)
    for a in 0..<n { for b in a..<n { factor[a * n + b] = Float(inverse[(n - 1 - b) * n + (n - 1 - a)]) } }
    self.factor = factor
  }

  @inline(__always)
  private static func dot<Vector: SIMD & BitwiseCopyable>(
    _: Vector.Type, _ a: UnsafePointer<Vector.Scalar>, _ b: UnsafePointer<Vector.Scalar>, _ count: Int
  ) -> Vector.Scalar where Vector.Scalar: FloatingPoint {
    let lanes = Vector.scalarCount
    var sums = Vector.zero
    var i = 0
    while i + lanes <= count {
      sums += UnsafeRawPointer(a + i).loadUnaligned(as: Vector.self) * UnsafeRawPointer(b + i).loadUnaligned(as: Vector.self)
      i += lanes
    }
    var sum = sums.sum()
    while i < count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }

  /// Lets the weights behind `place` of a row, which is in ``order``, take the error of that one on them. Returns what is left of it:
  /// the squares of these numbers sum up to the squared error of the row's products with all samples.
  @inline(__always)
  func spread(_ error: Float, from place: Int, over row: UnsafeMutablePointer<Float>) -> Float {
    factor.withUnsafeBufferPointer { factor in
      let source = factor.baseAddress! + place * columns
      let share = error / source[place]
      ErrorCompensation.add(-share, source, from: place + 1, columns, to: row)
      return share
    }
  }

  /// Weights that also make up for what the layers before them got wrong, as far as the data tell it: W + C·(XᵀX + damping)⁻¹, where C
  /// are the products of the output's missing part with the data. (Li et al., GPTAQ, take the missing part of the data instead, and
  /// have no part that comes past the layer.)
  func corrected(_ weights: [Float], _ missing: CrossMoments) -> [Float] {
    precondition(missing.columns == columns && weights.count == missing.rows * columns, "moments of the weights' shape")
    var corrected = weights
    corrected.withUnsafeMutableBufferPointer { corrected in
      factor.withUnsafeBufferPointer { factor in
        // Each iteration writes a row of its own.
        nonisolated(unsafe) let (target, u) = (corrected.baseAddress!, factor.baseAddress!)
        DispatchQueue.concurrentPerform(iterations: missing.rows) { row in
          withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * columns) { scratch in
            let (source, change) = (scratch.baseAddress!, scratch.baseAddress! + columns)
            for (place, column) in order.enumerated() { source[place] = missing.sums[row * columns + column] }
            change.update(repeating: 0, count: columns)
            for place in 0..<columns {
              let product = ErrorCompensation.dot(SIMD8<Float>.self, u + place * columns + place, source + place, columns - place)
              ErrorCompensation.add(product, u + place * columns, from: place, columns, to: change)
            }
            for (place, column) in order.enumerated() { target[row * columns + column] += change[place] }
          }
        }
      }
    }
    return corrected
  }

  /// Adds `factor` times the numbers from `start` to those of `row`.
  @inline(__always)
  private static func add(
    _ factor: Float, _ numbers: UnsafePointer<Float>, from start: Int, _ end: Int, to row: UnsafeMutablePointer<Float>
  ) {
    var i = start
    while i + 8 <= end {
      let values = UnsafeRawPointer(row + i).loadUnaligned(as: SIMD8<Float>.self)
      let parts = UnsafeRawPointer(numbers + i).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(row + i).storeBytes(of: values + parts * factor, as: SIMD8<Float>.self)
      i += 8
    }
    while i < end {
      row[i] += numbers[i] * factor
      i += 1
    }
  }
}
