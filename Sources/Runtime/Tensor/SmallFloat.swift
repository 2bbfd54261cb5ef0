import KernelCore

/// Floating-point formats of eight bits or fewer, and bfloat16.
package struct SmallFloat {
  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  /// Whether the largest exponent holds infinities and NaNs, as in IEEE 754; otherwise it holds numbers, and only a pattern of
  /// all ones is NaN where ``hasNaN``.
  let isIEEE: Bool
  let hasNaN: Bool

  /// OCP 8-bit: no infinity, NaN is `S.1111.111`, largest number 448.
  static let f8e4m3 = SmallFloat(exponentBits: 4, mantissaBits: 3, bias: 7, isIEEE: false, hasNaN: true)
  /// OCP 8-bit, IEEE-like, largest number 57344.
  static let f8e5m2 = SmallFloat(exponentBits: 5, mantissaBits: 2, bias: 15, isIEEE: true, hasNaN: true)
  /// OCP 4-bit: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
  static let f4e2m1 = SmallFloat(exponentBits: 2, mantissaBits: 1, bias: 1, isIEEE: false, hasNaN: false)

  private var signBit: UInt8 { 1 << UInt8(exponentBits + mantissaBits) }
  private var magnitudeMask: UInt8 { signBit - 1 }

  func decode(_ bits: UInt8) -> Double {
    let magnitude = bits & magnitudeMask
    let exponent = Int(magnitude >> UInt8(mantissaBits))
    let mantissa = Double(magnitude & (1 << UInt8(mantissaBits) - 1)) / Double(1 << mantissaBits)
    let sign: Double = bits & signBit != 0 ? -1 : 1
    if isIEEE && exponent == 1 << exponentBits - 1 { return mantissa == 0 ? sign * .infinity : .nan }
    if hasNaN && !isIEEE && magnitude == magnitudeMask { return .nan }
    if exponent == 0 { return sign * mantissa * Double(sign: .plus, exponent: 1 - bias, significand: 1) }
    return sign * (1 + mantissa) * Double(sign: .plus, exponent: exponent - bias, significand: 1)
  }

  /// The nearest representable number, ties to even; beyond the largest: infinity, NaN or the largest, as the format has them.
  func encode(_ x: Double) -> UInt8 {
    let sign: UInt8 = x.sign == .minus ? signBit : 0
    if x.isNaN { return hasNaN ? sign | magnitudeMask : 0 }
    let a = x.magnitude
    let largest = largestBits
    if a > decode(largest) {
      // Half a step beyond the largest number still rounds down to it.
      let step = decode(largest) - decode(largest - 1)
      if a < decode(largest) + step / 2 || !hasNaN { return sign | largest }
      return sign | (largest + 1)
    }
    var low: UInt8 = 0
    var high = largest
    while high - low > 1 {
      let middle = (low + high) / 2
      if decode(middle) <= a { low = middle } else { high = middle }
    }
    let below = a - decode(low)
    let above = decode(high) - a
    if below == above { return sign | (low & 1 == 0 ? low : high) }
    return sign | (below < above ? low : high)
  }

  private var largestBits: UInt8 {
    if isIEEE { return magnitudeMask & ~(1 << UInt8(mantissaBits) - 1) - 1 }
    return hasNaN ? magnitudeMask - 1 : magnitudeMask
  }

  /// An 8-bit exponent without sign or mantissa; 255 is NaN.
  static func decodeE8M0(_ bits: UInt8) -> Double {
    bits == 255 ? .nan : Double(sign: .plus, exponent: Int(bits) - 127, significand: 1)
  }

  static func encodeE8M0(_ x: Double) -> UInt8 {
    guard x.isFinite, x > 0 else { return x == 0 ? 0 : x > 0 ? 254 : 255 }
    var exponent = Int(x.exponent)
    if x.significand > 1.5 || (x.significand == 1.5 && exponent & 1 == 0) { exponent += 1 }
    return UInt8(max(0, min(254, exponent + 127)))
  }

  /// The upper half of the nearest 32-bit float, ties to even.
  static func bfloat16Bits(_ x: Double) -> UInt16 {
    let single = Float(x)
    if single.isNaN { return 0x7fc0 }
    let bits = single.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }

  /// The sixteen numbers of `nf4`.
  package static let nf4Table = nf4Values.map { Double($0) }

  static func encodeNF4(_ x: Double) -> UInt8 {
    UInt8(nf4Table.indices.min { abs(nf4Table[$0] - x) < abs(nf4Table[$1] - x) }!)
  }
}
