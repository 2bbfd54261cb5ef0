import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels that compare a box with those kept before, best first.
package enum OverlapKernels {
  package static let table: [OverlapKernel] = KernelTarget.allCases.map {
    OverlapKernel(name: "overlap_f32_\($0.rawValue)", requires: $0.requires, run: $0.overlap)
  }

  /// The best kernel for a machine with `features`.
  package static func function(features: CPUFeatures = .current) -> OverlapKernel { table.supported(by: features)[0] }
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
