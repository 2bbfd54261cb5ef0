let mathematicsOperators: [OperatorRegistry.Entry] =
  reductionOperators + [
    .init("BatchNormInference", [1, 5], BatchNormInference.init),
    .init("CumSum", [3], CumSum.init),
    .init("Einsum", [7], Einsum.init),
    .init("Eye", [9], Eye.init),
    .init("GRN", [1], GRN.init),
    .init("GroupNormalization", [12], GroupNormalization.init),
    .init("Inverse", [14], Inverse.init),
    .init("LRN", [1], LRN.init),
    .init("LogSoftmax", [5], Softmax.init),
    .init("MVN", [2, 6], MVN.init),
    .init("MatMul", [1], MatMul.init),
    .init("Multinomial", [13], Multinomial.init),
    .init("NormalizeL2", [1], NormalizeL2.init),
    .init("RandomUniform", [8], RandomUniform.init),
    .init("Range", [1, 4], RangeSequence.init),
    .init("ScaledDotProductAttention", [13], ScaledDotProductAttention.init),
    .init("Softmax", [1, 8], Softmax.init),
  ]

private func reduction(_ type: String, _ version: Int, _ function: Reduction.Function) -> OperatorRegistry.Entry {
  .init(type, [version]) { try Reduction($0, function) }
}

private let reductionOperators: [OperatorRegistry.Entry] = [
  reduction("ReduceL1", 4, .l1),
  reduction("ReduceL2", 4, .l2),
  reduction("ReduceLogicalAnd", 1, .logicalAnd),
  reduction("ReduceLogicalOr", 1, .logicalOr),
  reduction("ReduceMax", 1, .maximum),
  reduction("ReduceMean", 1, .mean),
  reduction("ReduceMin", 1, .minimum),
  reduction("ReduceProd", 1, .product),
  reduction("ReduceSum", 1, .sum),
]
