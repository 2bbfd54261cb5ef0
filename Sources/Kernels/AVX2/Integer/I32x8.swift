#if arch(x86_64)
import KernelCore
import _Builtin_intrinsics.intel

/// Eight 32-bit integers in a ymm register.
struct I32x8: IntegerVector {
  typealias Floats = F32x8

  let v: SIMD4<Int64>
  @inline(__always) init(_ v: SIMD4<Int64>) { self.v = v }

  @inline(__always) static var lanes: Int { 8 }
  @inline(__always) static func zero() -> Self { Self(_mm256_setzero_si256()) }
  @inline(__always) static func load(_ p: UnsafeRawPointer) -> Self { Self(p.loadUnaligned(as: SIMD4<Int64>.self)) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer) { p.storeBytes(of: v, as: SIMD4<Int64>.self) }
  @inline(__always) static func splat(_ p: UnsafeRawPointer) -> Self { splat(p.loadUnaligned(as: Int32.self)) }
  @inline(__always) static func splat(_ x: Int32) -> Self { Self(_mm256_set1_epi32(x)) }
  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(_mm256_add_epi32(a.v, b.v)) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(_mm256_sub_epi32(a.v, b.v)) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(_mm256_mullo_epi32(a.v, b.v)) }
  @inline(__always) func shiftedRight(_ count: Int32) -> Self { Self(_mm256_srai_epi32(v, count)) }

  @inline(__always) static var dotsAreExact: Bool { false }
  @inline(__always) private static func sumsOfNeighbours(_ x: SIMD4<Int64>) -> Self {
    Self(_mm256_madd_epi16(x, _mm256_set1_epi16(1)))
  }
  @inline(__always) func addingDot(_ a: Self, _ b: Self) -> Self { self + Self.sumsOfNeighbours(_mm256_maddubs_epi16(a.v, b.v)) }
  @inline(__always) func addingDots(_ a: Self, _ b: Self, _ c: Self, _ d: Self) -> Self {
    self + Self.sumsOfNeighbours(_mm256_add_epi16(_mm256_maddubs_epi16(a.v, b.v), _mm256_maddubs_epi16(c.v, d.v)))
  }
  @inline(__always) func addingExactDot(_ a: Self, _ b: Self) -> Self {
    // The even bytes and the odd ones, each widened to 16 bits.
    let evenA = _mm256_and_si256(a.v, _mm256_set1_epi16(0xff))
    let oddA = _mm256_srli_epi16(a.v, 8)
    let evenB = _mm256_srai_epi16(_mm256_slli_epi16(b.v, 8), 8)
    let oddB = _mm256_srai_epi16(b.v, 8)
    return self + (Self(_mm256_madd_epi16(evenA, evenB)) + Self(_mm256_madd_epi16(oddA, oddB)))
  }

  /// The first `count` (1...8) bytes, in the lower half.
  @inline(__always) private static func bytes(_ p: UnsafeRawPointer, _ count: Int) -> SIMD2<Int64> {
    if count == 8 { return SIMD2(p.loadUnaligned(as: Int64.self), 0) }
    var p = p
    var bits: UInt64 = 0
    var shift: UInt64 = 0
    if count & 4 != 0 {
      bits = UInt64(p.loadUnaligned(as: UInt32.self))
      p += 4
      shift = 32
    }
    if count & 2 != 0 {
      bits |= UInt64(p.loadUnaligned(as: UInt16.self)) &<< shift
      p += 2
      shift &+= 16
    }
    if count & 1 != 0 { bits |= UInt64(p.load(as: UInt8.self)) &<< shift }
    return SIMD2(Int64(bitPattern: bits), 0)
  }
  @inline(__always) static func storePairs(
    _ p: UnsafeRawPointer, _ q: UnsafeRawPointer, flip: UInt8, to target: UnsafeMutableRawPointer
  ) {
    let mask = _mm_set1_epi8(Int8(bitPattern: flip))
    let a = _mm_xor_si128(p.loadUnaligned(as: SIMD2<Int64>.self), mask)
    let b = _mm_xor_si128(q.loadUnaligned(as: SIMD2<Int64>.self), mask)
    target.storeBytes(of: _mm_unpacklo_epi8(a, b), as: SIMD2<Int64>.self)
    target.storeBytes(of: _mm_unpackhi_epi8(a, b), toByteOffset: 16, as: SIMD2<Int64>.self)
  }
  @inline(__always) static func load(pairs p: UnsafeRawPointer) -> Self {
    Self(_mm256_cvtepu8_epi16(p.loadUnaligned(as: SIMD2<Int64>.self)))
  }
  @inline(__always) func addingProducts(_ a: Self, _ b: Self) -> Self { self + Self(_mm256_madd_epi16(a.v, b.v)) }
  @inline(__always) func addingPairs(_ other: Self) -> Self { Self(_mm256_add_epi16(v, other.v)) }
  @inline(__always) func subtractingPairs(_ other: Self) -> Self { Self(_mm256_sub_epi16(v, other.v)) }
  @inline(__always) static func load(bytes p: UnsafeRawPointer, isSigned: Bool, count: Int) -> Self {
    let bytes = bytes(p, count)
    return Self(isSigned ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes))
  }

  @inline(__always) func floats() -> F32x8 { F32x8(_mm256_cvtepi32_ps(v)) }
  @inline(__always) static func store(_ x: F32x8, bytes p: UnsafeMutableRawPointer, count: Int) {
    let integers = _mm256_and_si256(_mm256_cvtps_epi32(x.v), _mm256_set1_epi32(0xff))
    let words = _mm_packs_epi32(integers.lowHalf, integers.highHalf)
    let bits = UInt64(bitPattern: _mm_packus_epi16(words, words)[0])
    if count == 8 {
      p.storeBytes(of: bits, as: UInt64.self)
      return
    }
    var p = p
    var rest = bits
    if count & 4 != 0 {
      p.storeBytes(of: UInt32(truncatingIfNeeded: rest), as: UInt32.self)
      rest &>>= 32
      p += 4
    }
    if count & 2 != 0 {
      p.storeBytes(of: UInt16(truncatingIfNeeded: rest), as: UInt16.self)
      rest &>>= 16
      p += 2
    }
    if count & 1 != 0 { p.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self) }
  }

  /// Four registers rounded, as bytes, each register's beside one another.
  @inline(__always) private static func bytes(_ a: F32x8, _ b: F32x8, _ c: F32x8, _ d: F32x8, isSigned: Bool) -> SIMD4<Int64> {
    let low = _mm256_packs_epi32(_mm256_cvtps_epi32(a.v), _mm256_cvtps_epi32(b.v))
    let high = _mm256_packs_epi32(_mm256_cvtps_epi32(c.v), _mm256_cvtps_epi32(d.v))
    // Each half holds every other four bytes.
    let bytes = isSigned ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high)
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
  }
  @inline(__always) static func store(
    _ first: (F32x8, F32x8), _ second: (F32x8, F32x8), bytes p: UnsafeMutableRawPointer, _ q: UnsafeMutableRawPointer, isSigned: Bool
  ) {
    let rows = bytes(first.0, first.1, second.0, second.1, isSigned: isSigned)
    p.storeBytes(of: rows.lowHalf, as: SIMD2<Int64>.self)
    q.storeBytes(of: rows.highHalf, as: SIMD2<Int64>.self)
  }
  @inline(__always) static func store(
    _ a: F32x8, _ b: F32x8, _ c: F32x8, _ d: F32x8, bytes p: UnsafeMutableRawPointer, stride: Int, isSigned: Bool
  ) {
    let rows = bytes(a, b, c, d, isSigned: isSigned)
    p.storeBytes(of: rows[0], as: Int64.self)
    (p + stride).storeBytes(of: rows[1], as: Int64.self)
    (p + 2 &* stride).storeBytes(of: rows[2], as: Int64.self)
    (p + 3 &* stride).storeBytes(of: rows[3], as: Int64.self)
  }

  @inline(__always) static func load(words p: UnsafeRawPointer) -> Self {
    Self(_mm256_cvtepu16_epi32(p.loadUnaligned(as: SIMD2<Int64>.self)))
  }
  @inline(__always) func bits(_ mask: Int32, besides base: Float) -> F32x8 {
    let base = _mm256_set1_epi32(Int32(bitPattern: base.bitPattern))
    return F32x8(unsafeBitCast(_mm256_or_si256(_mm256_and_si256(v, _mm256_set1_epi32(mask)), base), to: SIMD8<Float>.self))
  }
  @inline(__always) func lowerHalf() -> Self { Self(_mm256_and_si256(v, _mm256_set1_epi32(15))) }
  @inline(__always) func values(of table: UnsafePointer<Float>) -> F32x8 {
    let low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), v)
    let high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), v)
    // The fourth bit chooses, once it is the sign.
    return F32x8(_mm256_blendv_ps(low, high, unsafeBitCast(_mm256_slli_epi32(v, 28), to: SIMD8<Float>.self)))
  }

  @inline(__always) func flipped(_ mask: Self) -> Self { Self(_mm256_xor_si256(v, mask.v)) }
  @inline(__always) func maximumOfBytes(_ other: Self) -> Self { Self(_mm256_max_epu8(v, other.v)) }
}
#endif
