#if arch(x86_64)
import KernelCore

/// The normalisation kernels of this target.
package func normalizationF32_avx512(_ operation: NormalizationOperation) -> NormalizationFunction {
  normalizationFunction(F32x16.self, operation)
}

/// The softmax kernels of this target.
package func softmaxF32_avx512(isLogarithmic: Bool) -> SoftmaxFunction {
  isLogarithmic ? softmaxFunction(F32x16.self, LogSoftmax.self) : softmaxFunction(F32x16.self, Softmax.self)
}
#endif
