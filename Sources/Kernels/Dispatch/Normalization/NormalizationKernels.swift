import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of normalisation of 32-bit floats, best first for each operation.
package enum NormalizationKernels: KernelFamily {
  package static func kernel(_ operation: NormalizationOperation, _ target: KernelTarget) -> NormalizationKernel {
    NormalizationKernel(
      name: "normalization_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.normalization(operation))
  }
}

extension KernelTarget {
  fileprivate func normalization(_ operation: NormalizationOperation) -> NormalizationFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: normalizationF32_avx512(operation)
    case .avx2: normalizationF32_avx2(operation)
    #endif
    case .portable: normalizationF32_portable(operation)
    }
  }
}
