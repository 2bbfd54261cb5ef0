import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// What instruction sets do for ``TopKPlan``, best first.
package enum TopKKernels: SoleKernelFamily {
  package static func kernel(_ target: KernelTarget) -> TopKKernel {
    TopKKernel(target: target.rawValue, requires: target.requires, functions: target.topK)
  }
}

extension KernelTarget {
  fileprivate var topK: TopKFunctions {
    switch self {
    #if arch(x86_64)
    case .avx512: topK_avx512()
    case .avx2: topK_avx2()
    #endif
    case .portable: topK_portable()
    }
  }
}
