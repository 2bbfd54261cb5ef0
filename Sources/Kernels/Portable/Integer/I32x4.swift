import KernelCore

#if arch(x86_64)
import _Builtin_intrinsics.intel
#endif

/// Four 32-bit integers in a register that every 64-bit processor has.
struct I32x4: IntegerVector {
  typealias Floats = F32x4

  let v: SIMD4<Int32>
  @inline(__always) init(_ v: SIMD4<Int32>) { self.v = v }

  @inline(__always) static var lanes: Int { 4 }
  @inline(__always) static func zero() -> Self { Self(SIMD4<Int32>()) }
  @inline(__always) static func load(_ p: UnsafeRawPointer) -> Self { Self(p.loadUnaligned(as: SIMD4<Int32>.self)) }
  @inline(__always) func store(_ p: UnsafeMutableRawPointer) { p.storeBytes(of: v, as: SIMD4<Int32>.self) }
  @inline(__always) static func splat(_ p: UnsafeRawPointer) -> Self { splat(p.loadUnaligned(as: Int32.self)) }
  @inline(__always) static func splat(_ x: Int32) -> Self { Self(SIMD4<Int32>(x, x, x, x)) }
  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.v &+ b.v) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.v &- b.v) }
  @inline(__always) static func * (a: Self, b: Self) -> Self { Self(a.v &* b.v) }
  @inline(__always) func shiftedRight(_ count: Int32) -> Self { Self(v &>> SIMD4<Int32>(count, count, count, count)) }

  @inline(__always) static var dotsAreExact: Bool { true }
  @inline(__always) func addingDot(_ a: Self, _ b: Self) -> Self { addingExactDot(a, b) }
  @inline(__always) func addingDots(_ a: Self, _ b: Self, _ c: Self, _ d: Self) -> Self { addingDot(a, b).addingDot(c, d) }
  @inline(__always) func addingExactDot(_ a: Self, _ b: Self) -> Self {
    // The even bytes and the odd ones, each widened to 16 bits.
    let bits = unsafeBitCast(a.v, to: SIMD8<UInt16>.self)
    let values = unsafeBitCast(b.v, to: SIMD8<Int16>.self)
    let even = Self(unsafeBitCast(bits & 0xff, to: SIMD4<Int32>.self))
    let odd = Self(unsafeBitCast(bits &>> 8, to: SIMD4<Int32>.self))
    return addingProducts(even, Self(unsafeBitCast((values &<< 8) &>> 8, to: SIMD4<Int32>.self)))
      .addingProducts(odd, Self(unsafeBitCast(values &>> 8, to: SIMD4<Int32>.self)))
  }

  /// The first `count` (1...4) bytes.
  @inline(__always) private static func bytes(_ p: UnsafeRawPointer, _ count: Int) -> SIMD4<UInt8> {
    if count == 4 { return p.loadUnaligned(as: SIMD4<UInt8>.self) }
    var r = SIMD4<UInt8>()
    r[0] = p.load(as: UInt8.self)
    if count > 1 { r[1] = p.load(fromByteOffset: 1, as: UInt8.self) }
    if count > 2 { r[2] = p.load(fromByteOffset: 2, as: UInt8.self) }
    return r
  }
  @inline(__always) private static func widened(_ x: SIMD4<UInt8>) -> SIMD4<Int32> {
    var r = SIMD4<Int32>()
    for i in 0..<4 { r[i] = Int32(x[i]) }
    return r
  }
  @inline(__always) static func storePairs(
    _ p: UnsafeRawPointer, _ q: UnsafeRawPointer, flip: UInt8, to target: UnsafeMutableRawPointer
  ) {
    #if arch(x86_64)
    let mask = _mm_set1_epi8(Int8(bitPattern: flip))
    let a = _mm_xor_si128(p.loadUnaligned(as: SIMD2<Int64>.self), mask)
    let b = _mm_xor_si128(q.loadUnaligned(as: SIMD2<Int64>.self), mask)
    target.storeBytes(of: _mm_unpacklo_epi8(a, b), as: SIMD2<Int64>.self)
    target.storeBytes(of: _mm_unpackhi_epi8(a, b), toByteOffset: 16, as: SIMD2<Int64>.self)
    #else
    let mask = SIMD16<UInt8>(repeating: flip)
    let a = p.loadUnaligned(as: SIMD16<UInt8>.self) ^ mask
    let b = q.loadUnaligned(as: SIMD16<UInt8>.self) ^ mask
    for i in 0..<16 {
      target.storeBytes(of: a[i], toByteOffset: 2 &* i, as: UInt8.self)
      target.storeBytes(of: b[i], toByteOffset: 2 &* i &+ 1, as: UInt8.self)
    }
    #endif
  }
  @inline(__always) static func load(pairs p: UnsafeRawPointer) -> Self {
    #if arch(x86_64)
    let pairs = SIMD2<Int64>(p.loadUnaligned(as: Int64.self), 0)
    return Self(unsafeBitCast(_mm_unpacklo_epi8(pairs, SIMD2<Int64>()), to: SIMD4<Int32>.self))
    #else
    let low = p.loadUnaligned(as: SIMD8<UInt8>.self)
    return Self(widened(low.evenHalf) | widened(low.oddHalf) &<< 16)
    #endif
  }
  @inline(__always) func addingProducts(_ a: Self, _ b: Self) -> Self {
    #if arch(x86_64)
    let products = _mm_madd_epi16(unsafeBitCast(a.v, to: SIMD2<Int64>.self), unsafeBitCast(b.v, to: SIMD2<Int64>.self))
    return self + Self(unsafeBitCast(products, to: SIMD4<Int32>.self))
    #else
    let high = (a.v &>> 16) &* (b.v &>> 16)
    return Self(v &+ high &+ ((a.v &<< 16) &>> 16) &* ((b.v &<< 16) &>> 16))
    #endif
  }
  @inline(__always) private var words: SIMD8<Int16> { unsafeBitCast(v, to: SIMD8<Int16>.self) }
  @inline(__always) func addingPairs(_ other: Self) -> Self { Self(unsafeBitCast(words &+ other.words, to: SIMD4<Int32>.self)) }
  @inline(__always) func subtractingPairs(_ other: Self) -> Self { Self(unsafeBitCast(words &- other.words, to: SIMD4<Int32>.self)) }
  @inline(__always) static func load(bytes p: UnsafeRawPointer, isSigned: Bool, count: Int) -> Self {
    let x = widened(bytes(p, count))
    return Self(isSigned ? (x &<< 24) &>> 24 : x)
  }

  @inline(__always) func floats() -> F32x4 {
    var r = SIMD4<Float>()
    for i in 0..<4 { r[i] = Float(v[i]) }
    return F32x4(r)
  }
  @inline(__always) static func store(_ x: F32x4, bytes p: UnsafeMutableRawPointer, count: Int) {
    // The addition leaves the integer, rounded, in the lowest bits.
    let bits = unsafeBitCast((x + .splat(0x1.8p23)).v, to: SIMD4<UInt32>.self)
    #if arch(x86_64)
    if count == 4 {
      let low = unsafeBitCast(bits & 0xff, to: SIMD2<Int64>.self)
      let words = _mm_packs_epi32(low, low)
      p.storeBytes(of: UInt32(truncatingIfNeeded: _mm_packus_epi16(words, words)[0]), as: UInt32.self)
      return
    }
    #endif
    p.storeBytes(of: UInt8(truncatingIfNeeded: bits[0]), as: UInt8.self)
    if count > 1 { p.storeBytes(of: UInt8(truncatingIfNeeded: bits[1]), toByteOffset: 1, as: UInt8.self) }
    if count > 2 { p.storeBytes(of: UInt8(truncatingIfNeeded: bits[2]), toByteOffset: 2, as: UInt8.self) }
    if count > 3 { p.storeBytes(of: UInt8(truncatingIfNeeded: bits[3]), toByteOffset: 3, as: UInt8.self) }
  }

  @inline(__always) static func load(words p: UnsafeRawPointer) -> Self {
    Self(SIMD4<Int32>(truncatingIfNeeded: p.loadUnaligned(as: SIMD4<UInt16>.self)))
  }
  @inline(__always) func bits(_ mask: Int32, besides base: Float) -> F32x4 {
    F32x4(unsafeBitCast(v & mask | Int32(bitPattern: base.bitPattern), to: SIMD4<Float>.self))
  }
  @inline(__always) func lowerHalf() -> Self { Self(v & 15) }
  @inline(__always) func values(of table: UnsafePointer<Float>) -> F32x4 {
    F32x4(SIMD4<Float>(table[Int(v[0])], table[Int(v[1])], table[Int(v[2])], table[Int(v[3])]))
  }

  @inline(__always) func flipped(_ mask: Self) -> Self { Self(v ^ mask.v) }
  @inline(__always) func maximumOfBytes(_ other: Self) -> Self {
    let a = unsafeBitCast(v, to: SIMD16<UInt8>.self)
    let b = unsafeBitCast(other.v, to: SIMD16<UInt8>.self)
    return Self(unsafeBitCast(b.replacing(with: a, where: a .> b), to: SIMD4<Int32>.self))
  }
}
