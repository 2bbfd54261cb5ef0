/// The instruction set extensions that kernels are written for.
///
/// A kernel's descriptor names the features it needs; it may run where those are a subset of the machine's.
package struct CPUFeatures: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// AVX2 with FMA and F16C, and the system saves ymm registers.
  package static let avx2 = CPUFeatures(rawValue: 1 << 0)
  /// AVX-512 F, BW, VL and DQ, and the system saves zmm registers.
  package static let avx512 = CPUFeatures(rawValue: 1 << 1)
  /// `vpdpbusd` on zmm registers.
  package static let avx512VNNI = CPUFeatures(rawValue: 1 << 2)

  /// The features of an x86-64 with everything this package knows.
  package static let all: CPUFeatures = [.avx2, .avx512, .avx512VNNI]
}

/// What every row of a kernel table says of itself.
package protocol KernelDescriptor: Sendable {
  /// The specification: family, element type, tile, instruction set, as in `gemm_f32_6x16_avx2`.
  var name: String { get }
  /// The kernel may run where the machine has all of these.
  var requires: CPUFeatures { get }
}

extension Array where Element: KernelDescriptor {
  /// The rows that may run on a machine with `features`, in the table's order (best first).
  package func supported(by features: CPUFeatures) -> [Element] {
    filter { features.isSuperset(of: $0.requires) }
  }

  /// The first of them.
  ///
  /// - Precondition: the table has a row that runs on every machine.
  package func best(for features: CPUFeatures) -> Element { first { features.isSuperset(of: $0.requires) }! }
}
