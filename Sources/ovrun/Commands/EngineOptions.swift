import OVRuntime

/// The options of commands that compile a model.
enum EngineOptions {
  static let precision = Option("--precision", "f32|f16", help: "the element type of computations (default f32)")
  static let threads = Option("--threads", "N", help: "the threads of one inference (default: all processors)")
  static let hint = Option("--hint", "latency|throughput", help: "what the threads are for (default latency)")
  static let unoptimized = Option("--unoptimized", help: "run the graph as it is, without folding and fusing")
  static let noIntegers = Option("--no-integers", help: "simulate the quantisation of a quantised model in f32")
  static let reference = Option("--reference", help: "run the operators' reference evaluations instead of compiling the model")

  /// Compile options as the command line has them, for a command that infers `expectedInferences` times (`nil`: many).
  static func compileOptions(_ arguments: Arguments, expectedInferences: Int? = nil) throws(OVError) -> CompileOptions {
    func has(_ option: Option) -> Bool { arguments.command.options.contains { $0.name == option.name } }
    var options = CompileOptions()
    options.expectedInferences = expectedInferences
    if has(threads) { options.threads = try arguments.int("--threads", in: 1...1024) }
    if has(precision) { options.precision = try arguments.choice("--precision") ?? .f32 }
    if has(hint) { options.hint = try arguments.choice("--hint") ?? .latency }
    if has(unoptimized) { options.optimization = !arguments.has("--unoptimized") }
    if has(noIntegers) { options.lowPrecision = !arguments.has("--no-integers") }
    return options
  }
}
