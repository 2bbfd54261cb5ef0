import Foundation
import IRParser
import OVRuntime

@testable import Quantize

/// Numbers that look random and are the same in each run.
struct TestNumbers {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  /// The next number in 0..<1.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / 0x1p53
  }

  /// Numbers of a bell-shaped distribution of this width.
  mutating func normal(_ count: Int, _ width: Double = 1) -> [Float] {
    (0..<count).map { _ in
      let sum = (0..<12).reduce(0.0) { sum, _ in sum + next() }
      return Float((sum - 6) * width)
    }
  }
}

extension PartialShape: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: IRParser.Dimension...) { self.init(elements) }
}

/// Puts models together.
struct TestGraph {
  var model = Model(name: "test")

  mutating func parameter(_ name: String, _ shape: PartialShape, _ type: ElementType = .f32) -> OutputID {
    let id = model.add(
      Node(
        name: name, type: "Parameter", opset: "opset1", attributes: ["shape": shape.irText, "element_type": type.rawValue],
        outputs: [Node.Output(ValueType(type, shape), names: [name])]))
    return OutputID(id)
  }

  mutating func constant(_ tensor: Tensor, _ name: String = "constant") -> OutputID { OutputID(model.add(.constant(tensor, name: name))) }

  @discardableResult
  mutating func add(
    _ type: String, _ name: String, _ inputs: [OutputID], _ attributes: Attributes = [:], opset: String = "opset1", outputs: Int = 1
  ) -> OutputID {
    let output = Node.Output(ValueType(.dynamic, .dynamic))
    return OutputID(
      model.add(
        Node(
          name: name, type: type, opset: opset, attributes: attributes, inputs: inputs,
          outputs: [Node.Output](repeating: output, count: outputs))))
  }

  /// A 3×3 convolution that keeps the image's size, with a bias.
  mutating func convolution(_ name: String, _ input: OutputID, _ from: Int, _ to: Int, _ numbers: inout TestNumbers) -> OutputID {
    let weights = constant(Tensor(numbers.normal(to * from * 9, 0.2), shape: [to, from, 3, 3]), name + "/weights")
    let product = add(
      "Convolution", name, [input, weights],
      ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1", "auto_pad": "explicit"])
    let bias = constant(Tensor(numbers.normal(to, 0.5), shape: [1, to, 1, 1]), name + "/bias")
    return add("Add", name + "/add", [product, bias], ["auto_broadcast": "numpy"])
  }

  mutating func product(_ name: String, _ input: OutputID, _ from: Int, _ to: Int, _ numbers: inout TestNumbers) -> OutputID {
    let weights = constant(Tensor(numbers.normal(to * from, 0.2), shape: [to, from]), name + "/weights")
    let product = add("MatMul", name, [input, weights], ["transpose_a": "false", "transpose_b": "true"])
    let bias = constant(Tensor(numbers.normal(to, 0.5), shape: [1, to]), name + "/bias")
    return add("Add", name + "/add", [product, bias], ["auto_broadcast": "numpy"])
  }

  mutating func result(_ value: OutputID) { add("Result", "result\(model.results.count)", [value]) }

  /// The model with its shapes inferred.
  func inferred() throws -> Model {
    var model = model
    try model.inferShapes()
    return model
  }
}

extension Model {
  func run(_ inputs: [Tensor]) throws -> [[Float]] {
    let request = try CompiledModel(self).makeRequest()
    for (index, tensor) in inputs.enumerated() { try request.setInput(index, tensor) }
    try request.infer()
    return try results.indices.map { try request.output($0).array(of: Float.self) }
  }

  /// The node of a name.
  func node(_ name: String) -> Node { nodes.first { $0.name == name }! }

  /// The names of the FakeQuantize operations, each without its suffix, sorted.
  var quantizedValues: [String] {
    nodes.filter { $0.type == "FakeQuantize" }.map { String($0.name.split(separator: "/fq_output")[0]) }.sorted()
  }
}

func signalToNoise(_ a: [Float], _ b: [Float]) -> Double { QuantizedModelAssembly.signalToNoise(a, b) }

/// A folder that is removed when the test ends.
final class TestFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "QuantizeTests-\(UUID())")
  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    return file.path
  }

  @discardableResult
  func write(_ tensor: Tensor, _ name: String) throws -> String {
    let path = try path(name)
    try tensor.writeNpy(to: path)
    return path
  }
}
