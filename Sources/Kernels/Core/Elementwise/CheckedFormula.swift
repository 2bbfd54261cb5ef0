// Functions of two floats that are a few instructions for nearly all operands, and a call for the rest.

/// A function of two float vectors that knows where it is right; elsewhere `Exact` is.
///
/// Only with fused multiply-additions, from which the errors of products are known.
@usableFromInline package protocol CheckedFormula: SendableMetatype {
  associatedtype Exact: ElementFormula where Exact.Input == Float, Exact.Output == Float
  /// A doubt of this or more, or one that is no number, may be a wrong result's.
  static var limit: Float { get }
  /// The result, which is right where the doubt is below ``limit`` (it is for 1 and 1).
  static func apply<V: FloatVector>(_ a: V, _ b: V) -> (result: V, doubt: V)
}

@usableFromInline package enum CheckedFormulas {
  /// a less b times the quotient rounded towards zero: exact where that is an integer of 24 bits.
  @usableFromInline package enum Mod: CheckedFormula {
    @usableFromInline package typealias Exact = ElementFormulas.Mod
    @inlinable @inline(__always) package static var limit: Float { 0x1p23 }

    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> (result: V, doubt: V) {
      let quotient = a / b
      let whole = quotient.magnitude().roundedDown()
      let rest = a.fma(V.zero() - whole.withSign(of: quotient), b)
      // A quotient that was rounded up to an integer is one too great.
      let more = rest + b.magnitude().withSign(of: a)
      let isBeyond = V.select(V.zero() < a, V.select(rest < V.zero(), more, rest), V.select(V.zero() < rest, more, rest))
      return (isBeyond.withSign(of: a), V.select(rest == rest, whole, V.splat(limit)))
    }
  }

  @usableFromInline package enum FloorMod: CheckedFormula {
    @usableFromInline package typealias Exact = ElementFormulas.FloorMod
    @inlinable @inline(__always) package static var limit: Float { Mod.limit }

    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> (result: V, doubt: V) {
      let (rest, doubt) = Mod.apply(a, b)
      let moved = rest + b
      let result = V.select(V.zero() < b, V.select(rest < V.zero(), moved, rest), V.select(V.zero() < rest, moved, rest))
      return (result, doubt)
    }
  }

  /// e^(b · ln |a|), within 3 ULP, where |a| and the result are normal numbers.
  @usableFromInline package enum Power: CheckedFormula {
    @usableFromInline package typealias Exact = ElementFormulas.Power
    /// Of the magnitudes of the result's logarithm and of the exponent's part in the base's: that of 2¹²⁵ is less, those of the
    /// greatest numbers, of what is not finite or not normal, are greater.
    @inlinable @inline(__always) package static var limit: Float { 87 }

    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ a: V, _ b: V) -> (result: V, doubt: V) {
      let base = a.magnitude()
      let logarithm = base.logInTwoParts()
      let high = b * logarithm.high
      let low = (V.splat(-0.0) - high).fma(b, logarithm.high).fma(b, logarithm.low)
      let (n, scale) = high.nearestPowerOfTwo()
      let power = (high.reducedByNaturalLogarithmOfTwo(times: n) + low).exponentialOfReduced() * scale

      let (half, whole) = (b * V.splat(0.5), b.roundedDown())
      let ofInteger = V.select(half.roundedDown() == half, power, V.zero() - power)
      let ofNegative = V.select(whole == b, ofInteger, V.splat(.nan))
      // Where the exponent is no number, this is none.
      let doubt = logarithm.ofExponent.magnitude().max(high.magnitude())
      return (V.select(a < V.zero(), ofNegative, power), doubt)
    }
  }
}

extension FloatVector {
  /// The natural logarithm of normal positive lanes as a float and what it lacks: together within a 2⁻²⁹th of the logarithm; and
  /// about the part of it that is the exponent's.
  ///
  /// ln m = 2 · artanh s for s = (m − 1) / (m + 1), by its series; s, and the sum with the exponent's part, in two floats each.
  @inlinable @inline(__always)
  func logInTwoParts() -> (high: Self, low: Self, ofExponent: Self) {
    let (one, two) = (Self.splat(1), Self.splat(2))
    let (e, significand) = splitExponent()
    let f = significand - one
    let reciprocal = one / (two + f)
    let s = f * reciprocal
    let small = s + s
    // f − s · (2 + f), whose first difference is exact, as are those of near numbers.
    let sLow = (f - small).fma(Self.splat(-0.0) - s, f) * reciprocal
    let z = s * s
    var p = Self.splat(0.2222222222).fma(Self.splat(0.1818181818), z)
    p = Self.splat(0.2857142857).fma(p, z)
    p = Self.splat(0.4).fma(p, z)
    p = Self.splat(0.6666666667).fma(p, z)
    let tail = (sLow * two.fma(two, z)).fma(s * z, p).fma(e, Self.splat(-2.12194440e-4))
    // 9 bits of ln 2: an exact product, zero or greater than what is added.
    let large = e * Self.splat(0.693359375)
    let sum = large + small
    let rest = small - (sum - large) + tail
    let high = sum + rest
    return (high, (sum - high) + rest, large)
  }
}

/// The kernels that compute with registers of floats and look at the result.
@inlinable @inline(__always)
package func binaryCheckedFunctions<V: FloatVector>(_: V.Type, _ operation: BinaryOperation) -> BinaryFunctions? {
  switch operation {
  case .power: checkedFunctions(V.self, CheckedFormulas.Power.self)
  case .mod: checkedFunctions(V.self, CheckedFormulas.Mod.self)
  case .floorMod: checkedFunctions(V.self, CheckedFormulas.FloorMod.self)
  default: nil
  }
}

@inlinable @inline(__always)
package func checkedFunctions<V: FloatVector, F: CheckedFormula>(_: V.Type, _: F.Type) -> BinaryFunctions {
  BinaryFunctions { aStep, bStep in
    { a, aStride, b, bStride, output, outputStride, rows, columns in
      runChecked(V.self, F.self, a, aStride, aStep, b, bStride, bStep, output, outputStride, rows, columns)
    }
  }
}

/// Rows of results, several registers at a time where none is in doubt.
@inlinable @inline(never)
package func runChecked<V: FloatVector, F: CheckedFormula>(
  _: V.Type, _: F.Type, _ a: UnsafeRawPointer, _ aStride: Int, _ aStep: Int, _ b: UnsafeRawPointer, _ bStride: Int, _ bStep: Int,
  _ output: UnsafeMutableRawPointer, _ outputStride: Int, _ rows: Int, _ columns: Int
) {
  typealias Group = RegisterGroup<V, 4>
  @inline(__always) func load(_ p: UnsafePointer<Float>, _ step: Int, _ i: Int) -> Group { step == 0 ? .splat(p[0]) : .load(p + i) }
  let limit = Group.splat(F.limit)
  for row in 0..<rows {
    let x = (a + row &* aStride).assumingMemoryBound(to: Float.self)
    let y = (b + row &* bStride).assumingMemoryBound(to: Float.self)
    let z = (output + row &* outputStride).assumingMemoryBound(to: Float.self)
    var i = 0
    while i < columns {
      let count = Swift.min(Group.lanes, columns &- i)
      if count == Group.lanes {
        let (result, doubt) = F.apply(load(x, aStep, i), load(y, bStep, i))
        if Group.isEverySet(doubt < limit) {
          result.store(z + i)
          i &+= count
          continue
        }
      }
      runDoubted(V.self, F.self, x + i &* aStep, aStep, y + i &* bStep, bStep, z + i, count)
      i &+= count
    }
  }
}

/// Neighbouring results, of which those in doubt are computed again, one by one.
@inlinable @inline(never)
func runDoubted<V: FloatVector, F: CheckedFormula>(
  _: V.Type, _: F.Type, _ x: UnsafePointer<Float>, _ aStep: Int, _ y: UnsafePointer<Float>, _ bStep: Int,
  _ z: UnsafeMutablePointer<Float>, _ count: Int
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 &* V.lanes) { memory in
    let results = memory.baseAddress.unsafelyUnwrapped
    let doubts = results + V.lanes
    var i = 0
    while i < count {
      let part = Swift.min(V.lanes, count &- i)
      @inline(__always) func load(_ p: UnsafePointer<Float>, _ step: Int) -> V {
        step == 0 ? .splat(p[0]) : .select(V.first(part), .load(p + i, count: part), .splat(1))
      }
      let (result, doubt) = F.apply(load(x, aStep), load(y, bStep))
      if V.isEverySet(doubt < V.splat(F.limit)) {
        result.store(z + i, count: part)
      } else {
        result.store(results)
        doubt.store(doubts)
        for k in 0..<part {
          z[i &+ k] = doubts[k] < F.limit ? results[k] : F.Exact.apply(x[(i &+ k) &* aStep], y[(i &+ k) &* bStep])
        }
      }
      i &+= part
    }
  }
}
