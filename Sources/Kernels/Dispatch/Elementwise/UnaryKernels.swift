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
    let name = "unary_f32_\(operation.rawValue)_"
    var rows: [UnaryKernel] = []
    #if arch(x86_64)
    rows += [
      UnaryKernel(name: name + "avx512", requires: .avx512, operation: operation, run: unaryF32_avx512(operation)),
      UnaryKernel(name: name + "avx2", requires: .avx2, operation: operation, run: unaryF32_avx2(operation)),
    ]
    #endif
    rows.append(UnaryKernel(name: name + "portable", requires: [], operation: operation, run: unaryF32_portable(operation)))
    return rows
  }
}
