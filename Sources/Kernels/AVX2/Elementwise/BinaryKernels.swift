#if arch(x86_64)
import KernelCore

/// The binary kernels of this target.
package func binary_avx2(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  binaryFunctions(F32x8.self, operation, element) ?? (element == .f32 ? binaryCheckedFunctions(F32x8.self, operation) : nil)
}
#endif
