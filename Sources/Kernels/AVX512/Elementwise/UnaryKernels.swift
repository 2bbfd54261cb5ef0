#if arch(x86_64)
import KernelCore

/// The unary kernels of this target.
package func unaryF32_avx512(_ operation: UnaryOperation) -> UnaryF32Function {
  unaryFunction(F32x16.self, operation)
}
#endif
