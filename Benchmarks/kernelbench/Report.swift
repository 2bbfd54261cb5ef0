/// A measured benchmark, printed as a row of a table or as a line of JSON.
struct Report {
  let benchmark: Benchmark
  let timing: Timing
  let machine: Machine

  private var gigaflops: Double { benchmark.demand.operations / timing.shortest * 1e-9 }
  private var gigabytes: Double { benchmark.demand.bytes / timing.shortest * 1e-9 }
  private var ofPeak: Double { 100 * gigaflops * 1e9 / (benchmark.demand.isInteger ? machine.integerPeak : machine.peak) }
  /// Percent of the copy bandwidth.
  private var ofCopy: Double { 100 * gigabytes * 1e9 / machine.copyBandwidth }
  /// What limits it, and the seconds that it takes at least.
  var bound: (resource: Resource, seconds: Double) { machine.bound(benchmark.demand) }
  /// Percent of what limits it.
  var ofBound: Double { 100 * bound.seconds / timing.shortest }
  /// Near 1 where the machine was quiet.
  private var spread: Double { timing.shortest / timing.median }

  static let header =
    "kernel".padded(48) + "us".padded(11, left: true) + "GFLOP/s".padded(9, left: true) + "%peak".padded(7, left: true)
    + "GB/s".padded(8, left: true) + "%copy".padded(7, left: true) + "%bound".padded(8, left: true) + "spread".padded(8, left: true)
    + "      shape"

  func row(before: Double?) -> String {
    let hasOperations = benchmark.demand.operations > 0
    return benchmark.kernel.padded(48) + decimal(timing.shortest * 1e6, 2).padded(11, left: true)
      + (hasOperations ? decimal(gigaflops, 1) : "-").padded(9, left: true)
      + (hasOperations ? decimal(ofPeak, 0) : "-").padded(7, left: true) + decimal(gigabytes, 1).padded(8, left: true)
      + decimal(ofCopy, 0).padded(7, left: true) + decimal(ofBound, 0).padded(8, left: true) + decimal(spread, 2).padded(8, left: true)
      + (benchmark.isPick ? " <--  " : "      ")
      + benchmark.shape + (before.map { "  (\(decimal(timing.shortest / $0, 3)) of before)" } ?? "")
  }

  var json: String {
    "{\"kernel\": \"\(benchmark.kernel)\", \"shape\": \"\(benchmark.shape)\", \"us\": \(decimal(timing.shortest * 1e6, 4)), "
      + "\"median_us\": \(decimal(timing.median * 1e6, 4)), \"gflops\": \(decimal(gigaflops, 3)), \"peak_percent\": \(decimal(ofPeak, 2)), "
      + "\"gbps\": \(decimal(gigabytes, 3)), \"copy_percent\": \(decimal(ofCopy, 2)), "
      + "\"bound\": \"\(bound.resource)\", \"bound_percent\": \(decimal(ofBound, 2)), \"pick\": \(benchmark.isPick)}"
  }

  var key: String { Self.key(benchmark.kernel, benchmark.shape) }
  private static func key(_ kernel: String, _ shape: String) -> String { kernel + "\n" + shape }

  /// The shortest times, in seconds, of an earlier run's JSON lines.
  static func earlier(_ path: String) -> [String: Double] {
    guard let text = readText(path) else { fail("cannot read \(path)", code: 66) }
    var times: [String: Double] = [:]
    for line in text.split(separator: "\n") {
      func field(_ name: String, quoted: Bool) -> String? {
        guard let start = line.firstRange(of: "\"\(name)\": \(quoted ? "\"" : "")")?.upperBound else { return nil }
        return String(line[start...].prefix { $0 != (quoted ? "\"" : ",") })
      }
      if let kernel = field("kernel", quoted: true), let shape = field("shape", quoted: true),
        let microseconds = field("us", quoted: false).flatMap(Double.init)
      {
        times[key(kernel, shape)] = microseconds * 1e-6
      }
    }
    if times.isEmpty { fail("\(path) has no lines of kernelbench --json", code: 65) }
    return times
  }
}
