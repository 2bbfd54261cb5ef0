import KernelCore

extension CPUFeatures {
  /// The widest instruction set among the features, as `benchmark` reports it.
  var instructionSetName: String {
    if contains(.avx512VNNI) { return "avx512vnni" }
    if contains(.avx512) { return "avx512" }
    return contains(.avx2) ? "avx2" : "portable"
  }
}
