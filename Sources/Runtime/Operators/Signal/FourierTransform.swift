#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A complex number.
struct Complex: Hashable, Sendable {
  var real: Double
  var imaginary: Double

  static let zero = Complex(real: 0, imaginary: 0)

  init(real: Double, imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  /// The point of the unit circle after `turns` turns.
  init(turns: Double) { self.init(real: cos(2 * .pi * turns), imaginary: sin(2 * .pi * turns)) }

  var conjugate: Complex { Complex(real: real, imaginary: -imaginary) }

  static func + (a: Complex, b: Complex) -> Complex { Complex(real: a.real + b.real, imaginary: a.imaginary + b.imaginary) }
  static func - (a: Complex, b: Complex) -> Complex { Complex(real: a.real - b.real, imaginary: a.imaginary - b.imaginary) }
  static func * (a: Complex, b: Complex) -> Complex {
    Complex(real: a.real * b.real - a.imaginary * b.imaginary, imaginary: a.real * b.imaginary + a.imaginary * b.real)
  }
  static func * (a: Complex, b: Double) -> Complex { Complex(real: a.real * b, imaginary: a.imaginary * b) }
}

/// The discrete Fourier transform of one length, in O(n log n) steps for every length: powers of two by halving, others as a
/// convolution with a chirp whose length is a power of two (Bluestein).
struct FourierTransform {
  let count: Int
  /// The factors of the butterflies, for a power of two.
  private let twiddles: [Complex]
  private let bluestein: Bluestein?

  private final class Bluestein {
    let chirp: [Complex]
    let filter: [Complex]
    let forward: FourierTransform
    let backward: FourierTransform

    init(count: Int, sign: Double) {
      // The square is taken modulo the chirp's period, so that large angles lose nothing.
      chirp = (0..<count).map { Complex(turns: sign * Double($0 * $0 % (2 * count)) / Double(2 * count)) }
      var padded = 1
      while padded < 2 * count - 1 { padded *= 2 }
      forward = FourierTransform(count: padded)
      backward = FourierTransform(count: padded, isInverse: true)
      var taps = [Complex](repeating: .zero, count: padded)
      for i in 0..<count {
        taps[i] = chirp[i].conjugate
        taps[(padded - i) % padded] = chirp[i].conjugate
      }
      filter = forward(taps).map { $0 * (1 / Double(padded)) }
    }
  }

  /// - Parameters:
  ///   - count: the length, at least 1.
  ///   - isInverse: whether the exponent is positive. The inverse is not divided by the length.
  init(count: Int, isInverse: Bool = false) {
    precondition(count >= 1, "a transform has a length")
    self.count = count
    let sign: Double = isInverse ? 1 : -1
    let isPowerOfTwo = count & (count - 1) == 0
    twiddles = isPowerOfTwo ? (0..<(count / 2)).map { Complex(turns: sign * Double($0) / Double(count)) } : []
    bluestein = isPowerOfTwo ? nil : Bluestein(count: count, sign: sign)
  }

  /// Transforms as many numbers as the length.
  func callAsFunction(_ values: [Complex]) -> [Complex] {
    precondition(values.count == count, "a transform has one length")
    guard let bluestein else { return transformed(values) }
    var padded = [Complex](repeating: .zero, count: bluestein.filter.count)
    for i in 0..<count { padded[i] = values[i] * bluestein.chirp[i] }
    let spectrum = bluestein.forward(padded)
    let convolved = bluestein.backward(spectrum.indices.map { spectrum[$0] * bluestein.filter[$0] })
    return (0..<count).map { convolved[$0] * bluestein.chirp[$0] }
  }

  /// Radix 2, in place after the elements have been put in the order of their reversed indices.
  private func transformed(_ values: [Complex]) -> [Complex] {
    var result = values
    var reversed = 0
    for i in 1..<max(1, count) {
      var bit = count / 2
      while reversed & bit != 0 {
        reversed ^= bit
        bit /= 2
      }
      reversed |= bit
      if i < reversed { result.swapAt(i, reversed) }
    }
    var half = 1
    while half < count {
      let step = count / (2 * half)
      for start in stride(from: 0, to: count, by: 2 * half) {
        for i in 0..<half {
          let even = result[start + i]
          let odd = result[start + half + i] * twiddles[i * step]
          result[start + i] = even + odd
          result[start + half + i] = even - odd
        }
      }
      half *= 2
    }
    return result
  }
}

/// A dense array of complex numbers.
struct ComplexArray {
  private(set) var shape: Shape
  private(set) var elements: [Complex]

  /// Real numbers.
  init(_ reals: Tensor) {
    shape = reals.shape
    elements = reals.doubles().map { Complex(real: $0) }
  }

  /// Complex numbers whose parts stand side by side on the last axis.
  init(pairs: Tensor) {
    shape = pairs.shape.dropLast()
    let parts = pairs.doubles()
    elements = stride(from: 0, to: parts.count, by: 2).map { Complex(real: parts[$0], imaginary: parts[$0 + 1]) }
  }

  /// Replaces each line along an axis by what `body` makes of it: at least `count` numbers, of which so many are kept.
  mutating func replaceLines(axis: Int, count: Int, _ body: ([Complex]) -> [Complex]) {
    let (rows, extent, inner) = (shape[..<axis].elementCount, shape[axis], shape[(axis + 1)...].elementCount)
    var result = [Complex](repeating: .zero, count: rows * count * inner)
    for row in 0..<rows {
      for column in 0..<inner {
        let line = body((0..<extent).map { elements[(row * extent + $0) * inner + column] })
        for i in 0..<count { result[(row * count + i) * inner + column] = line[i] }
      }
    }
    shape[axis] = count
    elements = result
  }

  /// Transforms along an axis, whose lines are cut or filled up with zeros to `count`. The inverse is divided by the length.
  mutating func transform(axis: Int, count: Int, isInverse: Bool) {
    let transform = FourierTransform(count: count, isInverse: isInverse)
    let scale = isInverse ? 1 / Double(count) : 1
    replaceLines(axis: axis, count: count) { line in
      let cut = Array(line.prefix(count))
      return transform(cut + [Complex](repeating: .zero, count: count - cut.count)).map { $0 * scale }
    }
  }

  /// Transforms the non-negative half of a Hermitian spectrum along an axis back to `count` real numbers.
  mutating func transformHalfSpectrum(axis: Int, count: Int) {
    let transform = FourierTransform(count: count, isInverse: true)
    replaceLines(axis: axis, count: count) { line in
      var spectrum = Array(line.prefix(count / 2 + 1))
      spectrum += [Complex](repeating: .zero, count: count / 2 + 1 - spectrum.count)
      for i in spectrum.count..<max(spectrum.count, count) { spectrum.append(spectrum[count - i].conjugate) }
      return transform(Array(spectrum.prefix(count))).map { Complex(real: $0.real / Double(count)) }
    }
  }

  /// The real parts.
  func reals(_ type: ElementType) -> Tensor { Tensor(type, shape: shape, doubles: elements.map(\.real)) }

  /// The numbers as pairs of their parts.
  func pairs(_ type: ElementType) -> Tensor {
    Tensor(type, shape: shape + [2], doubles: elements.flatMap { [$0.real, $0.imaginary] })
  }
}
