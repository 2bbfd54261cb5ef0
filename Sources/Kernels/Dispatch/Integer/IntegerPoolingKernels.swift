import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of pooling of 8-bit integers, best first for each operation.
package enum IntegerPoolingKernels: KernelFamily {
  package static func kernel(_ operation: PoolingOperation, _ target: KernelTarget) -> IntegerPoolingKernel {
    IntegerPoolingKernel(
      name: "pooling_i8_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.pooling(operation))
  }
}

extension KernelTarget {
  fileprivate func pooling(_ operation: PoolingOperation) -> IntegerPoolingFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: poolingI8_avx512(operation)
    case .avx2: poolingI8_avx2(operation)
    #endif
    case .portable: poolingI8_portable(operation)
    }
  }
}
