import KernelCore

/// The targets that instantiate the kernels, best first.
enum KernelTarget: String, CaseIterable {
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
