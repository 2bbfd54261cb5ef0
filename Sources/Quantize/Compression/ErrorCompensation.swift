import Dispatch
import OVRuntime

/// How the errors of rounding a row of weights make each other up, for a matrix product whose data are known: after each weight is
/// rounded, those that are not yet take its error on them as far as the data's channels go together (Frantar et al., GPTQ).
struct ErrorCompensation {
  /// Upper triangular, row-major: U with (XᵀX + damping)⁻¹ = Uᵀ·U.
  private let factor: [Float]
  let columns: Int

  /// The part of the mean square of a channel that is added to the diagonal: the weight of what the data do not show.
  static let damping = 0.1

  /// `nil` when the moments are all zero or not finite.
  init?(_ moments: SecondMoments) {
    let (n, sums) = (moments.channels, moments.sums)
    columns = n
    let mean = (0..<n).reduce(0) { $0 + Double(sums[$1 * n + $1]) } / Double(max(n, 1))
    guard mean > 0, mean.isFinite else { return nil }
    // With rows and columns reversed, the lower Cholesky factor R is the upper one P of H = P·Pᵀ, and U is its inverse.
    var r = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i { r[i * n + j] = Double(sums[(n - 1 - i) * n + (n - 1 - j)]) }
      r[i * n + i] += ErrorCompensation.damping * mean
    }
    let isDefinite = r.withUnsafeMutableBufferPointer { buffer -> Bool in
      let r = buffer.baseAddress!
      for i in 0..<n {
        for j in 0..<i { r[i * n + j] = (r[i * n + j] - ErrorCompensation.dot(r + i * n, r + j * n, j)) / r[j * n + j] }
        let square = r[i * n + i] - ErrorCompensation.dot(r + i * n, r + i * n, i)
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
            row[i] = -ErrorCompensation.dot(r + i * n + j, row + j, i - j) / r[i * n + i]
          }
        }
      }
    }
    // Reversed back: U[a][b] = (R⁻¹)[n−1−a][n−1−b].
    var factor = [Float](repeating: 0, count: n * n)
    for a in 0..<n { for b in a..<n { factor[a * n + b] = Float(inverse[(n - 1 - b) * n + (n - 1 - a)]) } }
    self.factor = factor
  }

  private static func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD8<Double>.zero
    var i = 0
    while i + 8 <= count {
      sums += UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Double>.self) * UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Double>.self)
      i += 8
    }
    var sum = sums.sum()
    while i < count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }

  /// Lets the weights behind `column` of a row take the error of that one on them. Returns what is left of it: the squares of these
  /// numbers sum up to the squared error of the row's products with all samples.
  @inline(__always)
  func spread(_ error: Float, from column: Int, over row: UnsafeMutablePointer<Float>) -> Float {
    factor.withUnsafeBufferPointer { factor in
      let source = factor.baseAddress! + column * columns
      let share = error / source[column]
      var i = column + 1
      while i + 8 <= columns {
        let values = UnsafeRawPointer(row + i).loadUnaligned(as: SIMD8<Float>.self)
        let parts = UnsafeRawPointer(source + i).loadUnaligned(as: SIMD8<Float>.self)
        UnsafeMutableRawPointer(row + i).storeBytes(of: values - parts * share, as: SIMD8<Float>.self)
        i += 8
      }
      while i < columns {
        row[i] -= source[i] * share
        i += 1
      }
      return share
    }
  }
}

/// XᵀX of the data of a matrix product, X having a row a position and a column a channel.
struct SecondMoments {
  /// Row-major; only the places on the diagonal and to its right are summed.
  private(set) var sums: [Float]
  let channels: Int

  init(channels: Int) {
    self.channels = channels
    sums = [Float](repeating: 0, count: channels * channels)
  }

  /// Adds a tensor whose last axis counts channels.
  mutating func add(_ tensor: Tensor) {
    guard tensor.shape.last == channels, tensor.elementType == .f32 else { return }
    let n = channels
    sums.withUnsafeMutableBufferPointer { sums in
      tensor.withUnsafeBytes { bytes in
        let values = bytes.bindMemory(to: Float.self)
        guard let base = values.baseAddress else { return }
        nonisolated(unsafe) let (target, source) = (sums.baseAddress!, base)
        let rows = values.count / max(n, 1)
        // Each iteration sums a line of its own.
        DispatchQueue.concurrentPerform(iterations: n) { channel in
          for row in 0..<rows { SecondMoments.addLine(source + row * n, channel, n, to: target + channel * n) }
        }
      }
    }
  }

  private static func addLine(_ x: UnsafePointer<Float>, _ channel: Int, _ count: Int, to line: UnsafeMutablePointer<Float>) {
    let factor = x[channel]
    if factor == 0 { return }
    var i = channel
    while i + 8 <= count {
      let sum = UnsafeRawPointer(line + i).loadUnaligned(as: SIMD8<Float>.self)
      let values = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
      UnsafeMutableRawPointer(line + i).storeBytes(of: sum + values * factor, as: SIMD8<Float>.self)
      i += 8
    }
    while i < count {
      line[i] += factor * x[i]
      i += 1
    }
  }
}
