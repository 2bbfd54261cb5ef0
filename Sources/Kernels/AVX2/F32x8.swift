#if arch(x86_64)
import KernelCore
import _Builtin_intrinsics.intel

/// Eight floats in a ymm register.
struct F32x8: PermutableVector {
  typealias Mask = SIMDMask<SIMD8<Int32>>

  let v: SIMD8<Float>
  @inline(__always) init(_ v: SIMD8<Float>) { self.v = v }
  @inline(__always) private init(bits: SIMD8<UInt32>) { v = unsafeBitCast(bits, to: SIMD8<Float>.self) }
  @inline(__always) private var bits: SIMD8<UInt32> { unsafeBitCast(v, to: SIMD8<UInt32>.self) }

  @inline(__always) static var lanes: Int { 8 }
  @inline(__always) static func zero() -> Self { Self(_mm256_setzero_ps()) }
  @inline(__always) static func splat(_ x: Float) -> Self { Self(_mm256_set1_ps(x)) }

  /// All bits set in the first `count` lanes.
  @inline(__always) private static func tail(_ count: Int) -> SIMD4<Int64> {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(Int32(truncatingIfNeeded: count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
  }
  @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self { Self(_mm256_loadu_ps(p)) }
  @inline(__always) static func load(_ p: UnsafePointer<Float>, count: Int) -> Self { Self(_mm256_maskload_ps(p, tail(count))) }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) { _mm256_storeu_ps(p, v) }
  // In runs of 4, 2 and 1: the masked store is microcoded on some processors.
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float>, count: Int) {
    if count == 8 { return store(p) }
    var p = UnsafeMutableRawPointer(p)
    var quarter = v.lowHalf
    if count & 4 != 0 {
      p.storeBytes(of: quarter, as: SIMD4<Float>.self)
      quarter = v.highHalf
      p += 16
    }
    var pair = quarter.lowHalf
    if count & 2 != 0 {
      p.storeBytes(of: pair, as: SIMD2<Float>.self)
      pair = quarter.highHalf
      p += 8
    }
    if count & 1 != 0 { p.storeBytes(of: pair[0], as: Float.self) }
  }

  @inline(__always) static func load(_ p: UnsafePointer<Float16>) -> Self {
    Self(_mm256_cvtph_ps(UnsafeRawPointer(p).loadUnaligned(as: SIMD2<Int64>.self)))
  }
  // There is no masked load of halves: the tail is read as the runs of 4, 2 and 1 that make up `count`.
  @inline(__always) static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self {
    if count == 8 { return load(p) }
    var p = UnsafeRawPointer(p)
    var head: UInt64 = 0
    var rest: UInt64 = 0
    if count & 4 != 0 {
      head = p.loadUnaligned(as: UInt64.self)
      p += 8
    }
    if count & 2 != 0 {
      rest = UInt64(p.loadUnaligned(as: UInt32.self))
      p += 4
    }
    if count & 1 != 0 { rest |= UInt64(p.loadUnaligned(as: UInt16.self)) &<< (UInt64(truncatingIfNeeded: count & 2) &* 16) }
    let halves = count & 4 != 0 ? SIMD2(head, rest) : SIMD2(rest, 0)
    return Self(_mm256_cvtph_ps(unsafeBitCast(halves, to: SIMD2<Int64>.self)))
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>) {
    UnsafeMutableRawPointer(p).storeBytes(of: halves, as: SIMD2<UInt64>.self)
  }
  @inline(__always) func store(_ p: UnsafeMutablePointer<Float16>, count: Int) {
    if count == 8 { return store(p) }
    let halves = halves
    var rest = halves[0]
    var p = UnsafeMutableRawPointer(p)
    if count & 4 != 0 {
      p.storeBytes(of: rest, as: UInt64.self)
      rest = halves[1]
      p += 8
    }
    if count & 2 != 0 {
      p.storeBytes(of: UInt32(truncatingIfNeeded: rest), as: UInt32.self)
      rest &>>= 32
      p += 4
    }
    if count & 1 != 0 { p.storeBytes(of: UInt16(truncatingIfNeeded: rest), as: UInt16.self) }
  }
  /// The lanes rounded to half precision; the loop compiles to one instruction.
  @inline(__always) private var halves: SIMD2<UInt64> {
    var r = SIMD8<Float16>()
    for i in 0..<8 { r[i] = Float16(v[i]) }
    return unsafeBitCast(r, to: SIMD2<UInt64>.self)
  }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.v + b.v) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.v - b.v) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(a.v * b.v) }
  @inline(__always) static func / (a: Self, b: Self) -> Self { Self(a.v / b.v) }
  @inline(__always) func fma(_ a: Self, _ b: Self) -> Self { Self(_mm256_fmadd_ps(a.v, b.v, v)) }
  @inline(__always) func min(_ other: Self) -> Self { Self(_mm256_min_ps(v, other.v)) }
  @inline(__always) func max(_ other: Self) -> Self { Self(_mm256_max_ps(v, other.v)) }
  @inline(__always) func squareRoot() -> Self { Self(_mm256_sqrt_ps(v)) }
  // A loop over lanes, as the intrinsic is a macro, which Swift does not import; it compiles to one instruction.
  @inline(__always) func roundedToNearestEven() -> Self {
    var r = v
    for i in 0..<8 { r[i] = v[i].rounded(.toNearestOrEven) }
    return Self(r)
  }
  @inline(__always) func roundedDown() -> Self {
    var r = v
    for i in 0..<8 { r[i] = v[i].rounded(.down) }
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
    SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< Int32(truncatingIfNeeded: count)
  }
  @inline(__always) private static func bits(_ mask: Mask) -> Int32 { _mm256_movemask_ps(unsafeBitCast(mask, to: SIMD8<Float>.self)) }
  @inline(__always) static func isAnySet(_ mask: Mask) -> Bool { bits(mask) != 0 }
  @inline(__always) static func isEverySet(_ mask: Mask) -> Bool { bits(mask) == 0xff }
  @inline(__always) static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self { Self(b.v.replacing(with: a.v, where: mask)) }

  @inline(__always) static func places(shift: Int) -> SIMD8<Int32> {
    SIMD8(0, 1, 2, 3, 4, 5, 6, 7) &>> Int32(truncatingIfNeeded: shift)
  }
  @inline(__always) func permuted(_ places: SIMD8<Int32>) -> Self {
    Self(_mm256_permutevar8x32_ps(v, unsafeBitCast(places, to: SIMD4<Int64>.self)))
  }

  @inline(__always) func sum() -> Float {
    let a = v.lowHalf + v.highHalf
    let b = a.lowHalf + a.highHalf
    return b[0] + b[1]
  }
  @inline(__always) func maximum() -> Float {
    let a = _mm_max_ps(v.lowHalf, v.highHalf)
    let b = _mm_max_ps(a, _mm_movehl_ps(a, a))
    return _mm_max_ss(b, _mm_movehdup_ps(b))[0]
  }
}
#endif
