import OVRuntime
import Quantize

/// The options of commands that take samples of a model's inputs.
enum CalibrationOptions {
  static func calibration(_ help: String) -> Option {
    Option("--calibration", "DIR|FILE …", isRepeatable: true, furtherValueSuffixes: [".npy", ".npz"], help: help)
  }
  static let inputName = Option(
    "--input-name", "INPUT=NAME", isRepeatable: true, help: "the array or file that holds an input, when it is not named like it")

  /// The samples that an option names; `nil` without it.
  static func data(_ arguments: Arguments, _ option: String, for model: Model, limit: Int = .max) throws(OVError) -> CalibrationData? {
    guard arguments.has(option) else { return nil }
    var names: [String: String] = [:]
    for word in arguments.all("--input-name") {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      // Names of inputs may hold the sign, names of files rather not.
      let input = parts.dropLast().joined(separator: "=")
      guard parts.count >= 2, model.inputs.contains(where: { $0.isNamed(input) }) else {
        throw arguments.command.misuse("'--input-name \(word)' is for no input")
      }
      names[input] = parts.last!
    }
    return try CalibrationData(contentsOf: arguments.all(option), for: model.inputs, names: names, limit: limit)
  }
}
