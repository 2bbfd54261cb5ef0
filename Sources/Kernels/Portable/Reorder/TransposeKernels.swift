import KernelCore

/// Sixteen 32-bit elements in four registers.
enum Tile4x4: TransposeTile {
  typealias Element = UInt32

  @inline(__always) static var side: Int { 4 }
  @inline(__always)
  static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int
  ) {
    let a = source.loadUnaligned(as: SIMD4<UInt32>.self)
    let b = (source + sourceStride).loadUnaligned(as: SIMD4<UInt32>.self)
    let c = (source + 2 &* sourceStride).loadUnaligned(as: SIMD4<UInt32>.self)
    let d = (source + 3 &* sourceStride).loadUnaligned(as: SIMD4<UInt32>.self)
    for i in 0..<4 {
      (destination + i &* destinationStride).storeBytes(of: SIMD4(a[i], b[i], c[i], d[i]), as: SIMD4<UInt32>.self)
    }
  }
}

/// The transposing copy of 32-bit elements of this target.
package let transpose_x32_4x4_portable: CopyFunction = transposeFunction(Tile4x4.self)
