/// Windows of three by three taps of a panel's columns, and where their values at the points go.
@frozen @usableFromInline package struct WinogradWeights {
  /// Tap t of channel k, column n: `taps[(9 · k + t) · width + n]`.
  @usableFromInline package var taps: UnsafePointer<Float>
  @usableFromInline package var channels: Int
  /// The panel's columns, filling whole registers.
  @usableFromInline package var width: Int
  /// G, row by row.
  @usableFromInline package var coefficients: UnsafePointer<Float>
  /// Channel k, column n at the first point: `packed[k · width + n]`.
  @usableFromInline package var packed: UnsafeMutablePointer<Float>
  @usableFromInline package var pointStride: Int

  package init(
    taps: UnsafePointer<Float>, channels: Int, width: Int, coefficients: UnsafePointer<Float>, packed: UnsafeMutablePointer<Float>,
    pointStride: Int
  ) {
    self.taps = taps
    self.channels = channels
    self.width = width
    self.coefficients = coefficients
    self.packed = packed
    self.pointStride = pointStride
  }
}

/// The body of ``WinogradKernel/transformWeights``: G g Gᵀ for a register of columns at a time.
@inlinable @inline(__always)
package func winogradTransformWeights<V: FloatVector, let Tile: Int>(
  _: V.Type, _: InlineArray<Tile, Void>.Type, _ weights: UnsafePointer<WinogradWeights>
) {
  let width = weights.pointee.width
  let g = weights.pointee.coefficients
  let pointStride = weights.pointee.pointStride
  for channel in 0..<weights.pointee.channels {
    var column = 0
    while column < width {
      let taps = weights.pointee.taps + (9 &* channel &* width &+ column)
      let packed = weights.pointee.packed + (channel &* width &+ column)
      var window = InlineArray<9, V>(repeating: V.zero())
      for t in 0..<9 { window[unchecked: t] = V.load(taps + t &* width) }
      for y in 0..<Tile {
        let (g0, g1, g2) = (V.splat(g[3 &* y]), V.splat(g[3 &* y &+ 1]), V.splat(g[3 &* y &+ 2]))
        var half = InlineArray<3, V>(repeating: V.zero())
        for x in 0..<3 {
          half[unchecked: x] = (window[unchecked: x] * g0).fma(window[unchecked: x &+ 3], g1).fma(window[unchecked: x &+ 6], g2)
        }
        for x in 0..<Tile {
          let value = (half[unchecked: 0] * V.splat(g[3 &* x])).fma(half[unchecked: 1], V.splat(g[3 &* x &+ 1]))
            .fma(half[unchecked: 2], V.splat(g[3 &* x &+ 2]))
          value.store(packed + (y &* Tile &+ x) &* pointStride)
        }
      }
      column &+= V.lanes
    }
  }
}
