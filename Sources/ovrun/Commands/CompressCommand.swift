import OVRuntime
import Quantize

extension Command {
  static let compress = Command(
    name: "compress", summary: "Stores a model's weights in fewer bits", operand: "MODEL.xml", operandCount: 1...1,
    options: [
      Option("--weights", "f16|int8|int4", help: "what weights are stored as"),
      Option("--output", "OUT.xml", help: "where the compressed model goes; its weights go beside it"),
      Option("--group-size", "N", help: "how many neighbouring weights share a scale (default: 128 for int4, a row for int8)"),
      Option(
        "--ratio", "R",
        help: "the least share of the weights in 4 bits; of the rest, the layers that lose most take 8 (default: 0.98, or 1 with data)"),
      Option(
        "--spacing", "normal|even",
        help: "how the numbers of 4 bits lie: closest about zero, as quantiles of the normal distribution (nf4, default), or as integers"),
      Option("--symmetric", help: "integers symmetric about zero, without zero points; those of 4 bits lie evenly"),
      CalibrationOptions.calibration(
        "samples of the model's inputs, which let 4-bit weights make up for each other's errors: .npy, .npz, folders"),
      CalibrationOptions.inputName,
      Option("--ignore-name", "NAME", isRepeatable: true, help: "a layer whose weights stay as they are"),
      Option("--ignore-pattern", "REGEX", isRepeatable: true, help: "layers whose whole name matches stay as they are"),
      Option("--ignore-type", "TYPE", isRepeatable: true, help: "layers of an operation type stay as they are"),
      Option("--report", "FILE.json|html|svg", help: "also write the report to a file"),
      Option("--json", help: "print the report as one JSON object"),
    ],
    notes: [
      "No data are needed; models that read tokens get random ones. The report lists for each layer the bytes before and after and the signal-to-noise ratio of the rounded weights."
    ],
    run: compressModel)
}

private func compressModel(_ arguments: Arguments) throws -> ExitCode {
  guard let format: CompressionOptions.Format = try arguments.choice("--weights") else {
    throw arguments.command.misuse("'--weights' is missing")
  }
  let output = try OutputModel(arguments)
  let reportFile = try ReportFile(arguments)
  var options = CompressionOptions(format)
  options.groupSize = try arguments.int("--group-size", in: 2...(1 << 30))
  options.ratio = try arguments.double("--ratio", in: 0...1)
  if let spacing: CompressionOptions.Spacing = try arguments.choice("--spacing") {
    if format != .int4 { throw arguments.command.misuse("'--spacing' is for '--weights int4'") }
    options.spacing = spacing
  }
  options.isSymmetric = arguments.has("--symmetric")
  options.ignoredScope = IgnoredScope(
    names: arguments.all("--ignore-name"), patterns: arguments.all("--ignore-pattern"), types: arguments.all("--ignore-type"))
  let model = try Model(contentsOf: arguments.operands[0])
  var bar = ProgressBar()
  defer { bar.finish() }
  let calibration = try CalibrationOptions.data(arguments, "--calibration", for: model)
  if calibration != nil && format != .int4 { throw arguments.command.misuse("'--calibration' is for '--weights int4'") }
  let result = try WeightCompressor(options).compress(model, calibration: calibration) { bar.show("compressing", $0, of: $1) }
  bar.finish()
  try output.write(result.model)
  try reportFile?.write(result.report.json, result.report.picture)
  if arguments.has("--json") { Console.print(result.report.json.text) } else { Console.write(result.report.text) }
  return .success
}
