import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels between f32 and 8-bit integers, and of their sums, best first.
package enum QuantizeKernels: SoleKernelFamily {
  package static func kernel(_ target: KernelTarget) -> QuantizeKernel {
    QuantizeKernel(name: "quantize_\(target.rawValue)", requires: target.requires, run: target.quantize)
  }
}

extension KernelTarget {
  fileprivate var quantize: QuantizeFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: quantize_avx512
    case .avx2: quantize_avx2
    #endif
    case .portable: quantize_portable
    }
  }
}
