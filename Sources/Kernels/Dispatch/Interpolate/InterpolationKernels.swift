import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of interpolations of channels-last images, best first for each operation.
package enum InterpolationKernels: KernelFamily {
  package static func kernel(_ operation: InterpolationOperation, _ target: KernelTarget) -> InterpolationKernel {
    InterpolationKernel(
      name: "interpolation_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.interpolation(operation))
  }
}

extension KernelTarget {
  fileprivate func interpolation(_ operation: InterpolationOperation) -> InterpolationFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: interpolationF32_avx512(operation)
    case .avx2: interpolationF32_avx2(operation)
    #endif
    case .portable: interpolationF32_portable(operation)
    }
  }
}
