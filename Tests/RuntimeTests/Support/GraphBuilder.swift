import OVRuntime

/// Builds small models in tests.
struct GraphBuilder {
  private(set) var model = Model(name: "test")

  mutating func parameter(_ extents: Shape, _ type: ElementType = .f32, name: String = "input") -> OutputID {
    parameter(PartialShape(extents), type, name: name)
  }

  mutating func parameter(_ shape: PartialShape, _ type: ElementType = .f32, name: String = "input") -> OutputID {
    let attributes: Attributes = ["element_type": type.rawValue, "shape": shape.irText]
    let output = Node.Output(ValueType(type, shape), names: [name])
    return OutputID(model.add(Node(name: name, type: "Parameter", opset: "opset1", attributes: attributes, outputs: [output])))
  }

  mutating func constant(_ tensor: Tensor, name: String = "constant") -> OutputID {
    OutputID(model.add(.constant(tensor, name: name)))
  }

  /// Adds a node with one output (or more) of unknown type.
  mutating func node(
    _ type: String, _ inputs: [OutputID], opset: Int = 1, _ attributes: Attributes = [:], name: String? = nil, outputs: Int = 1
  ) -> OutputID {
    let unknown = [Node.Output](repeating: Node.Output(ValueType(.dynamic, PartialShape.dynamic)), count: outputs)
    return OutputID(
      model.add(
        Node(
          name: name ?? "\(type)_\(model.nodeCount)", type: type, opset: "opset\(opset)", attributes: attributes, inputs: inputs,
          outputs: unknown)))
  }

  mutating func result(_ value: OutputID, name: String = "result") {
    model.add(
      Node(name: name, type: "Result", opset: "opset1", inputs: [value], outputs: [Node.Output(model.type(of: value))]))
  }
}

/// Random numbers that a seed decides (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A tensor of numbers in −1..<1.
  mutating func tensor(_ shape: Shape) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { _ in Float.random(in: -1..<1, using: &self) }, shape: shape)
  }
}

/// The largest difference between two tensors of one shape, relative to the larger magnitude of `expected`.
func relativeError(_ actual: Tensor, _ expected: Tensor) -> Double {
  guard actual.shape == expected.shape, actual.elementType == expected.elementType else { return .infinity }
  let (a, b) = (actual.doubles(), expected.doubles())
  let range = b.map(\.magnitude).max() ?? 0
  var worst = 0.0
  for (x, y) in zip(a, b) where x != y && !(x.isNaN && y.isNaN) { worst = max(worst, (x - y).magnitude / max(range, 1e-30)) }
  return worst
}
