/// The one-dimensional transforms of Winograd's minimal filtering for three taps, F(m, 3), in registers of any width.
///
/// Tiles of m + 2 values are evaluated at the points 0, ±a, ±b and infinity (0, ±1 and infinity for m = 2), multiplied there, and m
/// results are interpolated. a = 5/8 and b = 3/2 keep the transforms' entries, and so rounding errors, smaller than 1 and 2 do.
/// Sizes are compile-time constants, and so are the branches on them.
@frozen @usableFromInline package enum WinogradPoints {
  @inlinable @inline(__always) package static var a: Float { 0.625 }
  @inlinable @inline(__always) package static var b: Float { 1.5 }

  /// Rows of G, by which three taps are evaluated at the points.
  package static func weightRows(output m: Int) -> [[Double]] {
    if m == 2 { return [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]] }
    let a2 = Double(a * a)
    let b2 = Double(b * b)
    func row(_ x: Double, _ n: Double) -> [Double] { [n, n * x, n * x * x] }
    let na = 1 / (2 * a2 * (a2 - b2))
    let nb = 1 / (2 * b2 * (b2 - a2))
    return [
      [1 / (a2 * b2), 0, 0], row(Double(a), na), row(-Double(a), na), row(Double(b), nb), row(-Double(b), nb), [0, 0, 1],
    ]
  }
}

/// Transforms a tile column by column, then row by row: `load` has the value of a row and a column, `store` takes a row.
@inlinable @inline(__always)
func winogradTransform<V: AdditiveVector, let From: Int, let To: Int>(
  load: (_ y: Int, _ x: Int) -> V, transform: (InlineArray<From, V>) -> InlineArray<To, V>,
  store: (_ y: Int, _ row: InlineArray<To, V>) -> Void
) {
  var columns = InlineArray<From, InlineArray<To, V>>(repeating: InlineArray<To, V>(repeating: V.zero()))
  for x in 0..<From {
    var values = InlineArray<From, V>(repeating: V.zero())
    for y in 0..<From { values[unchecked: y] = load(y, x) }
    columns[unchecked: x] = transform(values)
  }
  for y in 0..<To {
    var values = InlineArray<From, V>(repeating: V.zero())
    for x in 0..<From { values[unchecked: x] = columns[unchecked: x][unchecked: y] }
    store(y, transform(values))
  }
}

/// Evaluates the values of a tile of four at the points.
@inlinable @inline(__always)
func winogradEvaluateFour<V: AdditiveVector, let Tile: Int>(_ d: InlineArray<Tile, V>) -> InlineArray<Tile, V> {
  var r = d
  r[unchecked: 0] = d[unchecked: 0] - d[unchecked: 2]
  r[unchecked: 1] = d[unchecked: 1] + d[unchecked: 2]
  r[unchecked: 2] = d[unchecked: 2] - d[unchecked: 1]
  r[unchecked: 3] = d[unchecked: 1] - d[unchecked: 3]
  return r
}

/// Evaluates the values of a tile at the points.
@inlinable @inline(__always)
func winogradEvaluate<V: FloatVector, let Tile: Int>(_ d: InlineArray<Tile, V>) -> InlineArray<Tile, V> {
  if Tile == 4 { return winogradEvaluateFour(d) }
  var r = d
  let a = WinogradPoints.a
  let b = WinogradPoints.b
  let minusA2 = V.splat(-(a * a))
  let minusB2 = V.splat(-(b * b))
  let product = V.splat(a * a * b * b)
  let minusSum = V.splat(-(a * a + b * b))
  let evenA = d[unchecked: 4].fma(d[unchecked: 2], minusB2)
  let oddA = d[unchecked: 3].fma(d[unchecked: 1], minusB2) * V.splat(a)
  let evenB = d[unchecked: 4].fma(d[unchecked: 2], minusA2)
  let oddB = d[unchecked: 3].fma(d[unchecked: 1], minusA2) * V.splat(b)
  r[unchecked: 0] = d[unchecked: 4].fma(d[unchecked: 2], minusSum).fma(d[unchecked: 0], product)
  r[unchecked: 1] = evenA + oddA
  r[unchecked: 2] = evenA - oddA
  r[unchecked: 3] = evenB + oddB
  r[unchecked: 4] = evenB - oddB
  r[unchecked: 5] = d[unchecked: 5].fma(d[unchecked: 3], minusSum).fma(d[unchecked: 1], product)
  return r
}

/// Interpolates a tile's results from its values at the points.
@inlinable @inline(__always)
func winogradInterpolate<V: FloatVector, let Tile: Int, let Output: Int>(
  _ m: InlineArray<Tile, V>, _: InlineArray<Output, Void>.Type
) -> InlineArray<Output, V> {
  var r = InlineArray<Output, V>(repeating: V.zero())
  if Tile == 4 {
    r[unchecked: 0] = m[unchecked: 0] + m[unchecked: 1] + m[unchecked: 2]
    r[unchecked: 1] = m[unchecked: 1] - m[unchecked: 2] - m[unchecked: 3]
    return r
  }
  let a = WinogradPoints.a
  let b = WinogradPoints.b
  let sumA = m[unchecked: 1] + m[unchecked: 2]
  let differenceA = m[unchecked: 1] - m[unchecked: 2]
  let sumB = m[unchecked: 3] + m[unchecked: 4]
  let differenceB = m[unchecked: 3] - m[unchecked: 4]
  r[unchecked: 0] = m[unchecked: 0] + sumA + sumB
  r[unchecked: 1] = (differenceA * V.splat(a)).fma(differenceB, V.splat(b))
  r[unchecked: 2] = (sumA * V.splat(a * a)).fma(sumB, V.splat(b * b))
  r[unchecked: 3] = m[unchecked: 5].fma(differenceA, V.splat(a * a * a)).fma(differenceB, V.splat(b * b * b))
  return r
}
