#if arch(x86_64)
import KernelCore

/// The unary kernels of this target.
package func unaryF32_avx2(_ operation: UnaryOperation) -> UnaryF32Function {
  unaryFunction(F32x8.self, operation)
}
#endif
