import KernelCore

#if arch(x86_64)
import _Builtin_intrinsics.intel
#endif

/// Four floats in a register that every 64-bit processor has.
struct F32x4: FloatVector {
  typealias Mask = SIMDMask<SIMD4<Int32>>

  let v: SIMD4<Float>
  @inline(__always) init(_ v: SIMD4<Float>) { self.v = v }
  @inline(__always) private init(bits: SIMD4<UInt32>) { v = unsafeBitCast(bits, to: SIMD4<Float>.self) }
  @inline(__always) private var bits: SIMD4<UInt32> { unsafeBitCast(v, to: SIMD4<UInt32>.self) }

  @inline(__always) static var lanes: Int { 4 }
  @inline(__always) static func zero() -> Self { Self(SIMD4<Float>()) }
  @inline(__always) static func splat(_ x: Float) -> Self { Self(SIMD4<Float>(x, x, x, x)) }

  @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self {
    Self(UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Float>.self))
  }
  @inline(__always) static func load(_ p: UnsafePointer<Float>, count: Int) -> Self {
    if count == 4 { return load(p) }
    var r = SIMD4<Float>()
    if count > 0 { r[0] = p[0] }
    if count > 1 { r[1] = p[1] }
    if count > 2 { r[2] = p[2] }
    return Self(r)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD4<Float>.self)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>, count: Int) {
    if count == 4 { return store(p) }
    if count > 0 { p[0] = v[0] }
    if count > 1 { p[1] = v[1] }
    if count > 2 { p[2] = v[2] }
  }

  @inline(__always) static func load(_ p: UnsafePointer<Float16>) -> Self {
    widened(UnsafeRawPointer(p).loadUnaligned(as: SIMD4<UInt16>.self))
  }
  @inline(__always) static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self {
    if count == 4 { return load(p) }
    var r = SIMD4<UInt16>()
    if count > 0 { r[0] = p[0].bitPattern }
    if count > 1 { r[1] = p[1].bitPattern }
    if count > 2 { r[2] = p[2].bitPattern }
    return widened(r)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>) {
    UnsafeMutableRawPointer(p).storeBytes(of: halves, as: SIMD4<UInt16>.self)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>, count: Int) {
    if count == 4 { return store(p) }
    let halves = halves
    if count > 0 { p[0] = Float16(bitPattern: halves[0]) }
    if count > 1 { p[1] = Float16(bitPattern: halves[1]) }
    if count > 2 { p[2] = Float16(bitPattern: halves[2]) }
  }

  /// Lanes whose highest bits are clear, compared as signed integers: the library compares unsigned ones one by one.
  @inline(__always) private static func isLess(_ a: SIMD4<UInt32>, than b: Int32) -> SIMDMask<SIMD4<Int32>> {
    unsafeBitCast(a, to: SIMD4<Int32>.self) .< SIMD4<Int32>(repeating: b)
  }
  // Conversions by integer arithmetic, as the library's ones are calls on a processor without instructions for them.
  @inline(__always) private static func widened(_ halves: SIMD4<UInt16>) -> Self {
    var h = SIMD4<UInt32>()
    for i in 0..<4 { h[i] = UInt32(halves[i]) }
    let sign = (h & 0x8000) &<< 16
    let magnitude = (h & 0x7fff) &<< 13
    // Exact for subnormals too; infinities and NaNs take the largest exponent instead.
    let finite = (Self(bits: magnitude) * splat(0x1p112)).bits
    return Self(bits: sign | (magnitude | 0x7f80_0000).replacing(with: finite, where: isLess(magnitude, than: 0x0f80_0000)))
  }
  /// The lanes rounded to half precision, ties to even.
  @inline(__always) private var halves: SIMD4<UInt16> {
    // An addition whose exponent is 13 above the half's leaves the half's significand, rounded, in the lowest bits.
    let saturated = magnitude() * .splat(0x1p112) * .splat(0x1p-110)
    let exponent = bits & 0x7f80_0000
    let bias = exponent.replacing(with: 0x3880_0000, where: Self.isLess(exponent, than: 0x3880_0000))
    let rounded = (Self(bits: bias &+ 0x0780_0000) + saturated).bits
    let finite = ((rounded &>> 13) & 0x7c00) &+ (rounded & 0x0fff)
    let nan = (bits &>> 13) & 0x03ff | 0x7e00
    let h = (bits &>> 16) & 0x8000 | nan.replacing(with: finite, where: Self.isLess(bits & 0x7fff_ffff, than: 0x7f80_0001))
    var r = SIMD4<UInt16>()
    for i in 0..<4 { r[i] = UInt16(truncatingIfNeeded: h[i]) }
    return r
  }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.v + b.v) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.v - b.v) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(a.v * b.v) }
  @inline(__always) static func / (a: Self, b: Self) -> Self { Self(a.v / b.v) }
  @inline(__always) func fma(_ a: Self, _ b: Self) -> Self { Self(v + a.v * b.v) }
  @inline(__always) func min(_ other: Self) -> Self { Self(other.v.replacing(with: v, where: v .< other.v)) }
  @inline(__always) func max(_ other: Self) -> Self { Self(other.v.replacing(with: v, where: v .> other.v)) }
  @inline(__always) func squareRoot() -> Self {
    #if arch(x86_64)
    Self(_mm_sqrt_ps(v))
    #else
    Self(v.squareRoot())
    #endif
  }
  @inline(__always) func roundedToNearestEven() -> Self {
    // Adding 2²³ to the magnitude leaves no bits for a fraction; from there on there is none. The sign is restored last, so that
    // what rounds to −0 does.
    let whole = Self.splat(0x1p23)
    let magnitude = magnitude()
    return .select(magnitude < whole, ((magnitude + whole) - whole).withSign(of: self), self)
  }
  @inline(__always) func roundedDown() -> Self {
    let r = roundedToNearestEven()
    return .select(self < r, r - .splat(1), r)
  }
  @inline(__always) func withSign(of other: Self) -> Self {
    Self(bits: bits & 0x7fff_ffff | other.bits & 0x8000_0000)
  }
  @inline(__always) func magnitude() -> Self { Self(bits: bits & 0x7fff_ffff) }
  @inline(__always) func lowestBitsAsExponent() -> Self { Self(bits: bits &<< 23) }
  @inline(__always) func negated(whereLowestBitOf other: Self) -> Self { Self(bits: bits ^ other.bits &<< 31) }
  @inline(__always) func splitExponent() -> (exponent: Self, significand: Self) {
    // √½ has the bits 3f3504f3: counted from there, the significand's bits are the lowest 23. An integer placed in the
    // significand of 2²³ reads as 2²³ + integer.
    let fromRoot = bits &+ (0x3f80_0000 - 0x3f35_04f3)
    let exponent = Self(bits: fromRoot &>> 23 | 0x4b00_0000) - .splat(0x1p23 + 127)
    return (exponent, Self(bits: fromRoot & 0x007f_ffff &+ 0x3f35_04f3))
  }

  @inline(__always) static func < (a: Self, b: Self) -> Mask { a.v .< b.v }
  @inline(__always) static func <= (a: Self, b: Self) -> Mask { a.v .<= b.v }
  @inline(__always) static func == (a: Self, b: Self) -> Mask { a.v .== b.v }
  @inline(__always) static func first(_ count: Int) -> Mask {
    SIMD4<Int32>(0, 1, 2, 3) .< Int32(truncatingIfNeeded: count)
  }
  @inline(__always) static func isAnySet(_ mask: Mask) -> Bool {
    let bits = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    return bits[0] | bits[1] != 0
  }
  @inline(__always) static func isEverySet(_ mask: Mask) -> Bool {
    let bits = unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    return bits[0] & bits[1] == ~0
  }
  @inline(__always) static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self { Self(b.v.replacing(with: a.v, where: mask)) }

  @inline(__always) func sum() -> Float { (v[0] + v[2]) + (v[1] + v[3]) }
  @inline(__always) func maximum() -> Float {
    let a = v[0] > v[2] ? v[0] : v[2]
    let b = v[1] > v[3] ? v[1] : v[3]
    return a > b ? a : b
  }
}
