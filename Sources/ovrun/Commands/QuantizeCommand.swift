import OVRuntime
import Quantize

extension Command {
  static let quantize = Command(
    name: "quantize", summary: "Quantises a model to 8-bit integers with calibration data", operand: "MODEL.xml", operandCount: 1...1,
    options: [
      CalibrationOptions.calibration("samples of the model's inputs: .npy, .npz, folders"),
      Option("--output", "OUT.xml", help: "where the quantised model goes; its weights go beside it"),
      CalibrationOptions.inputName,
      Option(
        "--preset", "performance|mixed",
        help: "grids of activations: symmetric, or with a zero point (default performance; mixed for transformers)"),
      Option("--model-type", "transformer", help: "also smooth activations into weights (SmoothQuant)"),
      Option(
        "--estimator", RangeEstimator.allCases.map(\.rawValue).joined(separator: "|"),
        help: "how ranges of activations are estimated (default mean-min-max)"),
      Option("--subset-size", "N", help: "how many samples are looked at, at most (default 300)"),
      Option("--ignore-name", "NAME", isRepeatable: true, help: "a layer that stays in f32"),
      Option("--ignore-pattern", "REGEX", isRepeatable: true, help: "layers whose whole name matches stay in f32"),
      Option("--ignore-type", "TYPE", isRepeatable: true, help: "layers of an operation type stay in f32"),
      Option("--no-bias-correction", help: "leave biases as they are"),
      Option("--smooth-alpha", "X", help: "how much SmoothQuant moves into weights, 0 to 1 (default 0.95)"),
      Option("--overflow-fix", "first-layer|all|none", help: "which weights keep to half of their range (default first-layer)"),
      Option("--quantize-outputs", help: "round the model's results too"),
      Option(
        "--accuracy-drop", "X", help: "restore the worst layers to f32 until the accuracy falls by no more than this (0.01: one point)"),
      Option("--labels", "FILE.npy", help: "the class of each sample, for --accuracy-drop"),
      Option(
        "--validation", "DIR|FILE …", isRepeatable: true, furtherValueSuffixes: [".npy", ".npz"],
        help: "the samples that the labels are for (default: those of --calibration)"),
      Option("--report", "FILE.json|html|svg", help: "also write the report to a file"),
      Option("--json", help: "print the report as one JSON object"),
      ModelOptions.shape, EngineOptions.threads,
    ],
    notes: [
      "Defaults are NNCF's. The report lists for each layer the range and scale of its data, the signal-to-noise ratio of its weights and of its output against f32."
    ],
    run: { try QuantizeCommand($0).run() })
}

private struct QuantizeCommand {
  private let arguments: Arguments
  private var options = QuantizationOptions()
  private let output: OutputModel
  private let report: ReportFile?
  private let drop: Double?

  init(_ arguments: Arguments) throws(OVError) {
    self.arguments = arguments
    guard arguments.has("--calibration") else { throw arguments.command.misuse("'--calibration' is missing") }
    output = try OutputModel(arguments)
    report = try ReportFile(arguments)
    drop = try arguments.double("--accuracy-drop", in: 0...1)
    if (drop == nil) != (arguments.text("--labels") == nil) || drop == nil && arguments.has("--validation") {
      throw arguments.command.misuse("'--accuracy-drop' and '--labels' belong together")
    }
    options.preset = try arguments.choice("--preset")
    options.modelType = try arguments.choice("--model-type")
    options.estimator = try arguments.choice("--estimator") ?? options.estimator
    options.subsetSize = try arguments.int("--subset-size", in: 1...Int.max) ?? options.subsetSize
    options.ignoredScope = IgnoredScope(
      names: arguments.all("--ignore-name"), patterns: arguments.all("--ignore-pattern"), types: arguments.all("--ignore-type"))
    options.correctsBias = !arguments.has("--no-bias-correction")
    options.smoothQuantAlpha = try arguments.double("--smooth-alpha", in: 0...1) ?? options.smoothQuantAlpha
    options.overflowFix = try arguments.choice("--overflow-fix") ?? options.overflowFix
    options.quantizesOutputs = arguments.has("--quantize-outputs")
    options.threads = try arguments.int("--threads", in: 1...1024)
  }

  func run() throws(OVError) -> ExitCode {
    let model = try ModelOptions.model(arguments)
    let limit = drop == nil || arguments.has("--validation") ? options.subsetSize : .max
    guard let calibration = try CalibrationOptions.data(arguments, "--calibration", for: model, limit: limit) else {
      throw arguments.command.misuse("'--calibration' is missing")
    }
    var quantizer = Quantizer(options)
    if let drop {
      let validation = try CalibrationOptions.data(arguments, "--validation", for: model) ?? calibration
      let quality = try ClassificationQuality(labelsFile: arguments.text("--labels")!, samples: validation, threads: options.threads)
      quantizer.accuracyControl = AccuracyControl(maximumDrop: drop) { (model) throws(OVError) in try quality(model) }
    }
    var bar = ProgressBar()
    defer { bar.finish() }
    let result = try quantizer.quantize(model, calibration: calibration) { bar.show($0.phase.rawValue, $0.completed, of: $0.total) }
    bar.finish()
    try output.write(result.model)
    try report?.write(result.report.json, result.report.picture)
    if arguments.has("--json") { Console.print(result.report.json.text) } else { Console.write(result.report.text) }
    return .success
  }
}
