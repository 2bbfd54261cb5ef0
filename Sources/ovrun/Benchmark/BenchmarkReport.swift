import OVRuntime

/// What a benchmark measured, for people and for programs.
struct BenchmarkReport {
  let modelPath: String
  let compiled: CompiledModel
  let threads: Int
  let requestCount: Int
  let readTime: Double
  let compileTime: Double
  let measurement: Measurement
  /// What profiled steps are measured against.
  let peak: ProcessorPeak?
  /// Whether the profile keeps the order in which the steps run.
  let keepsOrder: Bool

  private var latencyEntries: [(String, Double)] {
    let latencies = measurement.latencies
    return [
      ("min", latencies.min), ("median", latencies.median), ("mean", latencies.mean), ("p90", latencies.percentile(90)),
      ("p99", latencies.percentile(99)), ("max", latencies.max),
    ]
  }

  /// Additions and multiplications of one inference, in units of 10⁹.
  private var gigaOperations: Double { Double(compiled.steps.reduce(0) { $0 + $1.floatingPointOperations }) / 1e9 }

  private var steps: [StepTime] {
    keepsOrder ? measurement.stepTimes : measurement.stepTimes.sorted { $0.nanoseconds > $1.nanoseconds }
  }

  private var stepTotal: Double { Double(measurement.stepTimes.reduce(0) { $0 + $1.nanoseconds }) }

  var json: JSON {
    var entries: [(String, JSON)] = [
      ("model", .string(modelPath)), ("isa", .string(compiled.instructionSet)), ("precision", .string(compiled.options.precision.rawValue)),
      ("hint", .string(compiled.options.hint.rawValue)), ("threads", .integer(threads)), ("requests", .integer(requestCount)),
      ("iterations", .integer(measurement.latencies.count)), ("read_ms", .number(readTime)), ("compile_ms", .number(compileTime)),
      ("first_inference_ms", .number(measurement.firstInference)),
      ("latency_ms", .object(latencyEntries.map { ($0, .number($1)) })), ("throughput_per_s", .number(measurement.throughput)),
      ("gflop", .number(gigaOperations)), ("arena_bytes", .integer(compiled.arenaByteCount)),
      ("packed_weights_bytes", .integer(compiled.packedWeightsByteCount)), ("peak_rss_bytes", .integer(peakResidentByteCount())),
    ]
    if let peak {
      entries.append(("peak_gflop_per_s", .number(peak.floats)))
      entries.append(("peak_gop_per_s_i8", .number(peak.integers)))
    }
    if !steps.isEmpty {
      let profile = steps.map { step in
        JSON.object([
          ("node", .string(step.info.nodeName)), ("type", .string(step.info.nodeType)), ("kernel", .string(step.info.kernel)),
          ("precision", .string(step.info.precision.rawValue)), ("fused", .array(step.info.fusedNames.map { .string($0) })),
          ("ms", .number(milliseconds(step))), ("share", .number(Double(step.nanoseconds) / stepTotal)),
          ("gflop_per_s", .number(speed(step))), ("share_of_peak", .number(shareOfPeak(step))), ("bytes", .integer(step.info.byteCount)),
        ])
      }
      entries.append(("profile", .array(profile)))
    }
    return .object(entries)
  }

  var text: String {
    var table = Table([("", .left), ("", .left)])
    table.append(["model", OVError.printable(modelPath)])
    let threadText = "\(threads) thread\(threads == 1 ? "" : "s")"
    let requestText = "\(requestCount) request\(requestCount == 1 ? "" : "s")"
    table.append(["settings", "\(compiled.instructionSet), \(compiled.options.precision), \(threadText), \(requestText)"])
    table.append(["compile", "\(compileTime.fixed(2)) ms, of which reading \(readTime.fixed(2)) ms"])
    table.append(["first inference", "\(measurement.firstInference.fixed(3)) ms"])
    table.append(["inferences", "\(measurement.latencies.count) in \(measurement.wallTime.fixed(2)) s"])
    table.append(["latency ms", latencyEntries.map { "\($0) \($1.fixed(3))" }.joined(separator: "  ")])
    var throughput = "\(measurement.throughput.fixed(1)) per second"
    if gigaOperations > 0 { throughput += ", \((gigaOperations * measurement.throughput).significant(4)) GFLOP/s" }
    table.append(["throughput", throughput])
    let bytes = [compiled.arenaByteCount, compiled.packedWeightsByteCount, peakResidentByteCount()].map(\.byteText)
    table.append(["memory", "activations \(bytes[0]), packed weights \(bytes[1]), process at most \(bytes[2])"])
    if let peak {
      table.append(["peak", "\(peak.floats.fixed(1)) GFLOP/s a thread, \(peak.integers.fixed(1)) GOP/s of 8-bit integers"])
    }
    return steps.isEmpty ? table.text : table.text + "\n" + profileText
  }

  private var profileText: String {
    var table = Table([
      ("node", .left), ("type", .left), ("kernel", .left), ("ms", .right), ("share", .right), ("GFLOP/s", .right), ("of peak", .right),
    ])
    for step in steps {
      let share = stepTotal > 0 ? Double(step.nanoseconds) / stepTotal * 100 : 0
      let computes = step.info.floatingPointOperations > 0
      table.append([
        OVError.printable(step.info.nodeName, limit: 48), step.info.nodeType, step.info.kernel, milliseconds(step).fixed(4),
        share.fixed(1) + " %", computes ? speed(step).fixed(1) : "", computes ? (shareOfPeak(step) * 100).fixed(0) + " %" : "",
      ])
    }
    let total = stepTotal / 1e6 / Double(measurement.latencies.count)
    table.append(["\(steps.count) steps", "", "", total.fixed(4), "", "", ""])
    return table.text
  }

  private func milliseconds(_ step: StepTime) -> Double { Double(step.nanoseconds) / 1e6 / Double(measurement.latencies.count) }

  private func speed(_ step: StepTime) -> Double {
    step.nanoseconds > 0
      ? Double(step.info.floatingPointOperations) * Double(measurement.latencies.count) / Double(step.nanoseconds) : 0
  }

  /// The part of what a request's threads could compute; above 1 where an algorithm needs fewer operations than are counted.
  private func shareOfPeak(_ step: StepTime) -> Double {
    guard let peak else { return 0 }
    return speed(step) / ((step.info.precision == .i8 ? peak.integers : peak.floats) * Double(compiled.options.threads ?? threads))
  }
}
