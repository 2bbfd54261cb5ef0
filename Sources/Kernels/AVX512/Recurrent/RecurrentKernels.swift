#if arch(x86_64)
import KernelCore

/// The recurrent cells' kernels of this target.
package func recurrentF32_avx512(_ operation: RecurrentOperation) -> RecurrentFunction {
  recurrentFunction(F32x16.self, operation)
}
#endif
