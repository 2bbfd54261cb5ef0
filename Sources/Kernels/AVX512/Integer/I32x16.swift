#if arch(x86_64)
import KernelCore
import _Builtin_intrinsics.intel

/// Sixteen 32-bit integers in a zmm register, with VNNI's dot product.
struct I32x16: IntegerVector {
  typealias Floats = F32x16

  let v: SIMD8<Int64>
  @inline(__always) init(_ v: SIMD8<Int64>) { self.v = v }

  @inline(__always) static var lanes: Int { 16 }
  @inline(__always) static func zero() -> Self { Self(_mm512_setzero_si512()) }
  @inline(__always) static func load(_ p: UnsafeRawPointer) -> Self { Self(p.loadUnaligned(as: SIMD8<Int64>.self)) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer) { p.storeBytes(of: v, as: SIMD8<Int64>.self) }
  @inline(__always) static func splat(_ p: UnsafeRawPointer) -> Self { splat(p.loadUnaligned(as: Int32.self)) }
  @inline(__always) static func splat(_ x: Int32) -> Self { Self(_mm512_set1_epi32(x)) }
  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(_mm512_add_epi32(a.v, b.v)) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(_mm512_sub_epi32(a.v, b.v)) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(_mm512_mullo_epi32(a.v, b.v)) }
  @inline(__always) func shiftedRight(_ count: Int32) -> Self { Self(_mm512_srai_epi32(v, UInt32(truncatingIfNeeded: count))) }

  @inline(__always) static var dotsAreExact: Bool { true }
  @inline(__always) func addingDot(_ a: Self, _ b: Self) -> Self { Self(_mm512_dpbusd_epi32(v, a.v, b.v)) }
  @inline(__always) func addingDots(_ a: Self, _ b: Self, _ c: Self, _ d: Self) -> Self { addingDot(a, b).addingDot(c, d) }
  @inline(__always) func addingExactDot(_ a: Self, _ b: Self) -> Self { addingDot(a, b) }

  /// The first `count` (1...16) bytes.
  @inline(__always) private static func bytes(_ p: UnsafeRawPointer, _ count: Int) -> SIMD2<Int64> {
    if count == 16 { return p.loadUnaligned(as: SIMD2<Int64>.self) }
    return _mm_maskz_loadu_epi8(tail(count), p)
  }
  /// The first `count` bits set.
  @inline(__always) private static func tail(_ count: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: ~(~0 &<< UInt32(truncatingIfNeeded: count)))
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
    Self(_mm512_cvtepu8_epi16(p.loadUnaligned(as: SIMD4<Int64>.self)))
  }
  @inline(__always) func addingProducts(_ a: Self, _ b: Self) -> Self { Self(_mm512_dpwssd_epi32(v, a.v, b.v)) }
  @inline(__always) func addingPairs(_ other: Self) -> Self { Self(_mm512_add_epi16(v, other.v)) }
  @inline(__always) func subtractingPairs(_ other: Self) -> Self { Self(_mm512_sub_epi16(v, other.v)) }
  @inline(__always) static func load(bytes p: UnsafeRawPointer, isSigned: Bool, count: Int) -> Self {
    let bytes = bytes(p, count)
    return Self(isSigned ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes))
  }

  @inline(__always) func floats() -> F32x16 { F32x16(_mm512_cvtepi32_ps(v)) }
  @inline(__always) static func store(_ x: F32x16, bytes p: UnsafeMutableRawPointer, count: Int) {
    let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x.v))
    if count == 16 {
      p.storeBytes(of: bytes, as: SIMD2<Int64>.self)
    } else {
      _mm_mask_storeu_epi8(p, tail(count), bytes)
    }
  }

  /// Four registers rounded, as bytes, each register's beside one another.
  @inline(__always) private static func bytes(_ a: F32x16, _ b: F32x16, _ c: F32x16, _ d: F32x16, isSigned: Bool) -> SIMD8<Int64> {
    let low = _mm512_packs_epi32(_mm512_cvtps_epi32(a.v), _mm512_cvtps_epi32(b.v))
    let high = _mm512_packs_epi32(_mm512_cvtps_epi32(c.v), _mm512_cvtps_epi32(d.v))
    // Each quarter holds every fourth four bytes.
    let bytes = isSigned ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high)
    return _mm512_permutexvar_epi32(_mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), bytes)
  }
  @inline(__always) static func store(
    row: (F32x16, F32x16, F32x16, F32x16), bytes p: UnsafeMutableRawPointer, isSigned: Bool
  ) {
    p.storeBytes(of: bytes(row.0, row.1, row.2, row.3, isSigned: isSigned), as: SIMD8<Int64>.self)
  }
  @inline(__always) static func store(
    _ first: (F32x16, F32x16), _ second: (F32x16, F32x16), bytes p: UnsafeMutableRawPointer, _ q: UnsafeMutableRawPointer, isSigned: Bool
  ) {
    let rows = bytes(first.0, first.1, second.0, second.1, isSigned: isSigned)
    p.storeBytes(of: rows.lowHalf, as: SIMD4<Int64>.self)
    q.storeBytes(of: rows.highHalf, as: SIMD4<Int64>.self)
  }
  @inline(__always) static func store(
    _ a: F32x16, _ b: F32x16, _ c: F32x16, _ d: F32x16, bytes p: UnsafeMutableRawPointer, stride: Int, isSigned: Bool
  ) {
    let rows = bytes(a, b, c, d, isSigned: isSigned)
    p.storeBytes(of: rows.lowHalf.lowHalf, as: SIMD2<Int64>.self)
    (p + stride).storeBytes(of: rows.lowHalf.highHalf, as: SIMD2<Int64>.self)
    (p + 2 &* stride).storeBytes(of: rows.highHalf.lowHalf, as: SIMD2<Int64>.self)
    (p + 3 &* stride).storeBytes(of: rows.highHalf.highHalf, as: SIMD2<Int64>.self)
  }

  @inline(__always) static func load(words p: UnsafeRawPointer) -> Self {
    Self(_mm512_cvtepu16_epi32(p.loadUnaligned(as: SIMD4<Int64>.self)))
  }
  @inline(__always) func bits(_ mask: Int32, besides base: Float) -> F32x16 {
    let base = _mm512_set1_epi32(Int32(bitPattern: base.bitPattern))
    return F32x16(unsafeBitCast(_mm512_or_si512(_mm512_and_si512(v, _mm512_set1_epi32(mask)), base), to: SIMD16<Float>.self))
  }
  @inline(__always) func lowerHalf() -> Self { Self(_mm512_and_si512(v, _mm512_set1_epi32(15))) }
  @inline(__always) func values(of table: UnsafePointer<Float>) -> F32x16 {
    F32x16(_mm512_permutexvar_ps(v, _mm512_loadu_ps(table)))
  }

  @inline(__always) func flipped(_ mask: Self) -> Self { Self(_mm512_xor_si512(v, mask.v)) }
  @inline(__always) func maximumOfBytes(_ other: Self) -> Self { Self(_mm512_max_epu8(v, other.v)) }
}
#endif
