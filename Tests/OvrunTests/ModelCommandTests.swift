import Foundation
import OVRuntime
import Testing

@testable import ovrun

/// The commands that take a model: run, benchmark, inspect.
@Suite struct ModelCommandTests {
  let folder: TemporaryFolder
  let model: String
  let input: String

  init() throws {
    folder = try TemporaryFolder()
    model = try folder.writeCase("abs", operation: "Abs", [([1, -2, 3.5, 0], [1, 2, 3.5, 0])])
    input = folder.url.path + "/abs/0/input_0.npy"
  }

  static func json(_ tool: ToolProcess) throws -> [String: Any] {
    #expect(tool.exitCode == 0 && tool.errors.isEmpty, "\(tool.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(tool.output.utf8)) as? [String: Any])
  }

  // MARK: run

  @Test(arguments: [[], ["--reference"], ["--unoptimized", "--threads", "1"]])
  func runWritesOutputs(_ options: [String]) throws {
    let output = folder.url.path + "/new/folder"
    for words in [["--input", input], ["--input", "x=\(input)"], ["--input=\(input)"]] {
      let tool = try ToolProcess(["run", model] + words + ["--output", output] + options)
      #expect(tool.exitCode == 0 && tool.lines[0] == "y f32[2,2]  min 0  max 3.5  mean 1.625", "\(tool.output) \(tool.errors)")
      let tensor = try Tensor(npyFile: output + "/output_0.npy")
      #expect(tensor.shape == [2, 2] && tensor.array(of: Float.self) == [1, 2, 3.5, 0])
    }
  }

  @Test func runShowsValuesAndPictures() throws {
    let tool = try ToolProcess(["run", model, "--input", input, "--show-input"])
    #expect(tool.lines == ["x f32[2,2]", "  ▒▒  ", "  ██░░", "y f32[2,2]  min 0  max 3.5  mean 1.625", "  1  2  3.5  0"])
  }

  @Test func runRefuses() throws {
    let other = folder.url.path + "/other.npy"
    try Tensor([1, 2, 3] as [Float], shape: [1, 3]).writeNpy(to: other)
    let double = folder.url.path + "/double.npy"
    try Tensor([1, 2] as [Double], shape: [1, 2]).writeNpy(to: double)
    let cases: [(arguments: [String], exitCode: Int32, says: String)] = [
      ([], 64, "input 'x' f32[?,2] has no data; give it with '--input x=FILE.npy'"),
      (["--input", input, input], 64, "is for no input; the inputs are 'x' f32[?,2]"),
      (["--input", "z=\(input)"], 66, "No such file"),
      (["--input", other], 65, "input 'x' is f32[?,2], the data are f32[1,3]; \(other)"),
      (["--input", double], 65, "save the array as f32"),
      (["--input", model], 65, "not a .npy file"),
      (["--input", input, "--output", model], 66, "cannot make the folder"),
      (["--input", input, "--shape", "x=3,2"], 65, "input 'x' is f32[3,2], the data are f32[2,2]"),
      (["--input", input, "--shape", "x=a"], 64, "'a' is not a shape"),
      (["--input", input, "--threads", "0"], 64, "not a whole number"),
      (["--input", input, "--precision", "f8"], 64, "not one of f32, f16"),
    ]
    for (arguments, exitCode, says) in cases {
      let tool = try ToolProcess(["run", model] + arguments)
      #expect(tool.exitCode == exitCode && tool.errors.contains(says), "\(arguments): \(tool.exitCode) \(tool.errors)")
      #expect(tool.errors.filter { $0 == "\n" }.count == 1)
    }
  }

  @Test(arguments: ["run", "benchmark", "inspect"])
  func refusesModels(_ command: String) throws {
    let missing = try ToolProcess([command, folder.url.path + "/none.xml"])
    #expect(missing.exitCode == 66 && missing.errors.contains("none.xml"))
    let damaged = try ToolProcess([command, try folder.write("<net version=\"11\"", to: "damaged.xml")])
    #expect(damaged.exitCode == 65 && damaged.errors.contains("damaged.xml"))
    if command == "inspect" { return }
    let unknown = try ToolProcess([command, try folder.write(oneOperationModel("Teleport"), to: "unknown.xml"), "--input", input])
    #expect(unknown.exitCode == 69 && unknown.errors.contains("operation Teleport of opset1 is not supported; layer 1 \"operation\""))
  }

  // MARK: benchmark

  @Test(arguments: [[], ["--requests", "3", "--threads", "2"], ["--hint", "throughput"], ["--profile", "--precision", "f16"]])
  func benchmarkReports(_ options: [String]) throws {
    let words = ["benchmark", model, "--input", input, "--iterations", "7", "--json"]
    let object = try Self.json(ToolProcess(words + options))
    #expect(object["model"] as? String == model && object["iterations"] as? Int == 7)
    #expect(object["requests"] as? Int == (options.contains("--requests") ? 3 : 1))
    if options.contains("--threads") { #expect(object["threads"] as? Int == 2) }
    #expect(object["precision"] as? String == (options.contains("f16") ? "f16" : "f32"))
    #expect((object["isa"] as? String)?.isEmpty == false)
    let latency = try #require(object["latency_ms"] as? [String: Double])
    #expect(Set(latency.keys) == ["min", "median", "mean", "p90", "p99", "max"])
    let ordered = ["min", "median", "p90", "p99", "max"].map { latency[$0]! }
    #expect(ordered == ordered.sorted() && ordered[0] > 0)
    for key in ["compile_ms", "first_inference_ms", "throughput_per_s"] { #expect((object[key] as? Double ?? 0) > 0, "\(key)") }
    #expect((object["peak_rss_bytes"] as? Int ?? 0) > 1_000_000)
    let profile = object["profile"] as? [[String: Any]]
    #expect((profile != nil) == options.contains("--profile"))
    if let profile {
      #expect(profile.map { $0["node"] as? String } == ["operation"])
      #expect(profile[0]["share"] as? Double == 1)
      let peak = try #require(object["peak_gflop_per_s"] as? Double)
      let threads = try #require(object["threads"] as? Int)
      let speed = try #require(profile[0]["gflop_per_s"] as? Double)
      let share = try #require(profile[0]["share_of_peak"] as? Double)
      #expect(peak > 0.1 && abs(share * peak * Double(threads) - speed) <= 1e-9 * speed)
    }
  }

  @Test func benchmarkSweepsShapes() throws {
    let object = try Self.json(ToolProcess(["benchmark", model, "--sweep", "1..12,2", "--json"]))
    #expect(object["shapes"] as? Int == 12 && (object["rss_bytes_late"] as? Int ?? 0) > 1 << 20)
    for field in ["new_shape_ms", "repeated_ms"] {
      let times = try #require(object[field] as? [String: Double])
      #expect(times["min"]! > 0 && times["min"]! <= times["median"]! && times["median"]! <= times["max"]!)
    }
    for range in ["1..,2", "nonsense", "1..3000000,2"] {
      let tool = try ToolProcess(["benchmark", model, "--sweep", range])
      #expect(tool.exitCode == 64, "\(range): \(tool.errors)")
    }
  }

  @Test func benchmarkNeedsShapesOrData() throws {
    let tool = try ToolProcess(["benchmark", model, "--iterations", "1"])
    #expect(tool.exitCode == 64 && tool.errors.contains("input 'x' is f32[?,2], whose extents are not all known"))
    let shaped = try ToolProcess(["benchmark", model, "--seconds", "0.01", "--warm-up", "0.01", "--shape", "4,2", "--profile-order"])
    #expect(shaped.exitCode == 0, "\(shaped.errors)")
    for title in ["settings", "compile", "first inference", "latency ms", "throughput", "memory", "node"] {
      #expect(shaped.lines.contains { $0.hasPrefix(title) }, "\(title)")
    }
  }

  @Test func percentiles() {
    let latencies = Latencies((1...200).map(Double.init).shuffled())
    #expect(latencies.min == 1 && latencies.max == 200 && latencies.median == 100.5 && latencies.mean == 100.5)
    #expect(latencies.percentile(90) == 180 && latencies.percentile(99) == 198 && latencies.percentile(100) == 200)
    let one = Latencies([3])
    #expect([one.min, one.median, one.percentile(1), one.percentile(99), one.max].allSatisfy { $0 == 3 })
  }

  // MARK: inspect

  @Test func inspectDescribes() throws {
    let tool = try ToolProcess(["inspect", model])
    #expect(tool.exitCode == 0 && tool.lines[0] == "one: IR version 11, 3 nodes, 3 values of unknown shape", "\(tool.output)")
    #expect(tool.lines.contains("  0  x  f32[?,2]") && tool.lines.contains("  0  y  f32[?,2]"))
    let object = try Self.json(ToolProcess(["inspect", model, "--json", "--shape", "x=5,2"]))
    #expect(object["dynamic"] as? Bool == false && object["operations"] as? [String: Int] == ["Abs": 1, "Parameter": 1, "Result": 1])
    let inputs = try #require(object["inputs"] as? [[String: Any]])
    #expect(inputs[0]["shape"] as? [Int] == [5, 2] && inputs[0]["names"] as? [String] == ["x"] && inputs[0]["type"] as? String == "f32")
  }

  @Test func inspectShowsWhatWasCompiled() throws {
    let object = try Self.json(ToolProcess(["inspect", model, "--json", "--optimized", "--shape", "2,2"]))
    let steps = try #require(object["steps"] as? [[String: Any]])
    #expect(steps.map { $0["type"] as? String } == ["Abs"])
    #expect(object["passes"] is [Any] && object["isa"] is String)
    let dynamic = try ToolProcess(["inspect", model, "--optimized"])
    #expect(dynamic.output.contains("they depend on the shapes of the inputs"))
  }

  @Test func inspectDrawsGraphs() throws {
    let tool = try ToolProcess(["inspect", model, "--dot"])
    #expect(tool.lines.first == "digraph \"one\" {" && tool.lines.last == "}")
    #expect(tool.lines.contains { $0.contains("[label=\"Abs\\noperation\"]") })
    #expect(tool.lines.count { $0.contains(" -> ") } == 2)
    #expect(try ToolProcess(["inspect", model, "--dot", "--json"]).exitCode == 64)
  }
}

@Suite struct TensorSummaryTests {
  @Test func classifiersShowTheLargest() {
    let row = TensorSummary(Tensor([0.05, 0.75, 0, 0.1, 0.1, 0] as [Float], shape: [1, 6]))
    #expect(
      row.values.split(separator: "\n").map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "1 0.75", "3 0.1", "4 0.1", "0 0.05", "2 0",
      ])
    let batch = TensorSummary(Tensor([1, 5, 2, 9, 0, 1] as [Float], shape: [2, 3]))
    #expect(batch.values == "  row 0:  1  5\n  row 1:  0  9\n")
    let many = TensorSummary(Tensor([Float](repeating: 1, count: 36), shape: [12, 3]))
    #expect(many.values.hasSuffix("  … 2 more rows\n"))
  }

  @Test func others() {
    #expect(TensorSummary(Tensor([1, 2] as [Float], shape: [2])).values == "  1  2\n")
    #expect(TensorSummary(Tensor([Float](repeating: 0, count: 16), shape: [4, 2, 2])).values == "  0  0  0  0  0  0  0  0  …\n")
    #expect(TensorSummary(Tensor([7, -1] as [Int64], shape: [2])).values == "  7  -1\n")
    #expect(TensorSummary(Tensor(strings: ["a\n"], shape: [1])).values == "  \"a\\n\"\n")
    #expect(TensorSummary(Tensor([.nan, 1, .infinity] as [Float], shape: [3])).statistics == "min 1  max 1  mean 1  2 not finite")
    #expect(TensorSummary(Tensor(.boolean, shape: [3], int64s: [1, 0, 1])).statistics == "2 of 3 true")
    #expect(TensorSummary(Tensor([] as [Float], shape: [0])).statistics == "0 elements")
  }

  @Test func pictures() {
    let image = Tensor([0, 1, 2, 3, 4, 4] as [Float], shape: [1, 1, 2, 3])
    #expect(GreyPicture(image)?.text == "    ░░▒▒\n  ▓▓████\n")
    #expect(GreyPicture(image.reshaped(to: [1, 2, 3, 1]))?.text == GreyPicture(image)?.text)
    #expect(GreyPicture(Tensor([1, 1, 1, 1] as [Float], shape: [2, 2]))?.text == "      \n      \n")
    for shape in [[6], [1, 6], [1, 3, 2, 1, 1], [2, 3, 1, 1]] { #expect(GreyPicture(image.reshaped(to: shape)) == nil, "\(shape)") }
  }
}
