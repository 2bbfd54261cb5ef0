import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of the elementwise parts of recurrent cells, best first for each operation.
package enum RecurrentKernels: KernelFamily {
  package static func kernel(_ operation: RecurrentOperation, _ target: KernelTarget) -> RecurrentKernel {
    RecurrentKernel(
      name: "recurrent_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
      run: target.recurrent(operation))
  }
}

extension KernelTarget {
  fileprivate func recurrent(_ operation: RecurrentOperation) -> RecurrentFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: recurrentF32_avx512(operation)
    case .avx2: recurrentF32_avx2(operation)
    #endif
    case .portable: recurrentF32_portable(operation)
    }
  }
}
