import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels between f32 and 8-bit integers, and of their sums, best first.
package enum QuantizeKernels {
  package static let table: [QuantizeKernel] = KernelTarget.allCases.map {
    QuantizeKernel(name: "quantize_\($0.rawValue)", requires: $0.requires, run: $0.quantize)
  }

  /// The best kernel for a machine with `features`.
  package static func function(features: CPUFeatures = .current) -> QuantizeKernel { table.supported(by: features)[0] }
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
