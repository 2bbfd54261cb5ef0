import Foundation
import OVRuntime
import Testing

@testable import ovrun

/// How the tool ends, whatever it is given.
@Suite struct ToolTests {
  @Test(arguments: [
    [], ["teleport"], ["verify"], ["verify", "x", "--quantum"], ["help", "teleport"], ["verify", "x", "--tolerance", "-1"],
  ])
  func usageErrorsAreOneLine(_ arguments: [String]) throws {
    let tool = try ToolProcess(arguments)
    #expect(tool.exitCode == 64)
    #expect(tool.output.isEmpty)
    #expect(tool.errors.hasPrefix("ovrun: ") && tool.errors.filter { $0 == "\n" }.count == 1)
  }

  @Test func helpAndVersion() throws {
    #expect(try ToolProcess(["--version"]).output == "ovrun \(Tool.version)\n")
    for arguments in [["help"], ["--help"], ["-h"]] {
      let tool = try ToolProcess(arguments)
      #expect(tool.exitCode == 0 && tool.output == overviewHelpText(Tool.commands))
    }
    for command in Tool.commands {
      for arguments in [["help", command.name], [command.name, "--help"], [command.name, "-h"]] {
        let tool = try ToolProcess(arguments)
        #expect(tool.exitCode == 0 && tool.output == command.helpText)
      }
    }
  }

  @Test(
    arguments: [
      (OVError.Code.invalidArgument, 64), (.invalidModel, 65), (.invalidData, 65), (.unreadableFile, 66), (.unwritableFile, 66),
      (.unsupported, 69), (.internalFailure, 70),
    ] as [(OVError.Code, Int32)])
  func exitCodes(_ code: OVError.Code, _ expected: Int32) {
    #expect(ExitCode(OVError(code, "message")).rawValue == expected)
  }

  @Test func unknownErrorsAreOurs() {
    struct Unforeseen: Error {}
    #expect(ExitCode(Unforeseen()) == .internalFailure)
  }

  /// A reader that goes away ends the tool without a signal and without a message.
  @Test func closedPipe() throws {
    let folder = try TemporaryFolder()
    for i in 0..<50 { try folder.writeCase("case\(i)", operation: "Abs", [([1, -2], [1, 2])]) }
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    let errors = Pipe()
    shell.standardError = errors
    shell.arguments = ["-c", "{ '\(ToolProcess.path)' verify '\(folder.url.path)'; echo code $? >&2; } | true"]
    try shell.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(text == "code 66\n" || text == "code 0\n")
  }
}
