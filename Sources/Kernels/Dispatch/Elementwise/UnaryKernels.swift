import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of unary functions of 32-bit floats, best first for each operation.
package enum UnaryKernels: KernelFamily {
  package static func kernel(_ operation: UnaryOperation, _ target: KernelTarget) -> UnaryKernel {
    UnaryKernel(
      name: "unary_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.unary(operation))
  }
}

extension KernelTarget {
  fileprivate func unary(_ operation: UnaryOperation) -> UnaryF32Function {
    switch self {
    #if arch(x86_64)
    case .avx512: unaryF32_avx512(operation)
    case .avx2: unaryF32_avx2(operation)
    #endif
    case .portable: unaryF32_portable(operation)
    }
  }
}
