import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of pooling of 32-bit floats, best first for each operation.
package enum PoolingKernels: KernelFamily {
  package static func kernel(_ operation: PoolingOperation, _ target: KernelTarget) -> PoolingKernel {
    PoolingKernel(
      name: "pooling_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.pooling(operation))
  }
}

extension KernelTarget {
  fileprivate func pooling(_ operation: PoolingOperation) -> PoolingFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: poolingF32_avx512(operation)
    case .avx2: poolingF32_avx2(operation)
    #endif
    case .portable: poolingF32_portable(operation)
    }
  }
}
