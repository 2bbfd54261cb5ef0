import KernelCore
import Kernels

/// The element type that floating-point operations compute in.
public enum InferencePrecision: String, CaseIterable, Sendable {
  /// 32-bit floats throughout; the results do not depend on how the IR stores its weights.
  case f32
  /// Weights in half precision where that saves memory traffic; sums in 32 bits.
  case f16
}

/// What the threads are for.
public enum PerformanceHint: String, CaseIterable, Sendable {
  /// One inference at a time, as soon as possible: all threads work on it.
  case latency
  /// Many inferences at once: the threads are divided among the requests.
  case throughput
}

/// How a model is compiled.
public struct CompileOptions: Sendable {
  /// `CPU`, or `AUTO`, which means the same here.
  public var device = "CPU"
  /// The threads of one inference; `nil`: as many as the process may use, divided among ``requestCount`` with
  /// ``PerformanceHint/throughput``.
  public var threads: Int?
  public var precision = InferencePrecision.f32
  public var hint = PerformanceHint.latency
  /// How many requests are meant to run at the same time.
  public var requestCount = 1
  /// How many inferences the model is compiled for; `nil`: many. For a few it is not worth packing weights in forms that take long to
  /// make, or at all: convolutions and products may then read weights of half precision from the model's file, which stays mapped and
  /// must not change.
  public var expectedInferences: Int?
  /// Whether each request records the time of every step; costs a clock reading a step.
  public var profiling = false
  /// Whether the model is optimised (constants folded, operations fused) before kernels are chosen; off is for finding faults.
  public var optimization = true
  /// Whether quantised models compute with integers; off: quantisation is simulated in floats. Takes no effect without
  /// ``optimization``.
  public var lowPrecision = true
  /// The instruction set extensions whose kernels may be chosen.
  package var features = CPUFeatures.current

  public init() {}

  public init(threads: Int? = nil, precision: InferencePrecision = .f32, hint: PerformanceHint = .latency) {
    self.threads = threads
    self.precision = precision
    self.hint = hint
  }

  /// The devices there are.
  public static let availableDevices = ["CPU"]

  /// Checks the options.
  func validate() throws(OVError) {
    guard device == "AUTO" || CompileOptions.availableDevices.contains(device) else {
      throw OVError(
        .invalidArgument, "there is no device \"\(OVError.printable(device))\"",
        suggestion: "the devices are " + (CompileOptions.availableDevices + ["AUTO"]).joined(separator: ", "))
    }
    if let threads, !(1...Team.largestTeam).contains(threads) {
      throw OVError(.invalidArgument, "the number of threads is \(threads)", suggestion: "it lies in 1...\(Team.largestTeam)")
    }
    if let expectedInferences, expectedInferences < 1 {
      throw OVError(.invalidArgument, "the number of expected inferences is \(expectedInferences)", suggestion: "it is 1 or more")
    }
    guard requestCount >= 1 else {
      throw OVError(.invalidArgument, "the number of requests is \(requestCount)", suggestion: "it is 1 or more")
    }
  }
}
