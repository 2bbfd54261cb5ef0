import OVRuntime

extension Command {
  static let benchmark = Command(
    name: "benchmark", summary: "Measures how long a model takes", operand: "MODEL.xml", operandCount: 1...1,
    options: [
      ModelOptions.input, ModelOptions.shape, EngineOptions.precision, EngineOptions.noIntegers,
      Option("--threads", "N", help: "the threads in all, which the requests share (default: all processors)"),
      Option("--requests", "N", help: "how many inferences run at the same time (default 1)"),
      Option("--seconds", "S", help: "how long to measure (default 5)"),
      Option("--iterations", "N", help: "how many inferences to measure, instead of --seconds"),
      Option("--warm-up", "S", help: "how long to run before measuring, besides three inferences a request (default 0)"),
      Option(
        "--hint", "latency|throughput",
        help: "latency: all threads work on each inference; throughput, the default with several requests: they share them"),
      Option(
        "--sweep", "1..4,1..250",
        help: "instead: one inference and its repetition for each of these shapes of the inputs of unknown extents, with one request"),
      Option("--profile", help: "also list each step's time and its part of the processors' peak, the longest first"),
      Option("--profile-order", help: "list the steps in the order they run"),
      Option("--json", help: "print one JSON object"),
    ],
    notes: [
      "Inputs without data are filled with numbers from 0 to 1, the same in each run. Compiling includes reading the files. Latencies "
        + "are those of the inference alone; a percentile is the least latency that so many percent do not exceed."
    ],
    run: { try BenchmarkCommand($0).run() })
}

private struct BenchmarkCommand {
  private let arguments: Arguments
  private var options: CompileOptions
  private let requestCount: Int
  /// How many requests run at the same time.
  private let workers: Int
  private let threads: Int
  private let limit: Measurement.Limit
  private let warmUp: Double
  private let sweep: PartialShape?
  private var isProfile: Bool { options.profiling }

  init(_ arguments: Arguments) throws(OVError) {
    self.arguments = arguments
    requestCount = try arguments.int("--requests", in: 1...4096) ?? 1
    options = CompileOptions()
    options.precision = try arguments.choice("--precision") ?? .f32
    options.hint = try arguments.choice("--hint") ?? (requestCount > 1 ? .throughput : .latency)
    options.requestCount = requestCount
    options.profiling = arguments.has("--profile") || arguments.has("--profile-order")
    threads = try arguments.int("--threads", in: 1...1024) ?? availableProcessors()
    options.threads = options.hint == .throughput ? max(1, threads / requestCount) : threads
    workers = min(requestCount, max(1, threads / options.threads!))
    let seconds = try arguments.double("--seconds", in: 0...86400)
    let iterations = try arguments.int("--iterations", in: 1...Int.max)
    if seconds != nil && iterations != nil { throw arguments.command.misuse("'--seconds' and '--iterations' exclude each other") }
    limit = iterations.map { .iterations($0) } ?? .seconds(seconds ?? 5)
    sweep = try arguments.text("--sweep").map { (text) throws(OVError) in
      guard let shape = PartialShape(irText: text) else { throw arguments.command.misuse("'\(text)' is not a shape") }
      return shape
    }
    warmUp = try arguments.double("--warm-up", in: 0...86400) ?? 0
  }

  func run() throws(OVError) -> ExitCode {
    let start = monotonicNanoseconds()
    let model = try ModelOptions.model(arguments)
    let read = monotonicNanoseconds()
    let compiled = try CompiledModel(model, options)
    let known = monotonicNanoseconds()
    let given = try ModelOptions.inputs(arguments, for: compiled.inputs)
    if let sweep {
      let result = try ShapeSweep(compiled, sweep, given)
      if arguments.has("--json") { Console.print(result.json.text) } else { Console.write(result.text) }
      return .success
    }
    var inputs: [Tensor] = []
    for (index, port) in compiled.inputs.enumerated() {
      if let tensor = given[index] { inputs.append(tensor) } else { inputs.append(try port.randomTensor()) }
    }
    let filled = monotonicNanoseconds()
    try compiled.prepare(for: inputs.map(\.shape))
    let readTime = Double(read - start) / 1e6
    // Reading the inputs is no part of compiling.
    let compileTime = Double(monotonicNanoseconds() - start - (filled - known)) / 1e6

    if case .seconds(let seconds) = limit, seconds >= 2 { Console.showProgress("measuring for \(seconds.significant(4)) seconds …") }
    var peak = isProfile ? ProcessorPeak() : nil
    let measurement = try Measurement(compiled, inputs, requestCount: requestCount, workers: workers, limit: limit, warmUp: warmUp)
    Console.showProgress("")
    // Twice, because processors change their clock.
    if isProfile { peak?.add(ProcessorPeak()) }
    let report = BenchmarkReport(
      modelPath: arguments.operands[0], compiled: compiled, threads: threads, requestCount: requestCount, readTime: readTime,
      compileTime: compileTime, measurement: measurement, peak: peak, keepsOrder: arguments.has("--profile-order"))
    if arguments.has("--json") { Console.print(report.json.text) } else { Console.write(report.text) }
    return .success
  }
}
