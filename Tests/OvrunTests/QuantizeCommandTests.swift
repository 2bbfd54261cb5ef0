import Foundation
import OVRuntime
import Testing

@testable import ovrun

/// The commands that write models: quantize and compress.
@Suite struct QuantizeCommandTests {
  private static let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/digits").standardizedFileURL.path
  private let folder: TemporaryFolder
  private var output: String { folder.url.path + "/out.xml" }
  private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()) ?? [] }

  init() throws { folder = try TemporaryFolder() }

  private func quantize(_ options: [String], calibration: String = digits + "/calibration.npy") throws -> ToolProcess {
    try ToolProcess(["quantize", Self.digits + "/model.xml", "--calibration", calibration, "--output", output] + options)
  }

  @Test func quantizesAndReports() throws {
    let tool = try quantize(["--report", folder.url.path + "/report.html"])
    #expect(tool.exitCode == 0 && tool.errors.isEmpty, "\(tool.errors)")
    #expect(
      tool.lines[0].hasPrefix("layer") && tool.lines.contains { $0.hasPrefix("8 of 8 layers in 8-bit integers, ranges from 64 samples") })
    #expect(files == ["out.bin", "out.xml", "report.html"])
    let page = try folder.read("report.html")
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<svg") && page.contains("classifier") && !page.contains("http-equiv"))
    let verified = try ToolProcess(["run", output, "--input", Self.digits + "/image.npy"])
    #expect(verified.exitCode == 0 && verified.lines[1].hasPrefix("  9"))
  }

  @Test func jsonOnOutputAndInAFile() throws {
    let tool = try quantize([
      "--json", "--report", folder.url.path + "/report.json", "--preset", "mixed", "--estimator", "mse", "--no-bias-correction",
    ])
    let json = try ModelCommandTests.json(tool)
    #expect((json["layers"] as? [[String: Any]])?.count == 8 && json["samples"] as? Int == 64 && json["accuracy"] is NSNull)
    let layer = (json["layers"] as? [[String: Any]])?[0]
    #expect(layer?["name"] as? String == "stem" && layer?["precision"] as? String == "i8" && layer?["bias_corrected"] as? Bool == false)
    #expect(try folder.read("report.json") == tool.output)
  }

  @Test func accuracyDrop() throws {
    let words = ["--labels", Self.digits + "/labels.npy", "--validation", Self.digits + "/0", "--json"]
    let fine = try ModelCommandTests.json(quantize(["--accuracy-drop", "0.01"] + words))
    #expect((fine["restored"] as? [String]) == [] && fine["original_accuracy"] as? Double ?? 0 > 0.99)
    let unlabelled = try quantize(["--accuracy-drop", "0.01", "--labels", Self.digits + "/labels.npy"])
    #expect(unlabelled.exitCode == 65 && unlabelled.errors.contains("there are 360 labels for 64 samples"), "\(unlabelled.errors)")
  }

  @Test func badDataWriteNothing() throws {
    func write(_ values: [Float], _ shape: Shape, _ name: String) throws -> String {
      let path = folder.url.path + "/" + name
      try Tensor(values, shape: shape).writeNpy(to: path)
      return path
    }
    try FileManager.default.createDirectory(at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
    var damaged = [Float](repeating: 0, count: 64)
    damaged[3] = .infinity
    let cases: [(path: String, exitCode: Int32, says: String)] = [
      (try write(damaged, [1, 1, 8, 8], "infinite.npy"), 65, "the data hold NaN or infinity"),
      (try write(damaged, [1, 1, 4, 16], "shape.npy"), 65, "input 'images' is f32[?,1,8,8], the data are f32[1,1,4,16]"),
      (folder.url.path + "/empty", 65, "the folder holds no .npy or .npz files"),
      (folder.url.path + "/missing.npy", 66, "No such file"),
      (try folder.write("text", to: "text.npy"), 65, "not a .npy file"),
    ]
    let before = files
    for (path, exitCode, says) in cases {
      let tool = try quantize([], calibration: path)
      #expect(tool.exitCode == exitCode && tool.errors.contains(says) && tool.errors.contains(path), "\(tool.errors)")
      #expect(tool.errors.split(separator: "\n").count == 1 && tool.output.isEmpty)
    }
    #expect(files == before)
  }

  @Test func misuse() throws {
    let model = Self.digits + "/model.xml"
    let data = ["--calibration", Self.digits + "/calibration.npy"]
    let cases: [(words: [String], exitCode: Int32, says: String)] = [
      (["quantize", model, "--output", output], 64, "'--calibration' is missing"),
      (["quantize", model] + data, 64, "'--output' is missing"),
      (["quantize", model, "--output", folder.url.path + "/out.bin"] + data, 64, "not an XML file"),
      (["quantize", model, "--output", folder.url.path + "/none/out.xml"] + data, 66, "there is no such folder"),
      (["quantize", model, "--output", output, "--labels", "a.npy"] + data, 64, "belong together"),
      (["quantize", model, "--output", output, "--ignore-name", "nothing"] + data, 64, "no layer's name is 'nothing'"),
      (["quantize", model, "--output", output, "--report", "a.txt"] + data, 64, "ends in .json, .html or .svg"),
      (["quantize", model, "--output", output, "--input-name", "a=b"] + data, 64, "is for no input"),
      (["compress", model, "--output", output], 64, "'--weights' is missing"),
      (["compress", model, "--output", output, "--weights", "int3"], 64, "not one of f16, int8, int4"),
      (["compress", model, "--output", output, "--weights", "f16", "--group-size", "32"], 64, "the group size is 32"),
    ]
    for (words, exitCode, says) in cases {
      let tool = try ToolProcess(words)
      #expect(tool.exitCode == exitCode && tool.errors.contains(says), "\(words) \(tool.errors)")
    }
    #expect(files.isEmpty)
  }

  @Test func interruptsLeaveNoHalfModel() throws {
    for milliseconds in [0, 20, 60, 120, 250] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: ToolProcess.path)
      process.arguments = [
        "quantize", Self.digits + "/model.xml", "--calibration", Self.digits + "/calibration.npy", "--output", output,
      ]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
      process.interrupt()
      process.waitUntilExit()
      let written = files
      #expect(written.isEmpty || written == ["out.bin", "out.xml"], "\(milliseconds) ms: \(written)")
      if !written.isEmpty {
        #expect(try ToolProcess(["run", output, "--input", Self.digits + "/image.npy"]).exitCode == 0)
        for name in written { try FileManager.default.removeItem(at: folder.url.appending(path: name)) }
      }
    }
  }

  @Test(arguments: ["f16", "int8", "int4"])
  func compresses(_ format: String) throws {
    let tool = try ToolProcess([
      "compress", Self.digits + "/model.xml", "--weights", format, "--output", output, "--report", folder.url.path + "/report.svg",
    ])
    #expect(tool.exitCode == 0 && tool.lines[0].hasPrefix("layer") && tool.lines.last!.hasPrefix("constants "), "\(tool.errors)")
    #expect(files == ["out.bin", "out.xml", "report.svg"])
    let run = try ToolProcess(["run", output, "--input", Self.digits + "/image.npy"])
    #expect(run.exitCode == 0 && run.lines[1].hasPrefix("  9"), "\(run.output)")
  }

  @Test func progressLines() {
    #expect(ProgressBar.line("calibrating", 3, of: nil, seconds: 1) == "calibrating: 3")
    #expect(ProgressBar.line("calibrating", 1, of: 4, seconds: 1) == "calibrating ██████░░░░░░░░░░░░░░░░░░ 1 of 4")
    #expect(ProgressBar.line("calibrating", 3, of: 4, seconds: 20) == "calibrating ██████████████████░░░░░░ 3 of 4, 10 s left")
    #expect(ProgressBar.line("calibrating", 2, of: 100, seconds: 60).hasSuffix(", 1 h 38 min left"))
    #expect(ProgressBar.line("calibrating", 4, of: 4, seconds: 20).hasSuffix("4 of 4"))
  }
}
