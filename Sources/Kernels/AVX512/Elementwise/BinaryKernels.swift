#if arch(x86_64)
import KernelCore

/// The binary kernels of this target. Loops over elements are bound by memory or the divider: those of AVX2 serve.
package func binary_avx512(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
  element == .f32 ? binaryVectorFunctions(F32x16.self, operation) ?? binaryCheckedFunctions(F32x16.self, operation) : nil
}
#endif
