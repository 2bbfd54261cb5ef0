import KernelCore

/// The recurrent cells' kernels of this target.
package func recurrentF32_portable(_ operation: RecurrentOperation) -> RecurrentFunction {
  recurrentFunction(F32x4.self, operation)
}
