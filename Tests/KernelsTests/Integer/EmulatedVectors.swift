import KernelCore

// Registers of sixteen lanes made of scalars, so that the sources of the wide kernels run on a machine without them, with dot products
// of either kind: exact ones, as VNNI has them, and ones of 16 bits that saturate where they do not fit.

/// Sixteen floats.
struct EmulatedF32x16: FloatVector {
  typealias Mask = SIMDMask<SIMD16<Int32>>
  // Not aligned as a register is, so that no helper for copies is the one of a target for wide registers.
  private var lane: InlineArray<16, Float>
  init(_ v: SIMD16<Float>) { lane = InlineArray { v[$0] } }
  var v: SIMD16<Float> {
    var r = SIMD16<Float>()
    for i in 0..<16 { r[i] = lane[i] }
    return r
  }

  private func map(_ f: (Float) -> Float) -> Self {
    var r = v
    for i in 0..<16 { r[i] = f(v[i]) }
    return Self(r)
  }
  private static func gather(_ count: Int, _ f: (Int) -> Float) -> Self {
    var r = SIMD16<Float>()
    for i in 0..<count { r[i] = f(i) }
    return Self(r)
  }

  static var lanes: Int { 16 }
  static func zero() -> Self { Self(SIMD16()) }
  static func splat(_ x: Float) -> Self { Self(SIMD16(repeating: x)) }
  static func load(_ p: UnsafePointer<Float>) -> Self { gather(16) { p[$0] } }
  static func load(_ p: UnsafePointer<Float>, count: Int) -> Self { gather(count) { p[$0] } }
  static func load(_ p: UnsafePointer<Float16>) -> Self { gather(16) { Float(p[$0]) } }
  static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self { gather(count) { Float(p[$0]) } }
  func store(_ p: UnsafeMutablePointer<Float>) { store(p, count: 16) }
  func store(_ p: UnsafeMutablePointer<Float>, count: Int) { for i in 0..<count { p[i] = v[i] } }
  func store(_ p: UnsafeMutablePointer<Float16>) { store(p, count: 16) }
  func store(_ p: UnsafeMutablePointer<Float16>, count: Int) { for i in 0..<count { p[i] = Float16(v[i]) } }
  static func + (a: Self, b: Self) -> Self { Self(a.v + b.v) }
  static func - (a: Self, b: Self) -> Self { Self(a.v - b.v) }
  static func * (a: Self, b: Self) -> Self { Self(a.v * b.v) }
  static func / (a: Self, b: Self) -> Self { Self(a.v / b.v) }
  func fma(_ a: Self, _ b: Self) -> Self { Self(v.addingProduct(a.v, b.v)) }
  func min(_ other: Self) -> Self { Self(other.v.replacing(with: v, where: v .< other.v)) }
  func max(_ other: Self) -> Self { Self(other.v.replacing(with: v, where: v .> other.v)) }
  func squareRoot() -> Self { Self(v.squareRoot()) }
  func roundedToNearestEven() -> Self { Self(v.rounded(.toNearestOrEven)) }
  func roundedDown() -> Self { Self(v.rounded(.down)) }
  func withSign(of other: Self) -> Self { Self.gather(16) { Float(signOf: other.v[$0], magnitudeOf: v[$0]) } }
  func magnitude() -> Self { map(abs) }
  func lowestBitsAsExponent() -> Self { map { Float(bitPattern: $0.bitPattern << 23) } }
  func negated(whereLowestBitOf other: Self) -> Self { Self.gather(16) { other.v[$0].bitPattern & 1 == 0 ? v[$0] : -v[$0] } }
  func splitExponent() -> (exponent: Self, significand: Self) {
    let exponents = map { Float($0.significand < Float(2).squareRoot() ? $0.exponent : $0.exponent + 1) }
    return (exponents, Self.gather(16) { v[$0] / Float(sign: .plus, exponent: Int(exponents.v[$0]), significand: 1) })
  }
  static func < (a: Self, b: Self) -> Mask { a.v .< b.v }
  static func <= (a: Self, b: Self) -> Mask { a.v .<= b.v }
  static func == (a: Self, b: Self) -> Mask { a.v .== b.v }
  static func first(_ count: Int) -> Mask { SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) .< Int32(count) }
  static func isAnySet(_ mask: Mask) -> Bool { (0..<16).contains { mask[$0] } }
  static func isEverySet(_ mask: Mask) -> Bool { (0..<16).allSatisfy { mask[$0] } }
  static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self { Self(b.v.replacing(with: a.v, where: mask)) }
  func sum() -> Float { v.sum() }
  func maximum() -> Float { v.max() }
}

/// Whether an ``EmulatedI32x16``'s dot products are exact.
protocol EmulatedDots: Sendable { static var areExact: Bool { get } }
enum ExactDots: EmulatedDots { static var areExact: Bool { true } }
enum SaturatingDots: EmulatedDots { static var areExact: Bool { false } }

/// Sixteen 32-bit integers.
struct EmulatedI32x16<Dots: EmulatedDots>: IntegerVector {
  typealias Floats = EmulatedF32x16
  // Not aligned as a register is, so that no helper for copies is the one of a target for wide registers.
  private var lane: InlineArray<16, Int32>
  init(_ v: SIMD16<Int32>) { lane = InlineArray { v[$0] } }
  var v: SIMD16<Int32> {
    var r = SIMD16<Int32>()
    for i in 0..<16 { r[i] = lane[i] }
    return r
  }

  private static func gather(_ f: (Int) -> Int32) -> Self {
    var r = SIMD16<Int32>()
    for i in 0..<16 { r[i] = f(i) }
    return Self(r)
  }
  /// Byte k of lane i.
  private func byte(_ i: Int, _ k: Int) -> UInt8 { UInt8(truncatingIfNeeded: v[i] >> Int32(8 * k)) }
  private static func saturated(_ x: Int32) -> Int32 { Swift.max(-32768, Swift.min(32767, x)) }
  /// The sum of two neighbours among the products of lane i, as 16 bits hold it.
  private static func pair(_ a: Self, _ b: Self, _ i: Int, _ k: Int) -> Int32 {
    saturated(
      Int32(a.byte(i, k)) * Int32(Int8(bitPattern: b.byte(i, k))) + Int32(a.byte(i, k + 1)) * Int32(Int8(bitPattern: b.byte(i, k + 1))))
  }

  static var lanes: Int { 16 }
  static func zero() -> Self { Self(SIMD16()) }
  static func load(_ p: UnsafeRawPointer) -> Self { gather { p.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) } }
  func store(_ p: UnsafeMutableRawPointer) { for i in 0..<16 { p.storeBytes(of: v[i], toByteOffset: 4 * i, as: Int32.self) } }
  static func splat(_ p: UnsafeRawPointer) -> Self { splat(p.loadUnaligned(as: Int32.self)) }
  static func splat(_ x: Int32) -> Self { Self(SIMD16(repeating: x)) }
  static func + (a: Self, b: Self) -> Self { Self(a.v &+ b.v) }
  static func - (a: Self, b: Self) -> Self { Self(a.v &- b.v) }
  static func * (a: Self, b: Self) -> Self { Self(a.v &* b.v) }
  func shiftedRight(_ count: Int32) -> Self { Self(v &>> SIMD16(repeating: count)) }

  static var dotsAreExact: Bool { Dots.areExact }
  func addingDot(_ a: Self, _ b: Self) -> Self {
    Dots.areExact ? addingExactDot(a, b) : Self.gather { v[$0] &+ Self.pair(a, b, $0, 0) &+ Self.pair(a, b, $0, 2) }
  }
  func addingDots(_ a: Self, _ b: Self, _ c: Self, _ d: Self) -> Self {
    if Dots.areExact { return addingExactDot(a, b).addingExactDot(c, d) }
    return Self.gather { i in
      v[i] &+ Self.saturated(Self.pair(a, b, i, 0) + Self.pair(c, d, i, 0)) &+ Self.saturated(Self.pair(a, b, i, 2) + Self.pair(c, d, i, 2))
    }
  }
  func addingExactDot(_ a: Self, _ b: Self) -> Self {
    Self.gather { i in (0..<4).reduce(v[i]) { $0 &+ Int32(a.byte(i, $1)) * Int32(Int8(bitPattern: b.byte(i, $1))) } }
  }

  static func storePairs(_ p: UnsafeRawPointer, _ q: UnsafeRawPointer, flip: UInt8, to target: UnsafeMutableRawPointer) {
    for i in 0..<16 {
      target.storeBytes(of: p.load(fromByteOffset: i, as: UInt8.self) ^ flip, toByteOffset: 2 * i, as: UInt8.self)
      target.storeBytes(of: q.load(fromByteOffset: i, as: UInt8.self) ^ flip, toByteOffset: 2 * i + 1, as: UInt8.self)
    }
  }
  static func load(pairs p: UnsafeRawPointer) -> Self {
    gather { i in
      Int32(p.load(fromByteOffset: 2 * i, as: UInt8.self)) | Int32(p.load(fromByteOffset: 2 * i + 1, as: UInt8.self)) << 16
    }
  }
  func addingProducts(_ a: Self, _ b: Self) -> Self {
    func word(_ x: Int32, _ k: Int32) -> Int32 { Int32(Int16(truncatingIfNeeded: x >> (16 * k))) }
    return Self.gather { v[$0] &+ word(a.v[$0], 0) * word(b.v[$0], 0) &+ word(a.v[$0], 1) * word(b.v[$0], 1) }
  }
  private func words(_ other: Self, _ f: (SIMD32<Int16>, SIMD32<Int16>) -> SIMD32<Int16>) -> Self {
    Self(unsafeBitCast(f(unsafeBitCast(v, to: SIMD32<Int16>.self), unsafeBitCast(other.v, to: SIMD32<Int16>.self)), to: SIMD16<Int32>.self))
  }
  func addingPairs(_ other: Self) -> Self { words(other, &+) }
  func subtractingPairs(_ other: Self) -> Self { words(other, &-) }
  static func load(bytes p: UnsafeRawPointer, isSigned: Bool, count: Int) -> Self {
    gather { i in
      guard i < count else { return 77 }
      return isSigned ? Int32(p.load(fromByteOffset: i, as: Int8.self)) : Int32(p.load(fromByteOffset: i, as: UInt8.self))
    }
  }

  func floats() -> EmulatedF32x16 { EmulatedF32x16(SIMD16<Float>(v)) }
  static func store(_ x: EmulatedF32x16, bytes p: UnsafeMutableRawPointer, count: Int) {
    for i in 0..<count {
      p.storeBytes(of: UInt8(truncatingIfNeeded: Int32(x.v[i].rounded(.toNearestOrEven))), toByteOffset: i, as: UInt8.self)
    }
  }

  static func load(words p: UnsafeRawPointer) -> Self { gather { Int32(p.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) } }
  func bits(_ mask: Int32, besides base: Float) -> EmulatedF32x16 {
    EmulatedF32x16(unsafeBitCast(v & mask | Int32(bitPattern: base.bitPattern), to: SIMD16<Float>.self))
  }
  func lowerHalf() -> Self { Self(v & 15) }
  func values(of table: UnsafePointer<Float>) -> EmulatedF32x16 {
    var r = SIMD16<Float>()
    for i in 0..<16 { r[i] = table[Int(v[i])] }
    return EmulatedF32x16(r)
  }
  func flipped(_ mask: Self) -> Self { Self(v ^ mask.v) }
  func maximumOfBytes(_ other: Self) -> Self {
    Self.gather { i in
      (0..<4).reduce(0) { $0 | Int32(bitPattern: UInt32(Swift.max(byte(i, $1), other.byte(i, $1))) << UInt32(8 * $1)) }
    }
  }
}

/// The tiles that AVX-512 has, of emulated registers.
enum EmulatedTiles<Dots: EmulatedDots>: IntegerTiles {
  typealias Vector = EmulatedI32x16<Dots>

  static func rows(width: Int) -> Int { width == 4 ? 6 : 8 }

  static func compute(rows: Int, width: Int, _ tiles: UnsafePointer<IntegerTileColumn>) {
    func tile<let Rows: Int>(_ rows: InlineArray<Rows, Void>.Type) {
      switch width {
      case 4: computeIntegerTiles(Vector.self, rows, InlineArray<4, Void>.self, tiles)
      case 3: computeIntegerTiles(Vector.self, rows, InlineArray<3, Void>.self, tiles)
      case 2: computeIntegerTiles(Vector.self, rows, InlineArray<2, Void>.self, tiles)
      default: computeIntegerTiles(Vector.self, rows, InlineArray<1, Void>.self, tiles)
      }
    }
    switch rows {
    case 8: tile(InlineArray<8, Void>.self)
    case 7: tile(InlineArray<7, Void>.self)
    case 6: tile(InlineArray<6, Void>.self)
    case 5: tile(InlineArray<5, Void>.self)
    case 4: tile(InlineArray<4, Void>.self)
    case 3: tile(InlineArray<3, Void>.self)
    case 2: tile(InlineArray<2, Void>.self)
    default: tile(InlineArray<1, Void>.self)
    }
  }
}
