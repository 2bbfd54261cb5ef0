import KernelCore

/// The targets that instantiate the kernels, best first.
package enum KernelTarget: String, CaseIterable {
  #if arch(x86_64)
  case avx512
  case avx2
  #endif
  case portable

  /// What the target's code needs of the machine.
  var requires: CPUFeatures {
    switch self {
    #if arch(x86_64)
    case .avx512: .avx512
    case .avx2: .avx2
    #endif
    case .portable: []
    }
  }
}

/// The table of kernels that compute one thing, with an instance for every target.
package protocol SoleKernelFamily {
  associatedtype Kernel: KernelDescriptor

  static func kernel(_ target: KernelTarget) -> Kernel
}

extension SoleKernelFamily {
  /// All kernels, best first.
  package static var table: [Kernel] { KernelTarget.allCases.map(kernel) }

  /// The best kernel for a machine with `features`.
  package static func function(features: CPUFeatures = .current) -> Kernel { table.best(for: features) }
}

/// The table of kernels that compute an operation each, with an instance for every target.
package protocol KernelFamily {
  associatedtype Operation: CaseIterable
  associatedtype Kernel: KernelDescriptor

  /// The target's kernel of an operation.
  static func kernel(_ operation: Operation, _ target: KernelTarget) -> Kernel
}

extension KernelFamily {
  /// All kernels, best first for each operation.
  package static var table: [Kernel] { Operation.allCases.flatMap(rows) }

  /// The best kernel of an operation for a machine with `features`.
  package static func function(for operation: Operation, features: CPUFeatures = .current) -> Kernel {
    rows(for: operation).best(for: features)
  }

  private static func rows(for operation: Operation) -> [Kernel] { KernelTarget.allCases.map { kernel(operation, $0) } }
}
