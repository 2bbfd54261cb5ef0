#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A function of one number, in the two domains.
struct UnaryFunction: Sendable {
  var domain = ElementDomain.numeric
  let real: @Sendable (Double) -> Double
  /// For signed integers and booleans, and where they agree for unsigned ones; without it the real result is rounded to the
  /// nearest integer.
  var integer: (@Sendable (Int64) -> Int64)?
  /// For `u64`, whose upper half the signed expression would misread.
  var unsigned: (@Sendable (UInt64) -> UInt64)?

  /// Applies the function to each element.
  func callAsFunction(_ tensor: Tensor) -> Tensor {
    let (type, shape) = (tensor.elementType, tensor.shape)
    if type == .u64, let unsigned {
      return Tensor(type, shape: shape, int64s: tensor.int64s().map { Int64(bitPattern: unsigned(UInt64(bitPattern: $0))) })
    }
    if !type.isFloatingPoint, let integer { return Tensor(type, shape: shape, int64s: tensor.int64s().map(integer)) }
    if type.isFloatingPoint { return Tensor(type, shape: shape, doubles: tensor.doubles().map(real)) }
    return Tensor(type, shape: shape, doubles: tensor.doubles().map { real($0).rounded() })
  }

  /// `base` to the power of `exponent`.
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}

// MARK: Mathematics

extension UnaryFunction {
  static let abs = Self(real: { $0.magnitude }, integer: { $0 < 0 ? 0 &- $0 : $0 }, unsigned: { $0 })
  static let negative = Self(real: { -$0 }, integer: { 0 &- $0 })
  static let sign = Self(real: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, integer: { $0.signum() }, unsigned: { min($0, 1) })
  static let ceiling = Self(real: { $0.rounded(.up) }, integer: { $0 })
  static let floor = Self(real: { $0.rounded(.down) }, integer: { $0 })
  static let roundToEven = Self(real: { $0.rounded(.toNearestOrEven) }, integer: { $0 })
  static let roundAwayFromZero = Self(real: { $0.rounded(.toNearestOrAwayFromZero) }, integer: { $0 })
  static let exponential = Self(real: { exp($0) })
  static let logarithm = Self(real: { log($0) })
  static let squareRoot = Self(real: { $0.squareRoot() })
  static let errorFunction = Self(real: { erf($0) })
  static let sine = Self(real: { sin($0) })
  static let cosine = Self(real: { cos($0) })
  static let tangent = Self(real: { tan($0) })
  static let arcSine = Self(real: { asin($0) })
  static let arcCosine = Self(real: { acos($0) })
  static let arcTangent = Self(real: { atan($0) })
  static let hyperbolicSine = Self(real: { sinh($0) })
  static let hyperbolicCosine = Self(real: { cosh($0) })
  static let hyperbolicTangent = Self(real: { tanh($0) })
  static let inverseHyperbolicSine = Self(real: { asinh($0) })
  static let inverseHyperbolicCosine = Self(real: { acosh($0) })
  static let inverseHyperbolicTangent = Self(real: { atanh($0) })

  /// The inverse of the error function: a closed approximation, refined by Newton's method.
  static let inverseErrorFunction = Self(
    domain: .real,
    real: { y in
      if y.magnitude >= 1 { return y.magnitude == 1 ? y * .infinity : .nan }
      // Winitzki's approximation, off by 2e-3 at most.
      let a = 0.147
      let l = log1p(-y * y)
      let b = 2 / (.pi * a) + l / 2
      var x = ((b * b - l / a).squareRoot() - b).squareRoot()
      for _ in 0..<4 { x += (erfc(x) - (1 - y.magnitude)) * exp(x * x) * Double.pi.squareRoot() / 2 }
      return y < 0 ? -x : x
    })

  static let logicalNot = Self(domain: .logical, real: { $0 == 0 ? 1 : 0 }, integer: { $0 == 0 ? 1 : 0 })
}

// MARK: Activations

extension UnaryFunction {
  static let relu = Self(real: { $0 > 0 ? $0 : 0 }, integer: { max($0, 0) }, unsigned: { $0 })
  static let sigmoid = Self(real: { 1 / (1 + exp(-$0)) })
  static let softPlus = Self(domain: .real, real: { max($0, 0) + log1p(exp(-$0.magnitude)) })
  static let softSign = Self(domain: .real, real: { $0 / (1 + $0.magnitude) })
  static let mish = Self(domain: .real, real: { $0 * tanh(max($0, 0) + log1p(exp(-$0.magnitude))) })
  static let hSigmoid = Self(domain: .real, real: { min(max($0 + 3, 0), 6) / 6 })
  static let hSwish = Self(domain: .real, real: { $0 * min(max($0 + 3, 0), 6) / 6 })
  static let gelu = Self(domain: .real, real: { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) })
  static let geluTanh = Self(
    domain: .real, real: { $0 / 2 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) })

  static func elu(alpha: Double) -> Self { Self(domain: .real, real: { $0 < 0 ? alpha * expm1($0) : $0 }) }

  /// Integers are held between the integers within the bounds.
  static func clamp(_ low: Double, _ high: Double) -> Self {
    let (least, greatest) = (Int64(clamping: low.rounded(.up)), Int64(clamping: high.rounded(.down)))
    let (unsignedLeast, unsignedGreatest) = (UInt64(clamping: low.rounded(.up)), UInt64(clamping: high.rounded(.down)))
    return Self(
      real: { $0 < low ? low : $0 > high ? high : $0 },
      integer: { max(least, min(greatest, $0)) },
      unsigned: { max(unsignedLeast, min(unsignedGreatest, $0)) })
  }
}

// MARK: Activations with parameters among the operands

/// A function of a number and of parameters that are the same for all elements.
struct ParameterisedFunction: Sendable {
  /// How many parameters there may be.
  let parameterCount: ClosedRange<Int>
  let real: @Sendable (_ x: Double, _ parameters: [Double]) -> Double
}

extension ParameterisedFunction {
  /// x · sigmoid(beta · x), beta 1 when absent.
  static let swish = Self(parameterCount: 0...1) { x, parameters in x / (1 + exp(-(parameters.first ?? 1) * x)) }
  /// lambda · (x above zero, alpha · (eˣ − 1) below); the parameters are alpha and lambda.
  static let selu = Self(parameterCount: 2...2) { x, parameters in parameters[1] * (x > 0 ? x : parameters[0] * expm1(x)) }
  /// alpha · x + beta held between 0 and 1.
  static let hardSigmoid = Self(parameterCount: 2...2) { x, parameters in max(0, min(1, parameters[0] * x + parameters[1])) }
}
