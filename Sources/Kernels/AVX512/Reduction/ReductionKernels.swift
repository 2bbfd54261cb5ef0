#if arch(x86_64)
import KernelCore

/// The reduction kernels of this target.
package func reductionF32_avx512(_ operation: ReductionOperation) -> ReductionFunction {
  reductionFunction(F32x16.self, operation)
}
#endif
