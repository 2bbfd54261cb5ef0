let elementwiseOperators: [OperatorRegistry.Entry] =
  unaryOperators + binaryOperators + [
    .init("BitwiseNot", [13], BitwiseNot.init),
    .init("Convert", [1], Convert.init),
    .init("ConvertLike", [1], ConvertLike.init),
    .init("ConvertPromoteTypes", [14], ConvertPromoteTypes.init),
    .init("FakeConvert", [13], FakeConvert.init),
    .init("FakeQuantize", [1], FakeQuantize.init),
    .init("HardSigmoid", [1]) { _ in ParameterisedActivation(.hardSigmoid) },
    .init("Identity", [16], Identity.init),
    .init("IsFinite", [10], FloatClass.isFinite),
    .init("IsInf", [10], FloatClass.isInf),
    .init("IsNaN", [10], FloatClass.isNaN),
    .init("PRelu", [1], PRelu.init),
    .init("Select", [1], Select.init),
    .init("Selu", [1]) { _ in ParameterisedActivation(.selu) },
    .init("Swish", [4]) { _ in ParameterisedActivation(.swish) },
  ]

private func unary(_ type: String, _ version: Int, _ function: UnaryFunction) -> OperatorRegistry.Entry {
  .init(type, [version]) { _ in Unary(function) }
}

private let unaryOperators: [OperatorRegistry.Entry] = [
  unary("Abs", 1, .abs),
  unary("Acos", 1, .arcCosine),
  unary("Acosh", 4, .inverseHyperbolicCosine),
  unary("Asin", 1, .arcSine),
  unary("Asinh", 4, .inverseHyperbolicSine),
  unary("Atan", 1, .arcTangent),
  unary("Atanh", 4, .inverseHyperbolicTangent),
  unary("Ceiling", 1, .ceiling),
  .init("Clamp", [1], Unary.clamp),
  unary("Cos", 1, .cosine),
  unary("Cosh", 1, .hyperbolicCosine),
  .init("Elu", [1], Unary.elu),
  unary("Erf", 1, .errorFunction),
  unary("ErfInv", 17, .inverseErrorFunction),
  unary("Exp", 1, .exponential),
  unary("Floor", 1, .floor),
  .init("Gelu", [2, 7], Unary.gelu),
  unary("HSigmoid", 5, .hSigmoid),
  unary("HSwish", 4, .hSwish),
  unary("Log", 1, .logarithm),
  unary("LogicalNot", 1, .logicalNot),
  unary("Mish", 4, .mish),
  unary("Negative", 1, .negative),
  unary("Relu", 1, .relu),
  .init("Round", [5], Unary.round),
  unary("Sigmoid", 1, .sigmoid),
  unary("Sign", 1, .sign),
  unary("Sin", 1, .sine),
  unary("Sinh", 1, .hyperbolicSine),
  unary("SoftPlus", 4, .softPlus),
  unary("SoftSign", 9, .softSign),
  unary("Sqrt", 1, .squareRoot),
  unary("Tan", 1, .tangent),
  unary("Tanh", 1, .hyperbolicTangent),
]

private func binary(_ type: String, _ version: Int, _ function: BinaryArithmetic.Function) -> OperatorRegistry.Entry {
  .init(type, [version]) { try BinaryArithmetic($0, function) }
}

private func comparison(_ type: String, _ function: Comparison.Function) -> OperatorRegistry.Entry {
  .init(type, [1]) { try Comparison($0, function) }
}

private let binaryOperators: [OperatorRegistry.Entry] = [
  binary("Add", 1, .add),
  binary("BitwiseAnd", 13, .bitwiseAnd),
  binary("BitwiseLeftShift", 15, .leftShift),
  binary("BitwiseOr", 13, .bitwiseOr),
  binary("BitwiseRightShift", 15, .rightShift),
  binary("BitwiseXor", 13, .bitwiseXor),
  // Integers truncate whatever `m_pythondiv` says, as in OpenVINO's CPU plugin: importers set it without meaning it.
  binary("Divide", 1, .divide),
  comparison("Equal", .equal),
  binary("FloorMod", 1, .floorMod),
  comparison("Greater", .greater),
  comparison("GreaterEqual", .greaterEqual),
  comparison("Less", .less),
  comparison("LessEqual", .lessEqual),
  binary("LogicalAnd", 1, .logicalAnd),
  binary("LogicalOr", 1, .logicalOr),
  binary("LogicalXor", 2, .logicalXor),
  binary("Maximum", 1, .maximum),
  binary("Minimum", 1, .minimum),
  binary("Mod", 1, .mod),
  binary("Multiply", 1, .multiply),
  comparison("NotEqual", .notEqual),
  binary("Power", 1, .power),
  binary("SquaredDifference", 1, .squaredDifference),
  binary("Subtract", 1, .subtract),
  binary("Xor", 1, .logicalXor),
]
