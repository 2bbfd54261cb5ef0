// Exponentials and logarithms.
//
// The polynomials are those of Cephes (S. L. Moshier, `expf` and `logf`): e^r on |r| <= ln(2)/2 after a reduction by
// multiples of ln(2) in two parts, of which the first has so few bits that its products are exact with or without a
// fused multiply-add; ln(m) on [sqrt(1/2), sqrt(2)).

extension FloatVector {
  /// The integer nearest to self · `factor`, for a magnitude below 2²¹; `sum` has the integer + `bias` in its lowest bits.
  @inlinable @inline(__always)
  package func nearestInteger(times factor: Float, bias: Float = 0) -> (integer: Self, sum: Self) {
    // The last bit of such a sum is 1: it is rounded to an integer.
    let shift = Self.splat(0x1.8p23 + bias)
    let sum = shift.fma(self, Self.splat(factor))
    return (sum - shift, sum)
  }

  /// The integer nearest to self / ln(2), and 2 to its power if that is in −126...127; 0 for −127 and infinity for 128.
  @inlinable @inline(__always)
  package func nearestPowerOfTwo() -> (exponent: Self, power: Self) {
    let (integer, sum) = nearestInteger(times: 1.44269504, bias: 127)
    return (integer, sum.lowestBitsAsExponent())
  }

  /// 2ⁿ for lanes that hold integers in −126...127; 0 for −127 and infinity for 128.
  @inlinable @inline(__always)
  package func exponentOfTwo() -> Self { (self + Self.splat(0x1.8p23 + 127)).lowestBitsAsExponent() }

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
    let n = x.nearestInteger(times: 1.44269504).integer
    let p = x.reducedByNaturalLogarithmOfTwo(times: n).exponentialOfReduced()
    // Two factors, so that each is a normal number and only the last product rounds a denormal result.
    let (half, sum) = n.nearestInteger(times: 0.5, bias: 127)
    return p * sum.lowestBitsAsExponent() * (n - half).exponentOfTwo()
  }

  /// e raised to each lane within 2 ULP on −87.3...88.3; zero or denormal below and infinity above, by a few instructions
  /// fewer than ``exp()``. NaN stays NaN.
  @inlinable @inline(__always)
  package func expFlushing() -> Self {
    let x = Self.splat(88.8).min(Self.splat(-88).max(self))
    let (n, power) = x.nearestPowerOfTwo()
    return x.reducedByNaturalLogarithmOfTwo(times: n).exponentialOfReduced() * power
  }

  /// e^self − 1 for lanes that are not positive, within 3 ULP; −1 far below zero. NaN stays NaN.
  @inlinable @inline(__always)
  package func expMinusOneOfNonpositive() -> Self {
    let x = Self.splat(-18).max(self)
    let (n, scale) = x.nearestPowerOfTwo()
    let r = x.reducedByNaturalLogarithmOfTwo(times: n)
    return (scale - Self.splat(1)).fma(scale, r.fma(r.exponentialTail(), r * r))
  }

  /// ln(2^exponent · significand), for an integral exponent and a significand in [√½, √2).
  @inlinable @inline(__always)
  package static func log(exponent e: Self, significand: Self) -> Self {
    let m = significand - Self.splat(1)
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
  ///
  /// It is 2 · artanh s for s = self / (2 + self), which is at most 1/3: a polynomial that is off by less than 2⁻²⁷ of the result.
  @inlinable @inline(__always)
  package func logOnePlusOfUnit() -> Self {
    let s = self / (Self.splat(2) + self)
    let z = s * s
    var p = Self.splat(0.280018054).fma(Self.splat(0.280119862), z)
    p = Self.splat(0.400215272).fma(p, z)
    p = Self.splat(0.666664163).fma(p, z)
    return (s + s).fma(s * z, p)
  }

  /// ln(1 + e^self), within 4 ULP (absolutely below 2⁻¹²⁶ where the result is smaller).
  @inlinable @inline(__always)
  package func softplus() -> Self {
    Self.zero().max(self) + withSign(of: Self.splat(-1)).expFlushing().logOnePlusOfUnit()
  }
}
