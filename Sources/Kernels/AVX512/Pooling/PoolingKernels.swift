#if arch(x86_64)
import KernelCore

/// The pooling kernels of this target.
package func poolingF32_avx512(_ operation: PoolingOperation) -> PoolingFunction {
  poolingFunction(F32x16.self, operation)
}
#endif
