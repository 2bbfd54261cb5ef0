import Kernels
import OVRuntime

/// What one processor does at most, in units of 10⁹ multiplications and additions a second: its fastest instructions, in registers alone.
struct ProcessorPeak {
  /// Multiply-additions of 32-bit floats.
  private(set) var floats: Double
  /// Dot products of 8-bit integers.
  private(set) var integers: Double

  /// Measures for some hundredths of a second.
  init() {
    let iterations = 4096
    let floatKernel = peakKernels.best(for: .current)
    let integerKernel = integerPeakKernels.best(for: .current)
    floats = ProcessorPeak.speed(floatKernel.operations(iterations)) { floatKernel.run(iterations, 1e-3) }
    integers = ProcessorPeak.speed(integerKernel.operations(iterations)) { integerKernel.run(iterations, 0x0102_0301) }
  }

  /// Takes the better of two measurements.
  mutating func add(_ other: ProcessorPeak) {
    floats = max(floats, other.floats)
    integers = max(integers, other.integers)
  }

  /// That of the shortest run of `operations`.
  private static func speed(_ operations: Int, _ run: () -> Float) -> Double {
    var shortest = UInt64.max
    // Looked at, so that the work is done.
    var total: Float = 0
    let begin = monotonicNanoseconds()
    var start = begin
    while start - begin < 20_000_000 {
      total += run()
      let end = monotonicNanoseconds()
      shortest = min(shortest, end - start)
      start = end
    }
    precondition(!total.isNaN)
    return Double(operations) / Double(max(1, shortest))
  }
}
