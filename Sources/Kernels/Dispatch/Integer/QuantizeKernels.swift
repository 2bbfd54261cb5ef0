import KernelCore

/// The kernels between f32 and 8-bit integers, and of their sums, best first.
package enum QuantizeKernels {
  package static let table: [QuantizeKernel] = [
    QuantizeKernel(name: "quantize_reference", requires: []) { referenceQuantize($0) }
  ]

  /// The best kernel for a machine with `features`.
  package static func function(features: CPUFeatures = .current) -> QuantizeKernel { table.supported(by: features)[0] }
}
