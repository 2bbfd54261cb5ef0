import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels that resize and sample channels-last images, best first.
package enum ResamplingKernels: SoleKernelFamily {
  package static func kernel(_ target: KernelTarget) -> ResamplingKernel {
    ResamplingKernel(name: "resample_f32_\(target.rawValue)", requires: target.requires, functions: target.resampling)
  }
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
