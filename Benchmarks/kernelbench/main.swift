import KernelCore
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

let options = Options(Array(CommandLine.arguments.dropFirst()))
let earlier = options.compare.map(Report.earlier)
let lines = shapeLines(options.shapes)
let benchmarks = tableBenchmarks() + lines.flatMap(shapeBenchmarks)
let chosen = benchmarks.filter { options.filter.isEmpty || $0.kernel.contains(options.filter) || $0.shape.contains(options.filter) }
if chosen.isEmpty { fail("nothing matches \(options.filter)", code: 64) }

let machine = Machine(seconds: 0.3)
if options.isJSON {
  print(
    "{\"machine\": \"\(machine.peakName)\", \"peak_gflops\": \(decimal(machine.peak * 1e-9, 2)), "
      + "\"integer_peak_gops\": \(decimal(machine.integerPeak * 1e-9, 2)), \"copy_gbps\": \(decimal(machine.copyBandwidth * 1e-9, 2))}")
} else {
  print(
    "\(machine.peakName): \(decimal(machine.peak * 1e-9, 1)) GFLOP/s; \(machine.integerPeakName): "
      + "\(decimal(machine.integerPeak * 1e-9, 1)) GOP/s; copy: \(decimal(machine.copyBandwidth * 1e-9, 1)) GB/s")
  print(Report.header)
}
var picks = PickCheck()
var memory = MemoryCheck()
for benchmark in chosen {
  let workspace = Workspace()
  let timing = withExtendedLifetime(workspace) { Timing(seconds: options.seconds, benchmark.prepare(workspace)) }
  let report = Report(benchmark: benchmark, timing: timing, machine: machine)
  print(options.isJSON ? report.json : report.row(before: earlier?[report.key]))
  picks.add(report)
  memory.add(report)
}
if !options.isJSON { print(picks.summary + "\n" + memory.summary) }
if options.isCheck && !(picks.slow.isEmpty && memory.slow.isEmpty) { exit(1) }
