import KernelCore

/// The reduction kernels of this target.
package func reductionF32_portable(_ operation: ReductionOperation) -> ReductionFunction {
  reductionFunction(F32x4.self, operation)
}
