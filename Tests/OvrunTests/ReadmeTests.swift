import Foundation
import OVRuntime
import Testing

/// The README's example compiles, runs, and is the one below.
@Suite struct ReadmeTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func example(_ print: (String) -> Void) throws {
    // README begins
    let model = try Model(contentsOf: "Fixtures/digits/model.xml")
    let compiled = try CompiledModel(model)
    let request = compiled.makeRequest()

    try request.setInput("images", Tensor(npyFile: "Fixtures/digits/image.npy"))
    try request.infer()

    let probabilities = try request.output("probabilities").array(of: Float.self)
    let answer = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
    print("a \(answer), with probability \(probabilities[answer])")
    // README ends
  }

  @Test func exampleIsInTheReadme() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let block = try #require(readme.firstMatch(of: /```swift\nimport OVRuntime\n\n((?:.|\n)*?)```/)).output.1
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let body = try #require(source.firstMatch(of: /README begins\n((?:.|\n)*?) *\/\/ README ends/)).output.1
    let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map { String($0.drop { $0 == " " }) }
    #expect(lines == block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }

  /// The paths of the example are those from the package's folder, where `swift test` runs.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "Fixtures/digits/model.xml")))
  func exampleTellsANine() throws {
    var printed = ""
    try example { printed = $0 }
    #expect(printed.hasPrefix("a 9, with probability 0.80"))
  }

  /// What the README says the tool prints is what it prints.
  @Test func pictureIsTheTools() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let tool = try ToolProcess(
      ["run", "Fixtures/digits/model.xml", "--input", "Fixtures/digits/image.npy", "--show-input"], folder: Self.root)
    #expect(tool.exitCode == 0)
    var lines: [String] = []
    for line in tool.lines {
      lines.append("    " + line.trimmingSuffix(while: { $0 == " " }))
      // The last digits of the numbers depend on the instruction set.
      if line.hasPrefix("probabilities") { break }
    }
    lines[lines.count - 1] = "    probabilities f32[1,10]"
    for line in lines { #expect(readme.contains(line), "\(line)") }
    #expect(tool.lines.contains { $0.hasPrefix("  9   0.803") })
  }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
    String(self[..<(lastIndex { !predicate($0) }.map { index(after: $0) } ?? startIndex)])
  }
}
