import Foundation
import OVRuntime

/// The built tool, run as a process.
struct ToolProcess {
  let exitCode: Int32
  let output: String
  let errors: String
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// It stands beside the tests' own program.
  static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "ovrun").path

  init(_ arguments: [String], folder: URL? = nil) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    // Errors are a line: they fit into the pipe while the output is read.
    self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    exitCode = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }
}

/// A folder that is removed when the test ends.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "OvrunTests-\(UUID())")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  func read(_ name: String) throws -> String { String(decoding: try Data(contentsOf: url.appending(path: name)), as: UTF8.self) }

  /// Writes a case: a model of one operation on `x`, f32[?,2], with these inputs and expected outputs as data sets.
  @discardableResult
  func writeCase(_ name: String, operation: String, _ sets: [(input: [Float], output: [Float])]) throws -> String {
    let path = try write(oneOperationModel(operation), to: "\(name)/model.xml")
    for (index, set) in sets.enumerated() {
      let folder = url.appending(path: "\(name)/\(index)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Tensor(set.input, shape: [set.input.count / 2, 2]).writeNpy(to: folder.path + "/input_0.npy")
      try Tensor(set.output, shape: [set.output.count / 2, 2]).writeNpy(to: folder.path + "/output_0.npy")
    }
    return path
  }
}

/// An IR that applies one operation without attributes to its input `x`.
func oneOperationModel(_ type: String) -> String {
  let port = #"precision="FP32"><dim>-1</dim><dim>2</dim></port>"#
  return """
    <?xml version="1.0"?>
    <net name="one" version="11">
      <layers>
        <layer id="0" name="x" type="Parameter" version="opset1">
          <data shape="?,2" element_type="f32"/>
          <output><port id="0" names="x" \(port)</output>
        </layer>
        <layer id="1" name="operation" type="\(type)" version="opset1">
          <input><port id="0" \(port)</input><output><port id="1" names="y" \(port)</output>
        </layer>
        <layer id="2" name="result" type="Result" version="opset1"><input><port id="0" \(port)</input></layer>
      </layers>
      <edges>
        <edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
        <edge from-layer="1" from-port="1" to-layer="2" to-port="0"/>
      </edges>
    </net>
    """
}
