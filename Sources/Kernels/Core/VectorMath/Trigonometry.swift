#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

// Sine and cosine.
//
// π/2 is taken off in four parts, of which the first three have 11 bits, so that their products with a quadrant number of up
// to 13 bits are exact with or without a fused multiply-add (Cody and Waite). The polynomials on |r| <= π/4 are those of
// Cephes (`sinf`, `cosf`).

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
    let (quadrant, r) = reducedByQuadrants()
    return r.sineOfReduced(quadrant: quadrant)
  }

  /// The cosine for lanes of magnitude up to 10⁴, within 2 ULP. NaN stays NaN.
  @inlinable @inline(__always)
  package func cos() -> Self {
    let (quadrant, r) = reducedByQuadrants()
    return r.sineOfReduced(quadrant: quadrant + Self.splat(1))
  }

  /// The nearest multiple of π/2 as a count, and what remains.
  @inlinable @inline(__always)
  package func reducedByQuadrants() -> (quadrant: Self, remainder: Self) {
    let n = (self * Self.splat(0.636619772)).roundedToNearestEven()
    // The first two steps are exact, and what the third loses is taken up with the last part.
    let exact = fma(n, Self.splat(-1.5703125)).fma(n, Self.splat(-0x1.fb4p-12))
    let third = n * Self.splat(-0x1.444p-24)
    let rounded = exact + third
    let lost = (exact - rounded) + third
    return (n, rounded + lost.fma(n, Self.splat(-0x1.68c234p-39)))
  }

  /// sin(self + quadrant · π/2) on |self| <= π/4.
  @inlinable @inline(__always)
  package func sineOfReduced(quadrant: Self) -> Self {
    let z = self * self
    var s = Self.splat(8.3321608736e-3).fma(Self.splat(-1.9515295891e-4), z)
    s = Self.splat(-1.6666654611e-1).fma(s, z)
    let sine = fma(s * z, self)
    var c = Self.splat(-1.388731625493765e-3).fma(Self.splat(2.443315711809948e-5), z)
    c = Self.splat(4.166664568298827e-2).fma(c, z)
    let cosine = Self.splat(1).fma(z, Self.splat(-0.5)).fma(c * z, z)
    let q = quadrant.fma((quadrant * Self.splat(0.25)).roundedDown(), Self.splat(-4))
    let parity = q.fma((q * Self.splat(0.5)).roundedDown(), Self.splat(-2))
    let value = Self.select(parity == Self.splat(1), cosine, sine)
    return Self.select(Self.splat(2) <= q, Self.zero() - value, value)
  }
}
