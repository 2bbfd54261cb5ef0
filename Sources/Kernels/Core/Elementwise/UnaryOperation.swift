/// The unary functions of 32-bit floats that have vector kernels, and what their two parameters mean.
///
/// NaN stays NaN in all of them. Where OpenVINO has an operation of the name, the formula is its.
@usableFromInline package enum UnaryOperation: String, CaseIterable, Sendable {
  case abs
  case negative
  /// x·alpha + beta.
  case affine
  case square
  case sqrt
  case reciprocal
  /// 1 / sqrt(x).
  case reciprocalSqrt = "reciprocal_sqrt"
  case sign
  case floor
  case ceiling
  /// To the nearest integer, ties to even.
  case roundHalfToEven = "round_half_to_even"
  /// To the nearest integer, ties away from zero.
  case roundHalfAwayFromZero = "round_half_away_from_zero"

  case relu
  /// x where positive, x·alpha elsewhere.
  case prelu
  /// Into alpha...beta.
  case clamp
  /// max(0, min(1, x·alpha + beta)).
  case hardSigmoid = "hard_sigmoid"
  /// min(max(x + 3, 0), 6) / 6.
  case hsigmoid
  /// x · hsigmoid(x).
  case hswish
  /// x / (1 + |x|).
  case softsign

  case exp
  case log
  case sigmoid
  case tanh
  case erf
  case softplus
  /// x where positive, alpha·(eˣ − 1) elsewhere.
  case elu
  /// beta · elu(x, alpha).
  case selu
  /// x · sigmoid(alpha·x).
  case swish
  /// x · tanh(softplus(x)).
  case mish
  /// x/2 · (1 + erf(x/√2)).
  case geluErf = "gelu_erf"
  /// x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))).
  case geluTanh = "gelu_tanh"
  case sin
  case cos
}
