#if arch(x86_64)
import KernelCore

/// The reduction kernels of this target.
package func reductionF32_avx2(_ operation: ReductionOperation) -> ReductionFunction {
  reductionFunction(F32x8.self, operation)
}
#endif
