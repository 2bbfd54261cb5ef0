import KernelCore

/// The normalisation kernels of this target.
package func normalizationF32_portable(_ operation: NormalizationOperation) -> NormalizationFunction {
  normalizationFunction(F32x4.self, operation)
}

/// The softmax kernels of this target.
package func softmaxF32_portable(isLogarithmic: Bool) -> SoftmaxFunction {
  isLogarithmic ? softmaxFunction(F32x4.self, LogSoftmax.self) : softmaxFunction(F32x4.self, Softmax.self)
}
