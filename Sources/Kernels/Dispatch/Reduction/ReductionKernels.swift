import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of reductions of 32-bit floats, best first for each operation.
package enum ReductionKernels: KernelFamily {
  package static func kernel(_ operation: ReductionOperation, _ target: KernelTarget) -> ReductionKernel {
    ReductionKernel(
      name: "reduction_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.reduction(operation))
  }
}

extension KernelTarget {
  fileprivate func reduction(_ operation: ReductionOperation) -> ReductionFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: reductionF32_avx512(operation)
    case .avx2: reductionF32_avx2(operation)
    #endif
    case .portable: reductionF32_portable(operation)
    }
  }
}
