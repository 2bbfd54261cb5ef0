#if arch(x86_64)
import KernelCore
import _Builtin_intrinsics.intel

/// Sixty-four 32-bit elements in eight registers.
enum Tile8x8: TransposeTile {
  typealias Element = UInt32

  @inline(__always) static var side: Int { 8 }
  @inline(__always)
  static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int
  ) {
    // Each register holds half a row of the upper four rows and of the lower four, so that no later step crosses lanes.
    @inline(__always) func load(_ row: Int, _ half: Int) -> SIMD8<Float> {
      let p = source + row &* sourceStride + 16 &* half
      return SIMD8(
        lowHalf: p.loadUnaligned(as: SIMD4<Float>.self),
        highHalf: (p + 4 &* sourceStride).loadUnaligned(as: SIMD4<Float>.self))
    }
    @inline(__always) func store(_ x: SIMD4<Double>, _ row: Int) {
      (destination + row &* destinationStride).storeBytes(of: x, as: SIMD4<Double>.self)
    }
    @inline(__always) func pairs(_ x: SIMD8<Float>) -> SIMD4<Double> { unsafeBitCast(x, to: SIMD4<Double>.self) }
    for half in 0..<2 {
      let a = load(0, half)
      let b = load(1, half)
      let c = load(2, half)
      let d = load(3, half)
      let abLow = pairs(_mm256_unpacklo_ps(a, b))
      let cdLow = pairs(_mm256_unpacklo_ps(c, d))
      let abHigh = pairs(_mm256_unpackhi_ps(a, b))
      let cdHigh = pairs(_mm256_unpackhi_ps(c, d))
      store(_mm256_unpacklo_pd(abLow, cdLow), 4 &* half)
      store(_mm256_unpackhi_pd(abLow, cdLow), 4 &* half &+ 1)
      store(_mm256_unpacklo_pd(abHigh, cdHigh), 4 &* half &+ 2)
      store(_mm256_unpackhi_pd(abHigh, cdHigh), 4 &* half &+ 3)
    }
  }
}

/// The transposing copy of 32-bit elements of this target.
package let transpose_x32_8x8_avx2: CopyFunction = transposeFunction(Tile8x8.self)
#endif
