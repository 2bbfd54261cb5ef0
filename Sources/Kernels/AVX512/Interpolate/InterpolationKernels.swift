#if arch(x86_64)
import KernelCore

/// The interpolation kernels of this target.
package func interpolationF32_avx512(_ operation: InterpolationOperation) -> InterpolationFunction {
  interpolationFunction(F32x16.self, operation)
}
#endif
