#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// Sine and cosine.
//
// A multiple of π/2 is taken off in four parts, of which the first three have 11 bits, so that their products with a count of up
// to 13 bits are exact with or without a fused multiply-add (Cody and Waite). What remains is at most π/2: a sine but for its sign.

/// The greatest magnitude that ``FloatVector/sin()`` and ``FloatVector/cos()`` reduce accurately.
@usableFromInline
package let trigonometricDomain: Float = 10_000

/// The sine of any float, for arguments beyond ``trigonometricDomain``.
@usableFromInline package func scalarSine(_ x: Float) -> Float {
  Float(sin(Double(x)))
}

/// The cosine of any float, for arguments beyond ``trigonometricDomain``.
@usableFromInline package func scalarCosine(_ x: Float) -> Float {
  Float(cos(Double(x)))
}

extension FloatVector {
  /// The sine for lanes of magnitude up to 10⁴, within 2 ULP. NaN stays NaN.
  @inlinable @inline(__always)
  package func sin() -> Self {
    let (n, sum) = nearestInteger(times: 0.318309886)
    return reduced(by: n).sineOfReduced().negated(whereLowestBitOf: sum)
  }

  /// The cosine for lanes of magnitude up to 10⁴, within 2 ULP. NaN stays NaN.
  @inlinable @inline(__always)
  package func cos() -> Self {
    // cos x = (−1)ⁿ · sin(x − (n − ½)π).
    let (n, sum) = Self.splat(0.5).fma(self, Self.splat(0.318309886)).nearestInteger(times: 1)
    return reduced(by: n - Self.splat(0.5)).sineOfReduced().negated(whereLowestBitOf: sum)
  }

  /// Self less n · π, for a multiple n of ½ that leaves at most about π/2.
  @inlinable @inline(__always)
  package func reduced(by n: Self) -> Self {
    // The first two steps are exact, and what the third loses is taken up with the last part.
    let exact = fma(n, Self.splat(-3.140625)).fma(n, Self.splat(-0x1.fb4p-11))
    let third = n * Self.splat(-0x1.444p-23)
    let rounded = exact + third
    let lost = (exact - rounded) + third
    return rounded + lost.fma(n, Self.splat(-0x1.68c234p-38))
  }

  /// The sine on |self| <= π/2, by a polynomial that is off by less than 2⁻²⁷ of it; never outside −1...1. NaN stays NaN.
  @inlinable @inline(__always)
  package func sineOfReduced() -> Self {
    let z = self * self
    var p = Self.splat(-1.98095901e-4).fma(Self.splat(2.60575073e-6), z)
    p = Self.splat(8.33306608e-3).fma(p, z)
    p = Self.splat(-0.166666595).fma(p, z)
    return fma(p * z, self).limited(to: 1)
  }
}
