#if arch(x86_64)
import KernelCore

/// The normalisation kernels of this target.
package func normalizationF32_avx2(_ operation: NormalizationOperation) -> NormalizationFunction {
  normalizationFunction(F32x8.self, operation)
}

/// The softmax kernels of this target.
package func softmaxF32_avx2(isLogarithmic: Bool) -> SoftmaxFunction {
  isLogarithmic ? softmaxFunction(F32x8.self, LogSoftmax.self) : softmaxFunction(F32x8.self, Softmax.self)
}
#endif
