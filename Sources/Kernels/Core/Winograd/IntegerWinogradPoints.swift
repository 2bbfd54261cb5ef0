/// The one-dimensional transforms of Winograd's minimal filtering for three taps, F(m, 3), in integers and exact.
///
/// Tiles of m + 2 bytes and windows of three taps are evaluated at the points 0, ±1, (for m = 4) ±2 and infinity. In two dimensions both fit
/// 16 bits. Their products are summed modulo 2³² and interpolated; that leaves small multiples of the results, of which the factors
/// of two are shifted away and a factor of three is undone by its inverse modulo 2³². So 32 bits need to hold no more than the greatest
/// power of two that is shifted away, times any result of one dimension: ``greatestDepth(output:)``.
@frozen @usableFromInline package enum IntegerWinogradPoints {
  /// 3 · 0xaaaaaaab = 1 modulo 2³².
  @inlinable @inline(__always) static var inverseOfThree: Int32 { Int32(bitPattern: 0xaaaa_aaab) }

  /// Evaluates three taps of several windows at point `index` of those for tiles of m.
  @inlinable @inline(__always)
  package static func evaluate(
    _ a: SIMD8<Int16>, _ b: SIMD8<Int16>, _ c: SIMD8<Int16>, output m: Int, at index: Int
  ) -> SIMD8<Int16> {
    if index == 0 { return a }
    if index == m + 1 { return c }
    let (even, odd) = index < 3 ? (a &+ c, b) : (a &+ c &<< 2, b &<< 1)
    return index & 1 == 1 ? even &+ odd : even &- odd
  }

  /// The most channels for which results are exact, whatever the bytes and the weights.
  ///
  /// Bytes are at most 128 in magnitude once the middle of their range is taken away. After one dimension a result is a sum over channels
  /// and three taps of an evaluated byte, up to 2 · 128 or 10 · 128 (6 · 128 at ±2), and an evaluated weight, up to 3 · 128 (7 · 128 at ±2).
  /// It is shifted by 1 or 3 bits.
  package static func greatestDepth(output m: Int) -> Int {
    let greatest = m == 2 ? 2 * 128 * (3 * 128) : 6 * 128 * (7 * 128)
    return Int(Int32.max) / (3 * greatest * (m == 2 ? 2 : 8))
  }

  /// What the bytes of an image whose pixels are all 1 are at the point 1 in both dimensions; at all others they are zero.
  @inlinable @inline(__always) static func sum(tile: Int) -> Int32 { tile == 4 ? 4 : 36 }

  /// Evaluates the values of a tile at the points.
  @inlinable @inline(__always)
  static func evaluate<V: AdditiveVector, let Tile: Int>(_ d: InlineArray<Tile, V>) -> InlineArray<Tile, V> {
    if Tile == 4 { return winogradEvaluateFour(d) }
    @inline(__always) func fourTimes(_ x: V) -> V {
      let twice = x + x
      return twice + twice
    }
    var r = d
    let even = d[unchecked: 4] - fourTimes(d[unchecked: 2])
    let odd = d[unchecked: 3] - fourTimes(d[unchecked: 1])
    let evenOfTwo = d[unchecked: 4] - d[unchecked: 2]
    let half = d[unchecked: 3] - d[unchecked: 1]
    r[unchecked: 0] = fourTimes(d[unchecked: 0] - d[unchecked: 2]) + evenOfTwo
    r[unchecked: 1] = even + odd
    r[unchecked: 2] = even - odd
    r[unchecked: 3] = evenOfTwo + (half + half)
    r[unchecked: 4] = evenOfTwo - (half + half)
    r[unchecked: 5] = d[unchecked: 5] - d[unchecked: 3] - fourTimes(half)
    return r
  }

  /// Interpolates a tile's results from its sums at the points.
  @inlinable @inline(__always)
  static func interpolate<V: IntegerVector, let Tile: Int, let Output: Int>(
    _ p: InlineArray<Tile, V>, _: InlineArray<Output, Void>.Type
  ) -> InlineArray<Output, V> {
    var r = InlineArray<Output, V>(repeating: V.zero())
    let sum = p[unchecked: 1] + p[unchecked: 2]
    let difference = p[unchecked: 1] - p[unchecked: 2]
    if Tile == 4 {
      r[unchecked: 0] = (p[unchecked: 0] + p[unchecked: 0] + sum).shiftedRight(1)
      r[unchecked: 1] = (difference - p[unchecked: 3] - p[unchecked: 3]).shiftedRight(1)
      return r
    }
    let inverse = V.splat(inverseOfThree)
    let sumOfTwo = p[unchecked: 3] + p[unchecked: 4]
    let differenceOfTwo = p[unchecked: 3] - p[unchecked: 4]
    let twice = p[unchecked: 0] + p[unchecked: 0]
    let half = p[unchecked: 0] - sum
    // 24, 12, 6 and 6 times the results.
    r[unchecked: 0] = ((half + half + half + half + twice + sumOfTwo) * inverse).shiftedRight(3)
    r[unchecked: 1] = ((differenceOfTwo - difference - difference) * inverse).shiftedRight(2)
    r[unchecked: 2] = ((sumOfTwo - sum) * inverse).shiftedRight(1)
    let last = differenceOfTwo + p[unchecked: 5] + p[unchecked: 5] + p[unchecked: 5]
    r[unchecked: 3] = ((last + last - difference) * inverse).shiftedRight(1)
    return r
  }
}

/// The lanes of a register as pairs of 16-bit integers.
@frozen @usableFromInline struct IntegerPairs<V: IntegerVector>: AdditiveVector {
  @usableFromInline var v: V

  @inlinable @inline(__always) init(_ v: V) { self.v = v }
  @inlinable @inline(__always) static func zero() -> Self { Self(V.zero()) }
  @inlinable @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.v.addingPairs(b.v)) }
  @inlinable @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.v.subtractingPairs(b.v)) }
}
