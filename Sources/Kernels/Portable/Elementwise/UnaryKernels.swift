import KernelCore

/// The unary kernels of this target.
package func unaryF32_portable(_ operation: UnaryOperation) -> UnaryF32Function {
  unaryFunction(F32x4.self, operation)
}
