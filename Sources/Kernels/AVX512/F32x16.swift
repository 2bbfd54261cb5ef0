#if arch(x86_64)
import KernelCore
import _Builtin_intrinsics.intel

/// Sixteen floats in a zmm register.
struct F32x16: PermutableVector {
  typealias Mask = SIMDMask<SIMD16<Int32>>

  let v: SIMD16<Float>
  @inline(__always) init(_ v: SIMD16<Float>) { self.v = v }
  @inline(__always) private init(bits: SIMD16<UInt32>) { v = unsafeBitCast(bits, to: SIMD16<Float>.self) }
  @inline(__always) private var bits: SIMD16<UInt32> { unsafeBitCast(v, to: SIMD16<UInt32>.self) }

  @inline(__always) static var lanes: Int { 16 }
  @inline(__always) static var takesPartsAsWhole: Bool { true }
  @inline(__always) static func zero() -> Self { Self(_mm512_setzero_ps()) }
  @inline(__always) static func splat(_ x: Float) -> Self { Self(_mm512_set1_ps(x)) }

  /// The first `count` bits set.
  @inline(__always) private static func tail(_ count: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: ~(~0 &<< UInt32(truncatingIfNeeded: count)))
  }
  @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self { Self(_mm512_loadu_ps(p)) }
  @inline(__always) static func load(_ p: UnsafePointer<Float>, count: Int) -> Self { Self(_mm512_maskz_loadu_ps(tail(count), p)) }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) { _mm512_storeu_ps(p, v) }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>, count: Int) { _mm512_mask_storeu_ps(p, Self.tail(count), v) }

  @inline(__always) static func load(_ p: UnsafePointer<Float16>) -> Self {
    Self(_mm512_cvtph_ps(UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Int64>.self)))
  }
  @inline(__always) static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self {
    Self(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(tail(count), p)))
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>) {
    UnsafeMutableRawPointer(p).storeBytes(of: halves, as: SIMD4<Int64>.self)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>, count: Int) {
    _mm256_mask_storeu_epi16(p, Self.tail(count), halves)
  }
  /// The lanes rounded to half precision; the loop compiles to one instruction.
  @inline(__always) private var halves: SIMD4<Int64> {
    var r = SIMD16<Float16>()
    for i in 0..<16 { r[i] = Float16(v[i]) }
    return unsafeBitCast(r, to: SIMD4<Int64>.self)
  }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.v + b.v) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.v - b.v) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(a.v * b.v) }
  @inline(__always) static func / (a: Self, b: Self) -> Self { Self(a.v / b.v) }
  @inline(__always) func fma(_ a: Self, _ b: Self) -> Self { Self(_mm512_fmadd_ps(a.v, b.v, v)) }
  @inline(__always) func min(_ other: Self) -> Self { Self(_mm512_min_ps(v, other.v)) }
  @inline(__always) func max(_ other: Self) -> Self { Self(_mm512_max_ps(v, other.v)) }
  @inline(__always) func squareRoot() -> Self { Self(_mm512_sqrt_ps(v)) }
  // A loop over lanes, as the intrinsic is a macro, which Swift does not import; it compiles to one instruction.
  @inline(__always) func roundedToNearestEven() -> Self {
    var r = v
    for i in 0..<16 { r[i] = v[i].rounded(.toNearestOrEven) }
    return Self(r)
  }
  @inline(__always) func roundedDown() -> Self {
    var r = v
    for i in 0..<16 { r[i] = v[i].rounded(.down) }
    return Self(r)
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
    SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) .< Int32(truncatingIfNeeded: count)
  }
  @inline(__always) private static func bits(_ mask: Mask) -> UInt16 { _mm512_movepi32_mask(unsafeBitCast(mask, to: SIMD8<Int64>.self)) }
  @inline(__always) static func isAnySet(_ mask: Mask) -> Bool { bits(mask) != 0 }
  @inline(__always) static func isEverySet(_ mask: Mask) -> Bool { bits(mask) == 0xffff }
  @inline(__always) static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self { Self(b.v.replacing(with: a.v, where: mask)) }

  @inline(__always) static func places(shift: Int) -> SIMD16<Int32> {
    SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &>> Int32(truncatingIfNeeded: shift)
  }
  @inline(__always) func permuted(_ places: SIMD16<Int32>) -> Self {
    Self(_mm512_permutexvar_ps(unsafeBitCast(places, to: SIMD8<Int64>.self), v))
  }

  @inline(__always) func sum() -> Float { _mm512_reduce_add_ps(v) }
  @inline(__always) func maximum() -> Float { _mm512_reduce_max_ps(v) }
}
#endif
