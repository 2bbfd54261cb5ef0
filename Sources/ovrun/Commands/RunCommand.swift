import OVRuntime

extension Command {
  static let run = Command(
    name: "run", summary: "Runs a model once and shows or writes its outputs", operand: "MODEL.xml", operandCount: 1...1,
    options: [
      ModelOptions.input, ModelOptions.shape,
      Option("--output", "DIR", help: "write output_<k>.npy in the order of the model's outputs, instead of showing values"),
      Option("--show-input", help: "draw inputs that are grey images"),
      EngineOptions.precision, EngineOptions.threads, EngineOptions.unoptimized, EngineOptions.noIntegers, EngineOptions.reference,
    ],
    notes: ["Of an output that looks like a classifier's, the five largest values are shown with their places, counted from 0."],
    run: runModel)
}

private func runModel(_ arguments: Arguments) throws -> ExitCode {
  let model = try ModelOptions.model(arguments)
  let engine: Engine =
    arguments.has("--reference") ? .reference : .compiled(try EngineOptions.compileOptions(arguments, expectedInferences: 1))
  let prepared = try engine.prepare(model)
  let given = try ModelOptions.inputs(arguments, for: prepared.inputs)
  var inputs: [Tensor] = []
  for (index, port) in prepared.inputs.enumerated() {
    guard let tensor = given[index] else {
      let name = OVError.printable(port.name)
      throw arguments.command.misuse("input '\(name)' \(port.type) has no data", "give it with '--input \(name)=FILE.npy'")
    }
    inputs.append(tensor)
  }
  let outputs = try prepared.makeSession()(inputs)

  if arguments.has("--show-input") {
    for (port, tensor) in zip(prepared.inputs, inputs) {
      if let picture = GreyPicture(tensor) { Console.write("\(OVError.printable(port.name)) \(tensor.type)\n\(picture.text)\n") }
    }
  }
  if let folder = arguments.text("--output") {
    try FileSystem.makeFolder(folder)
    for (index, tensor) in outputs.enumerated() { try tensor.writeNpy(to: "\(folder)/output_\(index).npy") }
  }
  for (index, (port, tensor)) in zip(prepared.outputs, outputs).enumerated() {
    Console.print("\(OVError.printable(port.name)) \(tensor.type)  \(TensorSummary(tensor).statistics)")
    if arguments.has("--output") {
      Console.print("  \(arguments.text("--output")!)/output_\(index).npy")
    } else {
      Console.write(TensorSummary(tensor).values)
    }
  }
  return .success
}
