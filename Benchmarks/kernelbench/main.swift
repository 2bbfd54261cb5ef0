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

// As long as each kernel: where the clock moves, who is measured for longer meets its best moment more often.
var machine = Machine(seconds: options.seconds)
var timings: [Timing?] = chosen.map { _ in nil }
for round in 0..<options.rounds {
  if round > 0 { machine.add(Machine(seconds: options.seconds)) }
  for (index, benchmark) in chosen.enumerated() {
    let workspace = Workspace()
    let timing = withExtendedLifetime(workspace) { Timing(seconds: options.seconds, benchmark.prepare(workspace)) }
    if timings[index] == nil { timings[index] = timing } else { timings[index]!.add(timing) }
  }
}
print(options.isJSON ? machine.json : machine.text + "\n" + Report.header)
var picks = PickCheck()
var bounds = BoundCheck()
for (benchmark, timing) in zip(chosen, timings) {
  let report = Report(benchmark: benchmark, timing: timing!, machine: machine)
  print(options.isJSON ? report.json : report.row(before: earlier?[report.key]))
  picks.add(report)
  bounds.add(report)
}
if !options.isJSON { print(picks.summary + "\n" + bounds.summary) }
if options.isCheck && !(picks.slow.isEmpty && bounds.slow.isEmpty) { exit(1) }
