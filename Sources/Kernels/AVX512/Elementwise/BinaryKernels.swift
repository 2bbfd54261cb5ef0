#if arch(x86_64)
import KernelCore

/// The binary kernels of this target.
package func binary_avx512(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  binaryFunctions(F32x16.self, operation, element)
}
#endif
