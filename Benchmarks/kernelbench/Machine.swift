import KernelCore
import Kernels

/// What the machine can do, measured in the same run.
struct Machine {
  /// Operations a second of multiply-additions in registers.
  private(set) var peak: Double
  /// Multiplications and additions a second of dot products of 8-bit integers in registers.
  private(set) var integerPeak: Double
  /// Bytes a second, read and written, of a copy larger than the caches.
  private(set) var copyBandwidth: Double
  /// Divisions of 64-bit integers a second.
  private(set) var divider: Double
  let peakName: String
  let integerPeakName: String

  init(seconds: Double) {
    let kernel = peakKernels.best(for: .current)
    let iterations = 4096
    // The result is looked at, so that the work is done.
    var total: Float = 0
    let timing = Timing(seconds: seconds) { total += kernel.run(iterations, 1e-3) }
    let integerKernel = integerPeakKernels.best(for: .current)
    let integerTiming = Timing(seconds: seconds) { total += integerKernel.run(iterations, 0x0102_0301) * 1e-20 }
    precondition(total.isFinite)
    integerPeak = Double(integerKernel.operations(iterations)) / integerTiming.shortest
    integerPeakName = integerKernel.name
    peak = Double(kernel.operations(iterations)) / timing.shortest
    peakName = kernel.name
    let workspace = Workspace()
    let numbers = 1024
    let (dividends, divisors) = (workspace.bytes(8 * numbers), workspace.bytes(64 + 8 * numbers) + 64)
    let (x, y) = (dividends.assumingMemoryBound(to: Int64.self), divisors.assumingMemoryBound(to: Int64.self))
    var quotients: Int64 = 0
    divider = Double(numbers) / Timing(seconds: seconds) { for i in 0..<numbers { quotients &+= x[i] / y[i] } }.shortest
    precondition(quotients != .min)
    let count = 64 << 20
    let source = workspace.bytes(count)
    let destination = workspace.bytes(count)
    copyBandwidth = 2 * Double(count) / Timing(seconds: seconds) { destination.copyMemory(from: source, byteCount: count) }.shortest
  }

  /// Takes the better of two measurements.
  mutating func add(_ other: Machine) {
    peak = max(peak, other.peak)
    integerPeak = max(integerPeak, other.integerPeak)
    copyBandwidth = max(copyBandwidth, other.copyBandwidth)
    divider = max(divider, other.divider)
  }

  var text: String {
    "\(peakName): \(decimal(peak * 1e-9, 1)) GFLOP/s; \(integerPeakName): \(decimal(integerPeak * 1e-9, 1)) GOP/s; "
      + "copy: \(decimal(copyBandwidth * 1e-9, 1)) GB/s; divisions: \(decimal(divider * 1e-6, 0)) million/s"
  }

  var json: String {
    "{\"machine\": \"\(peakName)\", \"peak_gflops\": \(decimal(peak * 1e-9, 2)), "
      + "\"integer_peak_gops\": \(decimal(integerPeak * 1e-9, 2)), \"copy_gbps\": \(decimal(copyBandwidth * 1e-9, 2))}"
  }
}
