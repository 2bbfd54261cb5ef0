import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of functions of two operands, best first for each operation and element type.
package enum BinaryKernels {
  package static let table: [BinaryKernel] = BinaryOperation.allCases.flatMap { operation in
    KernelElement.allCases.flatMap { rows(for: operation, element: $0) }
  }

  /// The best kernel for a machine with `features`, or nil where the operation has none for operands of `element`.
  package static func function(
    for operation: BinaryOperation, element: KernelElement, features: CPUFeatures = .current
  ) -> BinaryKernel? {
    rows(for: operation, element: element).supported(by: features).first
  }

  private static func rows(for operation: BinaryOperation, element: KernelElement) -> [BinaryKernel] {
    KernelTarget.allCases.compactMap { target in
      target.binary(operation, element).map { functions in
        BinaryKernel(
          name: "binary_\(element.rawValue)_\(operation.rawValue)_\(target.rawValue)", requires: target.requires,
          operation: operation, element: element, functions: functions)
      }
    }
  }
}

extension KernelTarget {
  fileprivate func binary(_ operation: BinaryOperation, _ element: KernelElement) -> BinaryFunctions? {
    switch self {
    #if arch(x86_64)
    case .avx512: binary_avx512(operation, element)
    case .avx2: binary_avx2(operation, element)
    #endif
    case .portable: binary_portable(operation, element) ?? binaryScalarFunctions(operation, element)
    }
  }
}
