import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of the elementwise parts of recurrent cells, best first for each operation.
package enum RecurrentKernels {
  package static let table: [RecurrentKernel] = RecurrentOperation.allCases.flatMap(rows)

  /// The best kernel of an operation for a machine with `features`.
  package static func function(for operation: RecurrentOperation, features: CPUFeatures = .current) -> RecurrentKernel {
    rows(for: operation).supported(by: features)[0]
  }

  private static func rows(for operation: RecurrentOperation) -> [RecurrentKernel] {
    KernelTarget.allCases.map { target in
      RecurrentKernel(
        name: "recurrent_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
        run: target.recurrent(operation))
    }
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
