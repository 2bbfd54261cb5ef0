import Dispatch
import OVRuntime

/// A matrix of weights rounded to small integers; `groupSize` neighbours in a row share a scale, and a zero point if they are not
/// symmetric.
struct GroupedIntegers {
  let bits: Int
  let isSymmetric: Bool
  let rows: Int
  let columns: Int
  let groupSize: Int
  /// One a weight: two's complement when symmetric, otherwise from 0.
  private(set) var integers: [Int8]
  /// One a group; half-precision numbers.
  private(set) var scales: [Float]
  private(set) var zeroPoints: [UInt8]
  /// Σw² and Σ(w − ŵ)².
  private(set) var signal = 0.0
  private(set) var noise = 0.0
  /// Σ over the samples of the squared error of the product's output, when errors were compensated.
  private(set) var outputNoise: Double?

  /// Rounds a row-major matrix. Each group takes, of a number of clipped ranges, the one with the least squared error, its scale
  /// refitted to the integers by least squares. With a `compensation`, weights that are not yet rounded make up for the errors of those
  /// that are.
  ///
  /// - Precondition: the group size divides the number of columns.
  init(
    _ weights: [Float], rows: Int, columns: Int, groupSize: Int, bits: Int, isSymmetric: Bool, compensation: ErrorCompensation? = nil
  ) {
    precondition(columns % groupSize == 0 && weights.count == rows * columns, "groups that fill the rows")
    (self.bits, self.isSymmetric, self.rows, self.columns, self.groupSize) = (bits, isSymmetric, rows, columns, groupSize)
    let groups = columns / groupSize
    integers = [Int8](repeating: 0, count: weights.count)
    scales = [Float](repeating: 0, count: rows * groups)
    zeroPoints = [UInt8](repeating: 0, count: rows * groups)
    var errors = [Double](repeating: 0, count: rows)
    var outputErrors = [Double](repeating: 0, count: rows)
    let fitter = GroupFitter(bits: bits, isSymmetric: isSymmetric, groupSize: groupSize)
    weights.withUnsafeBufferPointer { weights in
      integers.withUnsafeMutableBufferPointer { integers in
        scales.withUnsafeMutableBufferPointer { scales in
          zeroPoints.withUnsafeMutableBufferPointer { zeroPoints in
            errors.withUnsafeMutableBufferPointer { errors in
              outputErrors.withUnsafeMutableBufferPointer { outputErrors in
                // Each iteration writes rows of its own.
                nonisolated(unsafe) let (w, q, s, z, e, o) = (weights, integers, scales, zeroPoints, errors, outputErrors)
                let chunk = max(1, rows / 256)
                DispatchQueue.concurrentPerform(iterations: (rows + chunk - 1) / chunk) { part in
                  for row in (part * chunk)..<min(rows, (part + 1) * chunk) {
                    let place = (w.baseAddress! + row * columns, q.baseAddress! + row * columns)
                    let parameters = (s.baseAddress! + row * groups, z.baseAddress! + row * groups)
                    if let compensation {
                      (e[row], o[row]) = fitter.fitRow(place.0, place.1, parameters.0, parameters.1, compensation)
                    } else {
                      e[row] = 0
                      for group in 0..<groups {
                        let start = group * groupSize
                        let (scale, zero, error) = fitter.fit(place.0 + start, place.1 + start)
                        (parameters.0[group], parameters.1[group]) = (scale, zero)
                        e[row] += error
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    if compensation != nil { outputNoise = outputErrors.reduce(0, +) }
    signal = weights.reduce(0) { $0 + Double($1) * Double($1) }
    noise = errors.reduce(0, +)
  }

  /// The element type of the integers in an IR.
  var elementType: ElementType { bits == 4 ? (isSymmetric ? .i4 : .u4) : (isSymmetric ? .i8 : .u8) }

  var signalToNoise: Double { decibels(signal: signal, noise: noise) }

  /// Bytes of integers, scales and zero points.
  var byteCount: Int {
    (integers.count * bits + 7) / 8 + 2 * scales.count + (isSymmetric ? 0 : (zeroPoints.count * bits + 7) / 8)
  }

  /// The integers as a constant's bytes.
  func tensor(shape: Shape) -> Tensor { Tensor(elementType, shape: shape, packing: integers.map { UInt8(bitPattern: $0) }) }

  /// The zero points as a constant's bytes.
  func zeroPointTensor(shape: Shape) -> Tensor { Tensor(elementType, shape: shape, packing: zeroPoints) }

  func scaleTensor(shape: Shape) -> Tensor { Tensor(scales.map { Float16($0) }, shape: shape) }
}

extension Tensor {
  /// A tensor of 8- or 4-bit integers given one to a byte.
  fileprivate init(_ elementType: ElementType, shape: Shape, packing bytes: [UInt8]) {
    switch elementType {
    case .i8: self.init(bytes.map { Int8(bitPattern: $0) }, shape: shape)
    case .u8: self.init(bytes, shape: shape)
    default: self.init(elementType, shape: shape, int64s: bytes.map { Int64($0) })
    }
  }
}

/// Finds scale and zero point of one group.
private struct GroupFitter {
  let bits: Int
  let isSymmetric: Bool
  let groupSize: Int

  /// Writes a group's integers and returns scale, zero point and squared error.
  func fit(_ weights: UnsafePointer<Float>, _ integers: UnsafeMutablePointer<Int8>) -> (Float, UInt8, Double) {
    var (low, high): (Float, Float) = (0, 0)
    for i in 0..<groupSize {
      low = min(low, weights[i])
      high = max(high, weights[i])
    }
    let levels = Float(1 << bits - 1)
    let bottom: Float = isSymmetric ? -Float(1 << (bits - 1)) : 0
    var best: (error: Float, scale: Float, zero: Float) = (.infinity, 0, 0)
    // With 8 bits clipping gains nothing.
    let candidates: ClosedRange<Int> = bits == 8 ? 0...0 : 0...13
    for step in candidates {
      let fraction = 1 - 0.035 * Float(step)
      for sign in isSymmetric && bits == 4 ? [Float(1), -1] : [1] {
        var scale: Float
        var zero: Float = 0
        if isSymmetric {
          // The integers reach one further on the negative side: a scale of either sign lets the larger weight lie there.
          let magnitude = max(-low, high) * fraction
          scale = bits == 4 ? -sign * magnitude / bottom : magnitude / 127
        } else {
          scale = (high - low) * fraction / levels
          zero = scale > 0 ? max(0, min(levels, (-low * fraction / scale).rounded())) : 0
        }
        if scale == 0 || !scale.isFinite { continue }
        scale = Float(Float16(scale))
        if scale == 0 { continue }
        var error = self.error(weights, scale, zero, bottom, bottom + levels)
        // The best scale for the integers that this one gives.
        let refitted = Float(Float16(self.refit(weights, scale, zero, bottom, bottom + levels)))
        if refitted != 0 && refitted.isFinite && bits == 4 {
          let refittedError = self.error(weights, refitted, zero, bottom, bottom + levels)
          if refittedError < error { (scale, error) = (refitted, refittedError) }
        }
        if error < best.error { best = (error, scale, zero) }
      }
    }
    if best.scale == 0 {
      // All weights are zero, or too small for a half-precision scale.
      var error = 0.0
      for i in 0..<groupSize {
        integers[i] = 0
        error += Double(weights[i]) * Double(weights[i])
      }
      return (1, 0, error)
    }
    var error = 0.0
    for i in 0..<groupSize {
      let q = max(bottom, min(bottom + levels, (weights[i] / best.scale + best.zero).rounded(.toNearestOrEven)))
      integers[i] = Int8(truncatingIfNeeded: Int(q))
      let difference = Double(weights[i]) - Double((q - best.zero) * best.scale)
      error += difference * difference
    }
    return (best.scale, UInt8(best.zero), error)
  }

  /// Rounds the groups of a row in turn, each weight's error being made up for by those behind it; writes integers, scales and zero
  /// points and returns the squared errors of the weights and of the output.
  func fitRow(
    _ weights: UnsafePointer<Float>, _ integers: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ zeroPoints: UnsafeMutablePointer<UInt8>, _ compensation: ErrorCompensation
  ) -> (weights: Double, output: Double) {
    let columns = compensation.columns
    let row = UnsafeMutablePointer<Float>.allocate(capacity: columns)
    defer { row.deallocate() }
    row.update(from: weights, count: columns)
    let bottom: Float = isSymmetric ? -Float(1 << (bits - 1)) : 0
    let top = bottom + Float(1 << bits - 1)
    var (error, outputError) = (0.0, 0.0)
    for start in stride(from: 0, to: columns, by: groupSize) {
      let (scale, zeroPoint, _) = fit(row + start, integers + start)
      (scales[start / groupSize], zeroPoints[start / groupSize]) = (scale, zeroPoint)
      let zero = Float(zeroPoint)
      for column in start..<(start + groupSize) {
        let q = max(bottom, min(top, (row[column] / scale + zero).rounded(.toNearestOrEven)))
        integers[column] = Int8(truncatingIfNeeded: Int(q))
        let value = (q - zero) * scale
        error += (Double(weights[column]) - Double(value)) * (Double(weights[column]) - Double(value))
        let share = Double(compensation.spread(row[column] - value, from: column, over: row))
        outputError += share * share
      }
    }
    return (error, outputError)
  }

  /// Eight weights' integers less the zero point.
  @inline(__always)
  private func rounded(
    _ w: SIMD8<Float>, _ inverse: Float, _ zero: Float, _ bottom: Float, _ top: Float
  ) -> SIMD8<Float> {
    // Adding and subtracting 1.5 · 2²³ rounds to the nearest integer.
    let magic = SIMD8<Float>(repeating: 12_582_912)
    var q = w * inverse + zero
    q = (q + magic) - magic
    q.replace(with: bottom, where: q .< bottom)
    q.replace(with: top, where: q .> top)
    return q - zero
  }

  private func error(_ weights: UnsafePointer<Float>, _ scale: Float, _ zero: Float, _ bottom: Float, _ top: Float) -> Float {
    let inverse = 1 / scale
    var sums = SIMD8<Float>.zero
    var i = 0
    while i + 8 <= groupSize {
      let w = UnsafeRawPointer(weights + i).loadUnaligned(as: SIMD8<Float>.self)
      let difference = w - rounded(w, inverse, zero, bottom, top) * scale
      sums += difference * difference
      i += 8
    }
    var sum = sums.sum()
    while i < groupSize {
      let q = max(bottom, min(top, (weights[i] * inverse + zero).rounded(.toNearestOrEven))) - zero
      let difference = weights[i] - q * scale
      sum += difference * difference
      i += 1
    }
    return sum
  }

  /// Σ w·q / Σ q².
  private func refit(_ weights: UnsafePointer<Float>, _ scale: Float, _ zero: Float, _ bottom: Float, _ top: Float) -> Float {
    let inverse = 1 / scale
    var products = SIMD8<Float>.zero
    var squares = SIMD8<Float>.zero
    var i = 0
    while i + 8 <= groupSize {
      let w = UnsafeRawPointer(weights + i).loadUnaligned(as: SIMD8<Float>.self)
      let q = rounded(w, inverse, zero, bottom, top)
      products += w * q
      squares += q * q
      i += 8
    }
    var (product, square) = (products.sum(), squares.sum())
    while i < groupSize {
      let q = max(bottom, min(top, (weights[i] * inverse + zero).rounded(.toNearestOrEven))) - zero
      product += weights[i] * q
      square += q * q
      i += 1
    }
    return square > 0 ? product / square : 0
  }
}
