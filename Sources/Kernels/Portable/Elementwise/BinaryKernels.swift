import KernelCore

/// The binary kernels of this target.
package func binary_portable(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  binaryFunctions(F32x4.self, operation, element)
}
