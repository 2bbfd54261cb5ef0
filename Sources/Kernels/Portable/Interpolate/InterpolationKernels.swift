import KernelCore

/// The interpolation kernels of this target.
package func interpolationF32_portable(_ operation: InterpolationOperation) -> InterpolationFunction {
  interpolationFunction(F32x4.self, operation)
}
