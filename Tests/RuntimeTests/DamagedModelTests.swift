import Foundation
import Testing

@testable import OVRuntime

/// Models that were damaged on their way: every one is run or refused with a sentence, none takes the process down.
@Suite struct DamagedModelTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/digits")

  /// Reads, compiles and, where the inputs are small, runs a model; an error must be an `OVError`.
  private func run(_ xml: [UInt8], _ weights: WeightsBuffer) -> OVError? {
    do throws(OVError) {
      let model = try Model(xml: xml, weights: weights)
      let compiled = try CompiledModel(model, CompileOptions(threads: 1))
      let request = compiled.makeRequest()
      for (index, input) in compiled.inputs.enumerated() {
        let shape = (input.type.shape.dimensions ?? []).map { $0.length ?? max(1, $0.lowerBound) }
        guard let count = shape.checkedElementCount, count < 1 << 20, input.type.elementType != .dynamic else { return nil }
        try request.setInput(index, try Tensor(input.type.elementType, shape: shape))
      }
      try request.infer()
      return nil
    } catch { return error }
  }

  @Test(arguments: 0..<300)
  func changedBytes(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var xml = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("model.xml")))
    let data = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("model.bin")))
    let weights = data.withUnsafeBytes {
      WeightsBuffer(copying: UnsafeRawBufferPointer(rebasing: $0[..<($0.count - (seed % 7 == 0 ? 64 : 0))]))
    }
    let digits = xml.indices.filter { (48...57).contains(xml[$0]) }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: xml[Int.random(in: 0..<xml.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: xml[digits.randomElement(using: &random)!] = 48 + UInt8.random(in: 0..<10, using: &random)
      case 2:
        let numbers = ["-1", "-5", "0", "9223372036854775808", "1000000000000", "4294967296", "99999", "nan", ""]
        let place = digits.randomElement(using: &random)!
        if place < xml.count { xml.replaceSubrange(place...place, with: Array(numbers.randomElement(using: &random)!.utf8)) }
      default:
        let start = Int.random(in: 0..<xml.count, using: &random)
        xml.removeSubrange(start..<min(xml.count, start + Int.random(in: 1...40, using: &random)))
      }
    }
    let error = run(xml, weights)
    if let error { #expect(!error.description.isEmpty && error.code != .internalFailure, "seed \(seed): \(error)") }
  }

  @Test func untouchedModelRuns() throws {
    let xml = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("model.xml")))
    let data = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("model.bin")))
    #expect(run(xml, data.withUnsafeBytes { WeightsBuffer(copying: $0) }) == nil)
  }

  @Test(arguments: [[1 << 40, 1 << 40], [1_000_000_000_000], [1 << 62, 4]])
  func absurdShapesAreRefusedBeforeAnythingIsAllocated(shape: [Int]) throws {
    var graph = GraphBuilder()
    graph.result(graph.node("Relu", [graph.parameter(PartialShape(shape))]))
    let error = #expect(throws: OVError.self) { try CompiledModel(graph.model) }
    #expect(error?.code == .invalidModel || error?.code == .invalidData)
    #expect(error?.location.layerName != nil)
  }

  @Test func chainsOfAnyLength() throws {
    var graph = GraphBuilder()
    var value = graph.constant(try Tensor(.f32, shape: [8192]))
    for _ in 0..<20_000 { value = graph.node("Convert", [value], ["destination_type": "f32"]) }
    var sum = graph.parameter(PartialShape([8192]))
    for _ in 0..<200 { sum = graph.node("Concat", [sum], ["axis": "0"]) }
    graph.result(graph.node("Add", [sum, value]))
    for isOptimized in [true, false] {
      var options = CompileOptions(threads: 1)
      options.optimization = isOptimized
      let request = try CompiledModel(graph.model, options).makeRequest()
      try request.setInput(0, try Tensor(.f32, shape: [8192]))
      try request.infer()
      #expect(try request.output(0).elementCount == 8192)
    }
  }
}
