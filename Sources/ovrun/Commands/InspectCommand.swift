import OVRuntime

extension Command {
  static let inspect = Command(
    name: "inspect", summary: "Describes a model, or what compiling makes of it", operand: "MODEL.xml", operandCount: 1...1,
    options: [
      Option("--optimized", help: "describe the compiled model: what was folded and fused, and the steps with their kernels"),
      ModelOptions.shape, EngineOptions.precision, EngineOptions.threads, EngineOptions.noIntegers,
      Option("--json", help: "print one JSON object"),
      Option("--dot", help: "print the graph for Graphviz: 'ovrun inspect MODEL.xml --dot | dot -Tsvg'"),
    ],
    run: inspectModel)
}

private func inspectModel(_ arguments: Arguments) throws -> ExitCode {
  if arguments.has("--json") && arguments.has("--dot") { throw arguments.command.misuse("'--json' and '--dot' exclude each other") }
  var model = try ModelOptions.model(arguments)
  var compilation: CompilationDescription?
  if arguments.has("--optimized") {
    let compiled = try CompiledModel(model, EngineOptions.compileOptions(arguments))
    compilation = CompilationDescription(compiled: compiled)
    model = compiled.optimizedModel
  }
  if arguments.has("--dot") {
    Console.write(model.dot)
    return .success
  }
  let description = ModelDescription(model)
  if arguments.has("--json") {
    Console.print(JSON.object(description.json + (compilation?.json ?? [])).text)
  } else {
    Console.write(description.text + (compilation?.text ?? ""))
  }
  return .success
}
