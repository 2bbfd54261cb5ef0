import OVRuntime

/// One operation outside a model: what a test calls to infer types and to evaluate.
struct OperatorCall {
  let node: Node
  let implementation: any Operator

  /// - Throws: what reading the attributes throws.
  init(_ type: String, _ opset: Int, _ attributes: Attributes = [:], outputs: Int = 1) throws {
    node = Node(
      name: "tested", type: type, opset: "opset\(opset)", attributes: attributes,
      outputs: [Node.Output](repeating: Node.Output(ValueType(.dynamic, .dynamic)), count: outputs))
    implementation = try OperatorRegistry.standard.makeOperator(for: node)
  }

  /// Checks actual operands and evaluates; the inferred types must be those of the outputs.
  func callAsFunction(_ operands: Tensor...) throws -> [Tensor] {
    let outputs = try implementation.evaluated(operands, EvaluationContext(node: node))
    for (output, type) in zip(outputs, try implementation.outputTypes(operands)) {
      guard output.elementType == type.elementType, type.shape.accepts(output.shape) else {
        throw OVError(.internalFailure, "the output \(output.type) is not the inferred \(type)")
      }
    }
    return outputs
  }

  /// Infers the output types from operand types; `values` holds the operands that are known.
  func infer(_ types: [ValueType], values: [Int: Tensor] = [:]) throws -> [ValueType] {
    try implementation.inferTypes(Operands(types: types, constant: { values[$0] }))
  }

  /// The shape of the first output for a first operand of shape `data` and known integer vectors behind it.
  func shape(_ data: String, _ vectors: [Int]...) throws -> String {
    let known = vectors.map { Tensor($0.map(Int64.init), shape: [$0.count]) }
    let types = [ValueType(.f32, PartialShape(irText: data)!)] + known.map(\.type)
    return try infer(types, values: Dictionary(uniqueKeysWithValues: known.enumerated().map { ($0 + 1, $1) }))[0].shape.irText
  }
}

extension Tensor {
  /// The floats 0, 1, 2 … in row-major order.
  static func counting(_ shape: Shape) -> Tensor { Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: shape) }

  /// A vector of indices, axes or extents.
  static func indices(_ values: Int...) -> Tensor { Tensor(values.map(Int64.init), shape: [values.count]) }

  /// A scalar index or axis.
  static func index(_ value: Int) -> Tensor { Tensor([Int64(value)], shape: []) }
}
