// Saturating functions: hyperbolic tangent, logistic function, error function.
//
// The rational approximations of tanh (degree 13 over 6) and erf (13 over 8) are Eigen's (`ptanh_float`, `perf_float`).

extension FloatVector {
  /// The hyperbolic tangent, within 6 ULP and never outside −1...1. NaN stays NaN.
  @inlinable @inline(__always)
  package func tanh() -> Self {
    let bound = Self.splat(7.90531111)
    let x = bound.min((Self.zero() - bound).max(self))
    let z = x * x
    var p = Self.splat(2.00018790482477e-13).fma(Self.splat(-2.76076847742355e-16), z)
    p = Self.splat(-8.60467152213735e-11).fma(p, z)
    p = Self.splat(5.12229709037114e-08).fma(p, z)
    p = Self.splat(1.48572235717979e-05).fma(p, z)
    p = Self.splat(6.37261928875436e-04).fma(p, z)
    p = Self.splat(4.89352455891786e-03).fma(p, z)
    var q = Self.splat(1.18534705686654e-04).fma(Self.splat(1.19825839466702e-06), z)
    q = Self.splat(2.26843463243900e-03).fma(q, z)
    q = Self.splat(4.89352518554385e-03).fma(q, z)
    return Self.select(bound <= magnitude(), Self.splat(1).withSign(of: self), (x * (p / q)).limited(to: 1))
  }

  /// The error function, within 7 ULP and never outside −1...1. NaN stays NaN.
  @inlinable @inline(__always)
  package func erf() -> Self {
    let x = Self.splat(4).min(Self.splat(-4).max(self))
    let z = x * x
    var p = Self.splat(2.77068142495902e-08).fma(Self.splat(-2.72614225801306e-10), z)
    p = Self.splat(-2.10102402082508e-06).fma(p, z)
    p = Self.splat(-5.69250639462346e-05).fma(p, z)
    p = Self.splat(-7.34990630326855e-04).fma(p, z)
    p = Self.splat(-2.95459980854025e-03).fma(p, z)
    p = Self.splat(-1.60960333262415e-02).fma(p, z)
    var q = Self.splat(-2.13374055278905e-04).fma(Self.splat(-1.45660718464996e-05), z)
    q = Self.splat(-1.68282697438203e-03).fma(q, z)
    q = Self.splat(-7.37332916720468e-03).fma(q, z)
    q = Self.splat(-1.42647390514189e-02).fma(q, z)
    return (x * (p / q)).limited(to: 1)
  }

  /// 1 / (1 + e^−self), within 3 ULP and never outside 0...1; zero or denormal below −87.3. NaN stays NaN.
  @inlinable @inline(__always)
  package func sigmoid() -> Self {
    Self.splat(1) / (Self.splat(1) + (Self.zero() - self).expFlushing())
  }

  /// Each lane brought into −bound...bound. NaN stays NaN.
  @inlinable @inline(__always)
  package func limited(to bound: Float) -> Self {
    Self.splat(bound).min(Self.splat(-bound).max(self))
  }
}
