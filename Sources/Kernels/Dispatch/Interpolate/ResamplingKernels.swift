import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels that resize and sample channels-last images, best first.
package enum ResamplingKernels {
  package static let table: [ResamplingKernel] = KernelTarget.allCases.map {
    ResamplingKernel(name: "resample_f32_\($0.rawValue)", requires: $0.requires, functions: $0.resampling)
  }

  /// The best kernel for a machine with `features`.
  package static func function(features: CPUFeatures = .current) -> ResamplingKernel { table.supported(by: features)[0] }
}

extension KernelTarget {
  fileprivate var resampling: (resize: ResizeFunction, sample: SampleFunction) {
    switch self {
    #if arch(x86_64)
    case .avx512: resamplingF32_avx512()
    case .avx2: resamplingF32_avx2()
    #endif
    case .portable: resamplingF32_portable()
    }
  }
}
