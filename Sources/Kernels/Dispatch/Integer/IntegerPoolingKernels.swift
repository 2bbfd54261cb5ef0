import KernelCore

/// The kernels of pooling of 8-bit integers, best first for each operation.
package enum IntegerPoolingKernels {
  package static let table: [IntegerPoolingKernel] = PoolingOperation.allCases.flatMap(rows)

  /// The best kernel of an operation for a machine with `features`.
  package static func function(for operation: PoolingOperation, features: CPUFeatures = .current) -> IntegerPoolingKernel {
    rows(for: operation).supported(by: features)[0]
  }

  private static func rows(for operation: PoolingOperation) -> [IntegerPoolingKernel] {
    [
      IntegerPoolingKernel(name: "pooling_i8_\(operation.rawValue)_reference", requires: [], operation: operation) {
        referenceIntegerPooling(operation, $0, $1, $2, $3, $4)
      }
    ]
  }
}
