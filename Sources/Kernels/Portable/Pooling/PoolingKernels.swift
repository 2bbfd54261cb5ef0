import KernelCore

/// The pooling kernels of this target.
package func poolingF32_portable(_ operation: PoolingOperation) -> PoolingFunction {
  poolingFunction(F32x4.self, operation)
}
