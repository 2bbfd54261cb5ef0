import Foundation
import OVRuntime
import Testing

@testable import Quantize

@Suite struct CalibrationFilesTests {
  let folder: TestFolder
  init() throws { folder = try TestFolder() }

  private static func inputs(_ ports: [(String, PartialShape, ElementType)]) throws -> [PortInfo] {
    var graph = TestGraph()
    for (name, shape, type) in ports { graph.result(graph.parameter(name, shape, type)) }
    return try graph.inferred().inputs
  }

  private static let image = PartialShape([.dynamic, 2, 3])

  private func tensor(_ shape: Shape, from first: Float = 0) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { first + Float($0) }, shape: shape)
  }

  private func all(_ data: CalibrationData) throws -> [[Tensor]] {
    var samples: [[Tensor]] = []
    while let sample = try data.sample(samples.count) { samples.append(sample.inputs) }
    return samples
  }

  @Test func arraysAreCut() throws {
    for (input, shape, count, piece) in [
      (Self.image, [5, 2, 3], 5, [1, 2, 3]), (Self.image, [1, 2, 3], 1, [1, 2, 3]), (Self.image, [2, 3], 1, [1, 2, 3]),
      ([2, 2, 3], [6, 2, 3], 3, [2, 2, 3]), ([2, 2, 3], [2, 2, 3], 1, [2, 2, 3]), ([2, 3], [4, 2, 3], 4, [2, 3]), ([3], [3], 1, [3]),
    ] as [(PartialShape, Shape, Int, Shape)] {
      let path = try folder.write(tensor(shape), "a.npy")
      let samples = try all(CalibrationData(contentsOf: [path], for: Self.inputs([("x", input, .f32)])))
      #expect(samples.count == count && samples.allSatisfy { $0[0].shape == piece }, "\(input) \(shape)")
      #expect(samples.flatMap { $0[0].array(of: Float.self) } == tensor(shape).array(of: Float.self))
    }
  }

  @Test func foldersOfFiles() throws {
    for index in [10, 2, 1] { try folder.write(tensor([1, 2, 3], from: Float(index)), "set/image\(index).npy") }
    let inputs = try Self.inputs([("x", Self.image, .f32)])
    let path = folder.url.path + "/set"
    #expect(try all(CalibrationData(contentsOf: [path], for: inputs)).map { $0[0].array(of: Float.self)[0] } == [1, 2, 10])
    #expect(try CalibrationData(contentsOf: [path, path], for: inputs, limit: 4).count == 4)
  }

  @Test func severalInputs() throws {
    let inputs = try Self.inputs([("x", Self.image, .f32), ("rate", [1], .f32)])
    // A folder a sample, with outputs beside, as cases have them.
    for index in 0..<3 {
      try folder.write(tensor([1, 2, 3], from: Float(index)), "cases/\(index)/input_0.npy")
      try folder.write(tensor([1]), "cases/\(index)/input_1.npy")
      try folder.write(tensor([9]), "cases/\(index)/output_0.npy")
    }
    #expect(
      try all(CalibrationData(contentsOf: [folder.url.path + "/cases"], for: inputs)).map { $0[0].array(of: Float.self)[0] } == [0, 1, 2])
    // A file an input; the rate is the same for all.
    try folder.write(tensor([4, 2, 3]), "named/x.npy")
    try folder.write(tensor([1], from: 7), "named/hz.npy")
    let error = #expect(throws: OVError.self) { try CalibrationData(contentsOf: [folder.url.path + "/named"], for: inputs) }
    #expect(error?.message == "there is no file for input 'rate'")
    let samples = try all(CalibrationData(contentsOf: [folder.url.path + "/named"], for: inputs, names: ["rate": "hz"]))
    #expect(samples.count == 4 && samples.allSatisfy { $0[1].array(of: Float.self) == [7] })
  }

  @Test(arguments: [CompressedSamples.stored, CompressedSamples.deflated])
  func archives(_ sample: String) throws {
    let path = try folder.path("a.npz")
    try Data(base64Encoded: sample)!.write(to: URL(fileURLWithPath: path))
    let inputs = try Self.inputs([("data", [.dynamic, 6], .f32), ("ids", [.dynamic, 2], .i64)])
    let samples = try all(CalibrationData(contentsOf: [path], for: inputs))
    #expect(samples.count == 2 && samples[1][0].array(of: Float.self)[0] == 6 && samples[1][1].array(of: Int64.self) == [3, 4])
  }

  @Test func refusesAndNamesTheFile() throws {
    let inputs = try Self.inputs([("x", Self.image, .f32)])
    func error(_ path: String, _ inputs: [PortInfo]) -> OVError? {
      #expect(throws: OVError.self) { try CalibrationData(contentsOf: [path], for: inputs) }
    }
    var damaged = [Float](repeating: 0, count: 6)
    damaged[5] = .nan
    let text = try folder.path("text.npy")
    try Data("text".utf8).write(to: URL(fileURLWithPath: text))
    let archive = try folder.path("text.npz")
    try Data("text".utf8).write(to: URL(fileURLWithPath: archive))
    try FileManager.default.createDirectory(at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
    for (path, code, says) in [
      (try folder.write(tensor([1, 3, 2]), "shape.npy"), .invalidData, "input 'x' is f32[?,2,3], the data are f32[1,3,2]"),
      (try folder.write(Tensor([1, 2, 3, 4, 5, 6] as [Double], shape: [1, 2, 3]), "type.npy"), .invalidData, "the data are f64"),
      (try folder.write(Tensor(damaged, shape: [1, 2, 3]), "nan.npy"), .invalidData, "NaN"),
      (try folder.write(tensor([0, 2, 3]), "none.npy"), .invalidData, "empty"),
      (text, .invalidData, "not a .npy file"), (archive, .invalidData, "not a .npz file"),
      (folder.url.path + "/empty", .invalidData, "holds no .npy or .npz files"),
      (folder.url.path + "/missing.npy", .unreadableFile, "No such file"),
    ] as [(String, OVError.Code, String)] {
      let error = error(path, inputs)
      #expect(error?.code == code && error?.location.path == path && "\(error!)".contains(says), "\(String(describing: error))")
    }
    let two = try Self.inputs([("x", Self.image, .f32), ("y", Self.image, .f32)])
    #expect(error(try folder.write(tensor([1, 2, 3]), "x.npy"), two)?.message == "the model has 2 inputs, a .npy file is one")
    try folder.write(tensor([3, 2, 3]), "uneven/x.npy")
    try folder.write(tensor([2, 2, 3]), "uneven/y.npy")
    #expect(error(folder.url.path + "/uneven", two)?.message == "there are 2 tensors for input 'y', 3 for another input")
  }
}
