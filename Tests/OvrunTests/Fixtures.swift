import Foundation
import OVRuntime

@testable import ovrun

/// The checked-in cases recorded from OpenVINO.
enum Fixtures {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let operations = root.appending(path: "Fixtures/ops")

  /// The cases of `Fixtures/ops`, sorted by name.
  static func operationCases() throws -> [OperationCase] {
    try TestCase.all(at: operations.appending(path: "cases").path).map(OperationCase.init).sorted { $0.test.name < $1.test.name }
  }

  /// The operations of opset1 to opset16 with their versions, as OpenVINO's own tables list them.
  static func operationVersions() throws -> [String: [Int]] {
    let text = try String(contentsOf: operations.appending(path: "operations.txt"), encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    return Dictionary(uniqueKeysWithValues: lines.map { (String($0[0]), $0.dropFirst().compactMap { Int($0) }) })
  }
}

/// A case whose folder is named `<operation>-<opset>-<case>`.
struct OperationCase {
  let test: TestCase
  let operation: String
  let version: Int

  init(_ test: TestCase) {
    self.test = test
    let parts = test.name.split(separator: "-", maxSplits: 2)
    operation = String(parts[0])
    version = Int(parts[1])!
  }

  /// The inputs of the first data set, as the model takes them.
  func inputs(_ ports: [PortInfo]) throws -> [Tensor] {
    try ports.enumerated().map { index, port in try port.adopting(Tensor(npyFile: "\(test.path)/0/input_\(index).npy")) }
  }
}
