import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels that compare a box with those kept before, best first.
package enum OverlapKernels: SoleKernelFamily {
  package static func kernel(_ target: KernelTarget) -> OverlapKernel {
    OverlapKernel(name: "overlap_f32_\(target.rawValue)", requires: target.requires, run: target.overlap)
  }
}

extension KernelTarget {
  fileprivate var overlap: OverlapFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: overlapF32_avx512()
    case .avx2: overlapF32_avx2()
    #endif
    case .portable: overlapF32_portable()
    }
  }
}
