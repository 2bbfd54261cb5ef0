import KernelCore
import Kernels

/// A unary kernel with its parameters: what Relu, Clamp, Swish … become, alone or fused into a producer.
struct ElementwiseFunction: Hashable, Sendable {
  let operation: UnaryOperation
  var alpha: Float = 0
  var beta: Float = 0

  /// The kernel for an operation on `f32`; `nil` when the operation has none, or a parameter is not a constant.
  ///
  /// `operandCount`: how many operands the operation has.
  /// `constant`: the value of one of them, when it is known.
  init?(type: String, opset: String, attributes: Attributes, operandCount: Int, constant: (Int) throws -> Tensor?) throws {
    if let plain = ElementwiseFunction.plain[type] {
      self.init(plain)
      return
    }
    func scalar(_ index: Int, default fallback: Float? = nil) throws -> Float? {
      guard index < operandCount else { return fallback }
      guard let value = try constant(index) else { return nil }
      return value.elementCount == 1 ? Float(value.doubles()[0]) : nil
    }
    switch type {
    case "Clamp": self.init(.clamp, Float(try attributes.double("min")), Float(try attributes.double("max")))
    case "Elu": self.init(.elu, Float(try attributes.double("alpha")))
    case "Gelu":
      let isTanh = opset != "opset2" && attributes["approximation_mode"]?.lowercased() == "tanh"
      self.init(isTanh ? .geluTanh : .geluErf)
    case "Round":
      self.init(attributes["mode"]?.lowercased() == "half_away_from_zero" ? .roundHalfAwayFromZero : .roundHalfToEven)
    case "Swish":
      guard let beta = try scalar(1, default: 1) else { return nil }
      self.init(.swish, beta)
    case "PRelu":
      guard let slope = try scalar(1) else { return nil }
      self.init(.prelu, slope)
    case "Selu":
      guard let alpha = try scalar(1), let lambda = try scalar(2) else { return nil }
      self.init(.selu, alpha, lambda)
    case "HardSigmoid":
      guard let alpha = try scalar(1), let beta = try scalar(2) else { return nil }
      self.init(.hardSigmoid, alpha, beta)
    case "Power":
      switch try scalar(1) {
      case 2: self.init(.square)
      case 0.5: self.init(.sqrt)
      case -1: self.init(.reciprocal)
      case -0.5: self.init(.reciprocalSqrt)
      default: return nil
      }
    default: return nil
    }
  }

  init(_ operation: UnaryOperation, _ alpha: Float = 0, _ beta: Float = 0) {
    self.operation = operation
    self.alpha = alpha
    self.beta = beta
  }

  /// Operations without parameters.
  private static let plain: [String: UnaryOperation] = [
    "Abs": .abs, "Negative": .negative, "Sqrt": .sqrt, "Sign": .sign, "Floor": .floor, "Ceiling": .ceiling, "Relu": .relu,
    "HSigmoid": .hsigmoid, "HSwish": .hswish, "SoftSign": .softsign, "Exp": .exp, "Log": .log, "Sigmoid": .sigmoid, "Tanh": .tanh,
    "Erf": .erf, "SoftPlus": .softplus, "Mish": .mish, "Sin": .sin, "Cos": .cos,
  ]

  /// The interval a clamp keeps to, when the function is one.
  var clampRange: (minimum: Float, maximum: Float)? {
    switch operation {
    case .relu: (0, .infinity)
    case .clamp: (alpha, beta)
    default: nil
    }
  }
}
