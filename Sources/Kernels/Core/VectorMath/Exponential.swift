// Exponentials and logarithms.
//
// The polynomials are those of Cephes (S. L. Moshier, `expf` and `logf`): e^r on |r| <= ln(2)/2 after a reduction by
// multiples of ln(2) in two parts, of which the first has so few bits that its products are exact with or without a
// fused multiply-add; ln(m) on [sqrt(1/2), sqrt(2)).

extension FloatVector {
  /// Self less n · ln(2), for integral `n` of magnitude below 2⁹.
  @inlinable @inline(__always)
  package func reducedByNaturalLogarithmOfTwo(times n: Self) -> Self {
    fma(n, Self.splat(-0.693359375)).fma(n, Self.splat(2.12194440e-4))
  }

  /// (e^self − 1 − self) / self² on |self| <= ln(2)/2.
  @inlinable @inline(__always)
  package func exponentialTail() -> Self {
    // Estrin's scheme: pairs of terms do not wait for each other.
    let square = self * self
    let high = Self.splat(1.3981999507e-3).fma(Self.splat(1.9875691500e-4), self)
    let middle = Self.splat(4.1665795894e-2).fma(Self.splat(8.3334519073e-3), self)
    let low = Self.splat(5.0000001201e-1).fma(Self.splat(1.6666665459e-1), self)
    return low.fma(middle.fma(high, square), square)
  }

  /// e^self on |self| <= ln(2)/2.
  @inlinable @inline(__always)
  package func exponentialOfReduced() -> Self {
    (self + Self.splat(1)).fma(exponentialTail(), self * self)
  }

  /// e raised to each lane, within 2 ULP, denormal results within one unit of the smallest denormal; overflows to
  /// infinity, underflows to zero, NaN stays NaN.
  @inlinable @inline(__always)
  package func exp() -> Self {
    let x = Self.splat(89).min(Self.splat(-105).max(self))
    let n = (x * Self.splat(1.44269504)).roundedToNearestEven()
    let p = x.reducedByNaturalLogarithmOfTwo(times: n).exponentialOfReduced()
    // Two factors, so that each is a normal number and only the last product rounds a denormal result.
    let half = (n * Self.splat(0.5)).roundedToNearestEven()
    return p * half.exponentOfTwo() * (n - half).exponentOfTwo()
  }

  /// e raised to each lane within 2 ULP on −87.3...88.3; zero or denormal below and infinity above, by a few instructions
  /// fewer than ``exp()``. NaN stays NaN.
  @inlinable @inline(__always)
  package func expFlushing() -> Self {
    let x = Self.splat(88.8).min(Self.splat(-88).max(self))
    let n = (x * Self.splat(1.44269504)).roundedToNearestEven()
    return x.reducedByNaturalLogarithmOfTwo(times: n).exponentialOfReduced() * n.exponentOfTwo()
  }

  /// e^self − 1 for lanes that are not positive, within 3 ULP; −1 far below zero. NaN stays NaN.
  @inlinable @inline(__always)
  package func expMinusOneOfNonpositive() -> Self {
    let x = Self.splat(-18).max(self)
    let n = (x * Self.splat(1.44269504)).roundedToNearestEven()
    let r = x.reducedByNaturalLogarithmOfTwo(times: n)
    let scale = n.exponentOfTwo()
    return (scale - Self.splat(1)).fma(scale, r.fma(r.exponentialTail(), r * r))
  }

  /// ln(2^exponent · significand), for an integral exponent and a significand in [0.5, 1).
  @inlinable @inline(__always)
  package static func log(exponent: Self, significand: Self) -> Self {
    let one = Self.splat(1)
    let isLow = significand < Self.splat(0.707106781)
    let e = Self.select(isLow, exponent - one, exponent)
    let m = Self.select(isLow, significand + significand - one, significand - one)
    var p = Self.splat(-1.1514610310e-1).fma(Self.splat(7.0376836292e-2), m)
    p = Self.splat(1.1676998740e-1).fma(p, m)
    p = Self.splat(-1.2420140846e-1).fma(p, m)
    p = Self.splat(1.4249322787e-1).fma(p, m)
    p = Self.splat(-1.6668057665e-1).fma(p, m)
    p = Self.splat(2.0000714765e-1).fma(p, m)
    p = Self.splat(-2.4999993993e-1).fma(p, m)
    p = Self.splat(3.3333331174e-1).fma(p, m)
    let z = m * m
    let tail = (p * m * z).fma(e, Self.splat(-2.12194440e-4)).fma(z, Self.splat(-0.5))
    return (m + tail).fma(e, Self.splat(0.693359375))
  }

  /// The natural logarithm of each lane, within 2 ULP, denormals included; −infinity at zero, NaN below it.
  @inlinable @inline(__always)
  package func log() -> Self {
    let isDenormal = self < Self.splat(.leastNormalMagnitude)
    let normal = Self.select(isDenormal, self * Self.splat(8_388_608), self)
    let shift = Self.select(isDenormal, Self.splat(23), Self.zero())
    let (exponent, significand) = normal.splitExponent()
    let finite = Self.log(exponent: exponent - shift, significand: significand)
    let nonnegative = Self.select(self < Self.splat(.infinity), finite, self)
    let positive = Self.select(self == Self.zero(), Self.splat(-.infinity), nonnegative)
    return Self.select(self < Self.zero(), Self.splat(.nan), positive)
  }

  /// ln(1 + self) for lanes in 0...1, within 3 ULP.
  @inlinable @inline(__always)
  package func logOnePlusOfUnit() -> Self {
    let one = Self.splat(1)
    let sum = one + self
    // What the sum lost, to first order: ln(sum + lost) = ln(sum) + lost / sum.
    let lost = self - (sum - one)
    let (exponent, significand) = sum.splitExponent()
    return Self.log(exponent: exponent, significand: significand) + lost / sum
  }

  /// ln(1 + e^self), within 4 ULP (absolutely below 2⁻¹²⁶ where the result is smaller).
  @inlinable @inline(__always)
  package func softplus() -> Self {
    let small = (Self.zero() - magnitude()).expFlushing().logOnePlusOfUnit()
    return Self.zero().max(self) + small
  }
}
