import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of unary functions of 32-bit floats, best first for each operation.
package enum UnaryKernels {
  package static let table: [UnaryKernel] = UnaryOperation.allCases.flatMap(rows)

  /// The best kernel of an operation for a machine with `features`.
  package static func function(for operation: UnaryOperation, features: CPUFeatures = .current) -> UnaryKernel {
    rows(for: operation).supported(by: features)[0]
  }

  private static func rows(for operation: UnaryOperation) -> [UnaryKernel] {
    KernelTarget.allCases.map { target in
      UnaryKernel(
        name: "unary_f32_\(operation.rawValue)_\(target.rawValue)", requires: target.requires, operation: operation,
        run: target.unary(operation))
    }
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
