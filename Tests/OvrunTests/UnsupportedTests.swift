import Foundation
import Testing

@testable import ovrun

/// What the tool says of models that need what there is not: before it does any work, and before it looks at other files.
@Suite struct UnsupportedTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ model: String, _ command: String = "run") throws -> ToolProcess {
    let path = try folder.write(model, to: "model.xml")
    let output = folder.url.appending(path: "output")
    let words = command == "run" ? ["--input", folder.url.path + "/missing.npy", "--output", output.path] : []
    let tool = try ToolProcess([command, path] + words)
    #expect(!FileManager.default.fileExists(atPath: output.path))
    return tool
  }

  static let operations: [(type: String, opset: String, says: String)] = [
    ("Teleport", "opset1", "operation Teleport of opset1 is not supported; layer 1 \"operation\" Teleport (opset1)"),
    ("Sigmoit", "opset1", "the nearest supported operation is Sigmoid"),
    ("CumSum", "opset1", "operation CumSum of opset1 is not supported; layer 1 \"operation\" CumSum (opset1)"),
    ("CumSum", "opset1", "the nearest supported version is opset3"),
    ("Abs", "opset18", "the nearest supported version is opset1"),
    ("Gelu", "opset99", "the nearest supported version is opset7"),
    ("Abs", "extension", "operation Abs of extension is not supported; layer 1 \"operation\" Abs (extension)"),
    ("Abs", "extension", "it is supported as opset1"),
    ("GroupedMatMul", "opset17", "operation GroupedMatMul of opset17 is not supported"),
  ]

  @Test(arguments: operations)
  func operationsAndVersions(type: String, opset: String, says: String) throws {
    let model = oneOperationModel(type).replacing("type=\"\(type)\" version=\"opset1\"", with: "type=\"\(type)\" version=\"\(opset)\"")
    for command in ["run", "benchmark"] {
      let tool = try refusal(model, command)
      #expect(tool.exitCode == 69 && tool.errors.contains(says), "\(tool.exitCode) \(tool.errors)")
      #expect(tool.output.isEmpty && tool.errors.filter { $0 == "\n" }.count == 1)
    }
  }

  @Test func attributeValues() throws {
    let data = "<data approximation_mode=\"guess\"/>"
    let model = oneOperationModel("Gelu").replacing("type=\"Gelu\" version=\"opset1\">", with: "type=\"Gelu\" version=\"opset7\">\(data)")
    let tool = try refusal(model)
    #expect(tool.exitCode == 69, "\(tool.exitCode) \(tool.errors)")
    let message = "attribute 'approximation_mode' is \"guess\", which is not supported; layer 1 \"operation\" Gelu (opset7)"
    #expect(tool.errors.contains(message) && tool.errors.contains("; the supported values are erf, tanh"), "\(tool.errors)")
  }

  /// Whether or not the sub-graph would ever run.
  @Test func operationsOfBodies() throws {
    let path = Fixtures.operations.appending(path: "cases/If-8-constant/model.xml")
    let model = try String(contentsOf: path, encoding: .utf8).replacing(
      "type=\"Multiply\" version=\"opset1\"", with: "type=\"Multiplex\" version=\"opset1\"")
    #expect(model.contains("Multiplex"))
    try FileManager.default.copyItem(
      at: path.deletingLastPathComponent().appending(path: "model.bin"), to: folder.url.appending(path: "model.bin"))
    let tool = try refusal(model)
    #expect(
      tool.exitCode == 69 && tool.errors.contains("operation Multiplex of opset1 is not supported; layer"),
      "\(tool.exitCode) \(tool.errors)")
    #expect(tool.errors.contains("the nearest supported operation is Multiply"))
  }
}
