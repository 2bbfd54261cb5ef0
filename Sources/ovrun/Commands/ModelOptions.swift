import OVRuntime

/// The options of commands that read a model and its inputs.
enum ModelOptions {
  static let input = Option(
    "--input", "[NAME=]FILE.npy …", isRepeatable: true, furtherValueSuffixes: [".npy"],
    help: "the inputs by name, or in the order of the model's inputs")
  static let shape = Option(
    "--shape", "[NAME=]1,3,224,224", isRepeatable: true,
    help: "sets the shape of an input before the model is compiled; ? is any extent, 1..8 one in a range")

  /// Reads the model that the first operand names, reshaped as `--shape` says.
  static func model(_ arguments: Arguments) throws(OVError) -> Model {
    var model = try Model(contentsOf: arguments.operands[0])
    guard arguments.has("--shape") else { return model }
    var shapes: [String: PartialShape] = [:]
    for (index, text) in assigned(arguments.all("--shape"), model.inputs) {
      guard model.inputs.indices.contains(index) else {
        throw arguments.command.misuse("'--shape \(text)' is for no input", ports(model.inputs))
      }
      guard let shape = PartialShape(irText: text) else { throw arguments.command.misuse("'\(text)' is not a shape") }
      shapes[model.inputs[index].name] = shape
    }
    try model.reshape(shapes)
    return model
  }

  /// The files of `--input` as tensors by the place of the input they are for.
  static func inputs(_ arguments: Arguments, for inputs: [PortInfo]) throws(OVError) -> [Int: Tensor] {
    var tensors: [Int: Tensor] = [:]
    for (index, path) in assigned(arguments.all("--input"), inputs) {
      guard inputs.indices.contains(index), tensors[index] == nil else {
        throw arguments.command.misuse("'\(path)' is for no input", ports(inputs))
      }
      let tensor = try Tensor(npyFile: path)
      do throws(OVError) { tensors[index] = try inputs[index].adopting(tensor) } catch { throw error.located(at: .init(path: path)) }
    }
    return tensors
  }

  /// Pairs `[NAME=]VALUE` words with inputs: those with a name first, the others with the inputs that are left, in order; an index
  /// beyond the inputs where none is left.
  private static func assigned(_ words: [String], _ inputs: [PortInfo]) -> [(Int, String)] {
    var pairs: [(Int, String)] = []
    var unnamed: [String] = []
    for word in words {
      // Names may contain "=", and so may paths.
      let named = inputs.enumerated().flatMap { index, port in (port.names + [port.nodeName]).map { (index, $0 + "=") } }
      if let (index, prefix) = named.filter({ word.hasPrefix($0.1) }).max(by: { $0.1.count < $1.1.count }) {
        pairs.append((index, String(word.dropFirst(prefix.count))))
      } else {
        unnamed.append(word)
      }
    }
    var free = inputs.indices.filter { index in !pairs.contains { $0.0 == index } }[...]
    for word in unnamed { pairs.append((free.popFirst() ?? inputs.count, word)) }
    return pairs
  }

  private static func ports(_ ports: [PortInfo]) -> String {
    ports.isEmpty
      ? "the model has no inputs" : "the inputs are " + ports.map { "'\(OVError.printable($0.name))' \($0.type)" }.joined(separator: ", ")
  }
}
