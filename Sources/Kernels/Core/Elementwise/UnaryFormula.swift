/// One unary function of float vectors.
@usableFromInline package protocol UnaryFormula: SendableMetatype {
  static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V
}

/// A unary function whose vector form holds up to ``trigonometricDomain``; beyond it a scalar form is called.
@usableFromInline package protocol TrigonometricFormula: UnaryFormula {
  static func applyScalar(_ x: Float) -> Float
}

/// The formulas of ``UnaryOperation``, as types so that each kernel is compiled for one of them.
@usableFromInline package enum UnaryFormulas {
  @usableFromInline package enum Abs: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.magnitude() }
  }

  @usableFromInline package enum Negative: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.splat(-0.0) - x }
  }

  @usableFromInline package enum Affine: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { beta.fma(x, alpha) }
  }

  @usableFromInline package enum Square: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x * x }
  }

  @usableFromInline package enum Sqrt: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.squareRoot() }
  }

  @usableFromInline package enum Reciprocal: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.splat(1) / x }
  }

  @usableFromInline package enum ReciprocalSqrt: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.splat(1) / x.squareRoot() }
  }

  @usableFromInline package enum Sign: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      let nonnegative = V.select(V.zero() < x, V.splat(1), x)
      return V.select(x < V.zero(), V.splat(-1), nonnegative)
    }
  }

  @usableFromInline package enum Floor: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.roundedDown() }
  }

  @usableFromInline package enum Ceiling: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.splat(-0.0) - (V.splat(-0.0) - x).roundedDown() }
  }

  @usableFromInline package enum RoundHalfToEven: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      x.roundedToNearestEven()
    }
  }

  @usableFromInline package enum RoundHalfAwayFromZero: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      let m = x.magnitude()
      let whole = m.roundedDown()
      let up = V.select(V.splat(0.5) <= m - whole, V.splat(1), V.zero())
      return (whole + up).withSign(of: x)
    }
  }

  @usableFromInline package enum Relu: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.zero().max(x) }
  }

  @usableFromInline package enum PRelu: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.select(x < V.zero(), x * alpha, x) }
  }

  @usableFromInline package enum Clamp: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { beta.min(alpha.max(x)) }
  }

  @usableFromInline package enum HardSigmoid: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { V.splat(1).min(V.zero().max(beta.fma(x, alpha))) }
  }

  @usableFromInline package enum HSigmoid: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      V.splat(6).min(V.zero().max(x + V.splat(3))) * V.splat(1 / 6)
    }
  }

  @usableFromInline package enum HSwish: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x * HSigmoid.apply(x, alpha, beta) }
  }

  @usableFromInline package enum SoftSign: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x / (V.splat(1) + x.magnitude()) }
  }

  @usableFromInline package enum Exp: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.exp() }
  }

  @usableFromInline package enum Log: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.log() }
  }

  @usableFromInline package enum Sigmoid: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.sigmoid() }
  }

  @usableFromInline package enum Tanh: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.tanh() }
  }

  @usableFromInline package enum Erf: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.erf() }
  }

  @usableFromInline package enum SoftPlus: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.softplus() }
  }

  @usableFromInline package enum Elu: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      V.select(x < V.zero(), alpha * x.expMinusOneOfNonpositive(), x)
    }
  }

  @usableFromInline package enum Selu: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { beta * Elu.apply(x, alpha, beta) }
  }

  @usableFromInline package enum Swish: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x * (x * alpha).sigmoid() }
  }

  @usableFromInline package enum Mish: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      // tanh(ln(1 + e)) = n / (n + 2) with n = e·(e + 2); the ratio is 1 long before the exponential overflows.
      let e = V.splat(20).min(x).expFlushing()
      let n = e * (e + V.splat(2))
      return x * (n / (n + V.splat(2)))
    }
  }

  @usableFromInline package enum GeluErf: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      let half = V.splat(0.5) * x
      return half.fma(half, (x * V.splat(0.707106781)).erf())
    }
  }

  @usableFromInline package enum GeluTanh: UnaryFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V {
      let half = V.splat(0.5) * x
      let argument = x * V.splat(0.797884561).fma(V.splat(0.0356774081), x * x)
      return half.fma(half, argument.tanh())
    }
  }

  @usableFromInline package enum Sin: TrigonometricFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.sin() }
    @inlinable @inline(__always)
    package static func applyScalar(_ x: Float) -> Float { scalarSine(x) }
  }

  @usableFromInline package enum Cos: TrigonometricFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(_ x: V, _ alpha: V, _ beta: V) -> V { x.cos() }
    @inlinable @inline(__always)
    package static func applyScalar(_ x: Float) -> Float { scalarCosine(x) }
  }
}
