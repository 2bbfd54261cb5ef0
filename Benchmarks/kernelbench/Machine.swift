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
  /// How many of each a second, of operands in the nearest cache.
  private(set) var divisions: [DividerOperation: Double]
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
    divisions = dividerRates(seconds: seconds, workspace)
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
    divisions.merge(other.divisions, uniquingKeysWith: max)
  }

  var text: String {
    "\(peakName): \(decimal(peak * 1e-9, 1)) GFLOP/s; \(integerPeakName): \(decimal(integerPeak * 1e-9, 1)) GOP/s; "
      + "copy: \(decimal(copyBandwidth * 1e-9, 1)) GB/s; "
      + "divider, million/s: " + DividerOperation.allCases.map { "\($0) \(decimal(divisions[$0]! * 1e-6, 0))" }.joined(separator: ", ")
  }

  var json: String {
    "{\"machine\": \"\(peakName)\", \"peak_gflops\": \(decimal(peak * 1e-9, 2)), "
      + "\"integer_peak_gops\": \(decimal(integerPeak * 1e-9, 2)), \"copy_gbps\": \(decimal(copyBandwidth * 1e-9, 2))}"
  }
}

/// Divisions and square roots a second, of numbers in the nearest cache.
private func dividerRates(seconds: Double, _ workspace: Workspace) -> [DividerOperation: Double] {
  let count = 1024
  // Other divisors than dividends.
  let (a, b, output) = (workspace.bytes(8 * count), workspace.bytes(64 + 8 * count) + 64, workspace.bytes(8 * count))
  func rate(_ body: () -> Void) -> Double { Double(count) / Timing(seconds: seconds / 4, body).shortest }
  func divisions<T>(_: T.Type, _ divide: (T, T) -> T) -> Double {
    let (x, y, z) = (a.assumingMemoryBound(to: T.self), b.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
    return rate { for i in 0..<count { z[i] = divide(x[i], y[i]) } }
  }
  let divide = BinaryKernels.function(for: .divide, element: .f32)!.functions.vectorVector
  let root = UnaryKernels.function(for: .sqrt)
  let (input, roots) = (workspace.floats(count), output.assumingMemoryBound(to: Float.self))
  return [
    .float: rate { divide(a, 0, b, 0, output, 0, 1, count) }, .double: divisions(Double.self, /), .int64: divisions(Int64.self, /),
    .squareRoot: rate { root.run(input, roots, count, 0, 0) },
  ]
}
