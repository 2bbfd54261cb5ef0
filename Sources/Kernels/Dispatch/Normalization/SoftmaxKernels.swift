import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of softmax and its logarithm, best first for each.
package enum SoftmaxKernels {
  package static let table: [SoftmaxKernel] = [false, true].flatMap(rows)

  /// The best kernel for a machine with `features`.
  package static func function(isLogarithmic: Bool, features: CPUFeatures = .current) -> SoftmaxKernel {
    rows(isLogarithmic: isLogarithmic).best(for: features)
  }

  private static func rows(isLogarithmic: Bool) -> [SoftmaxKernel] {
    KernelTarget.allCases.map { target in
      SoftmaxKernel(
        name: "\(isLogarithmic ? "log_softmax" : "softmax")_f32_\(target.rawValue)", requires: target.requires,
        isLogarithmic: isLogarithmic, run: target.softmax(isLogarithmic: isLogarithmic))
    }
  }
}

extension KernelTarget {
  fileprivate func softmax(isLogarithmic: Bool) -> SoftmaxFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: softmaxF32_avx512(isLogarithmic: isLogarithmic)
    case .avx2: softmaxF32_avx2(isLogarithmic: isLogarithmic)
    #endif
    case .portable: softmaxF32_portable(isLogarithmic: isLogarithmic)
    }
  }
}
