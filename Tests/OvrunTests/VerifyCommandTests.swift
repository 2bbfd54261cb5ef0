import Foundation
import Testing

@testable import ovrun

@Suite struct VerifyCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.writeCase("abs", operation: "Abs", [([1, -2], [1, 2]), ([-3, 4, 0, -1], [3, 4, 0, 1])])
    try folder.writeCase("wrong", operation: "Negative", [([1, -2], [-1, 2]), ([1, 4], [-1, 4])])
    try folder.writeCase("unknown", operation: "Teleport", [([1, 2], [1, 2])])
  }

  @Test(arguments: [[], ["--reference"], ["--isolate"], ["--unoptimized"]])
  func linePerCase(_ options: [String]) throws {
    let tool = try ToolProcess(["verify"] + options + [folder.url.path])
    #expect(tool.exitCode == 1)
    try #require(tool.lines.count == 4, "\(tool.output)")
    #expect(tool.lines[0] == "PASS abs  error 0")
    #expect(tool.lines[1].hasPrefix("FAIL unknown  operation Teleport of opset1 is not supported"))
    #expect(tool.lines[1].contains("layer 1 \"operation\""))
    #expect(tool.lines[2] == "FAIL wrong  1/output_0: error 2 of the range 4, at [0,1] expected 4.0, got -4.0")
    #expect(tool.lines[3] == "1 passed, 2 failed")
    #expect(tool.errors.isEmpty)
  }

  @Test func passes() throws {
    let tool = try ToolProcess(["verify", folder.url.path + "/abs/"])
    #expect(tool.exitCode == 0 && tool.lines.last == "1 passed, 0 failed")
  }

  @Test func toleranceIsAnOption() throws {
    let tool = try ToolProcess(["verify", folder.url.path + "/wrong", "--tolerance", "2.5"])
    #expect(tool.exitCode == 0 && tool.lines[0] == "PASS wrong  error 2")
  }

  @Test func json() throws {
    let tool = try ToolProcess(["verify", "--json", folder.url.path])
    #expect(tool.exitCode == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(tool.output.utf8)) as? [String: Any])
    #expect(object["passed"] as? Int == 1 && object["failed"] as? Int == 2)
    let cases = try #require(object["cases"] as? [[String: Any]])
    #expect(cases.map { $0["name"] as? String } == ["abs", "unknown", "wrong"])
    #expect(cases.map { $0["passed"] as? Bool } == [true, false, false])
  }

  @Test func expectedFailuresDoNotCount() throws {
    let list = try folder.write("# what passes\nabs\nelsewhere\n", to: "list.txt")
    let tool = try ToolProcess(["verify", "--expect", list, "--quiet", folder.url.path])
    #expect(tool.exitCode == 0 && tool.lines == ["1 passed, 2 failed"])
  }

  @Test func unexpectedFailuresAndNewPassesAreNamed() throws {
    let list = try folder.write("# what passes\nwrong\nelsewhere\n", to: "list.txt")
    let tool = try ToolProcess(["verify", "--expect", list, folder.url.path])
    #expect(tool.exitCode == 1)
    #expect(tool.lines.suffix(3) == ["expected to pass, but failed: wrong", "newly passing: abs", "1 passed, 2 failed"])

    let quiet = try ToolProcess(["verify", "--quiet", "--expect", list, folder.url.path])
    #expect(quiet.lines.count == 4 && quiet.lines[0].hasPrefix("FAIL wrong"))
    #expect(try ToolProcess(["verify", "--expect", list, "--update", folder.url.path]).exitCode == 0)
    #expect(try folder.read("list.txt") == "# what passes\nabs\nelsewhere\n")
    #expect(try ToolProcess(["verify", "--expect", list, "--fail-on-new", folder.url.path]).exitCode == 0)
    _ = try folder.write("", to: "list.txt")
    #expect(try ToolProcess(["verify", "--expect", list, folder.url.path]).exitCode == 0)
    #expect(try ToolProcess(["verify", "--expect", list, "--fail-on-new", folder.url.path]).exitCode == 1)
  }

  @Test func stepsShareOneRequest() throws {
    // Without state, steps are inferences like others; what matters is that they are read, and in order.
    for (step, sign) in [("2", -1), ("10", 1)] as [(String, Float)] {
      try folder.writeCase("abs/steps", operation: "Abs", [])
      let from = folder.url.appending(path: "abs/0")
      let to = folder.url.appending(path: "abs/steps/\(step)")
      try FileManager.default.copyItem(at: from, to: to)
      if sign < 0 { try FileManager.default.copyItem(atPath: from.path + "/output_0.npy", toPath: to.path + "/output_1.npy") }
    }
    let tool = try ToolProcess(["verify", folder.url.path + "/abs"])
    #expect(tool.exitCode == 1)
    #expect(tool.lines[0].contains("the model has 1 outputs") && tool.lines[0].contains("steps/2/output_1.npy"))
  }
}
