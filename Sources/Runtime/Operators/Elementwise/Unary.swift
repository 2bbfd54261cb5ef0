/// Abs, Exp, Relu, Clamp …: a function of each element.
struct Unary: Operator {
  let function: UnaryFunction

  init(_ function: UnaryFunction) { self.function = function }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try function.domain.check(operands, 0)
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] { [function(operands[0])] }
}

extension Unary {
  static func elu(_ node: Node) throws -> Unary { Unary(.elu(alpha: try node.attributes.double("alpha"))) }

  static func clamp(_ node: Node) throws -> Unary {
    let (low, high) = (try node.attributes.double("min"), try node.attributes.double("max"))
    guard low <= high else { throw OVError(.invalidModel, "min is \(low), above max, which is \(high)") }
    return Unary(.clamp(low, high))
  }

  private enum Approximation: String, CaseIterable { case erf, tanh }

  /// Version 2 has no attribute.
  static func gelu(_ node: Node) throws -> Unary {
    guard node.version(among: [2, 7]) == 7 else { return Unary(.gelu) }
    return Unary(try node.attributes.choice("approximation_mode", default: Approximation.erf) == .erf ? .gelu : .geluTanh)
  }

  private enum RoundMode: String, CaseIterable {
    case toEven = "half_to_even"
    case awayFromZero = "half_away_from_zero"
  }

  static func round(_ node: Node) throws -> Unary {
    Unary(try node.attributes.choice("mode", default: RoundMode.toEven) == .toEven ? .roundToEven : .roundAwayFromZero)
  }
}

/// Swish, Selu, HardSigmoid: a function of each element and of parameters that are operands of one element.
struct ParameterisedActivation: Operator {
  let function: ParameterisedFunction

  init(_ function: ParameterisedFunction) { self.function = function }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require((1 + function.parameterCount.lowerBound)...(1 + function.parameterCount.upperBound))
    for index in 0..<operands.count {
      try ElementDomain.real.check(operands, index)
      _ = try operands.commonElementType(0, index)
      guard index == 0 || (operands.shape(index).shape?.checkedElementCount ?? 1) == 1 else {
        throw invalid("input \(index) has the shape \(operands.shape(index)), the parameter is one number")
      }
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let parameters = operands.dropFirst().map { $0.doubles()[0] }
    let x = operands[0]
    return [Tensor(x.elementType, shape: x.shape, doubles: x.doubles().map { function.real($0, parameters) })]
  }
}

/// Gives its operand as it is.
struct Identity: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] { operands }
}

/// Inverts the bits of integers, and booleans.
struct BitwiseNot: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.bitwise.check(operands, 0)
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let x = operands[0]
    if x.elementType == .boolean { return [UnaryFunction.logicalNot(x)] }
    return [Tensor(x.elementType, shape: x.shape, int64s: x.int64s().map { ~$0 })]
  }
}
