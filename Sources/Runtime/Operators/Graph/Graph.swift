let graphOperators: [OperatorRegistry.Entry] = [
  .init("Parameter", [1], Parameter.init),
  .init("Result", [1], Result.init),
  .init("Constant", [1], Constant.init),
]

/// An input of the model. Its type is what the attributes say.
struct Parameter: Operator {
  let type: ValueType

  init(_ node: Node) throws {
    type = ValueType(
      try node.attributes.elementType("element_type", default: .dynamic),
      try node.attributes.partialShape("shape", default: PartialShape(Shape())))
  }

  var isPure: Bool { false }
  func inferTypes(_ operands: Operands) throws -> [ValueType] { [type] }
  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    throw OVError(.internalFailure, "a Parameter is set, not evaluated")
  }
}

/// An output of the model.
struct Result: Operator {
  init(_ node: Node) {}
  var isPure: Bool { false }
  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    return [operands.types[0]]
  }
  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] { operands }
}

/// A value known when the model is read.
struct Constant: Operator {
  let tensor: Tensor

  init(_ node: Node) throws {
    guard let tensor = try Tensor(constant: node) else { throw OVError(.invalidModel, "a Constant has no data") }
    self.tensor = tensor
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] { [tensor.type] }
  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] { [tensor] }
}

extension Tensor {
  /// The value of a `Constant` node, referring to the model's weights where their address suits the element type; `nil` when
  /// the node is not a Constant of static shape.
  package init?(constant node: Node) throws(OVError) {
    guard let data = node.constant, let shape = node.outputs[0].type.shape.shape else { return nil }
    let type = node.outputs[0].type.elementType
    let bytes = data.unsafeBytes
    if type == .string {
      self.init(strings: try Tensor.strings(packed: bytes, count: shape.checkedElementCount ?? 0), shape: shape)
      return
    }
    let alignment = max(1, type.bitWidth / 8)
    if let base = bytes.baseAddress, Int(bitPattern: base) % alignment == 0 {
      try self.init(type, shape: shape, referring: bytes, owner: data.buffer)
    } else {
      let copy = WeightsBuffer(copying: bytes)
      try self.init(type, shape: shape, referring: copy.unsafeBytes, owner: copy)
    }
  }

  /// Reads the IR's string constants: an `i32` count, count + 1 `i32` byte offsets, and UTF-8 bytes back to back.
  private static func strings(packed bytes: UnsafeRawBufferPointer, count: Int) throws(OVError) -> [String] {
    func int(_ index: Int) -> Int? {
      guard index >= 0, index <= bytes.count / 4 - 1 else { return nil }
      return Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
    }
    let damaged = OVError(.invalidModel, "a string constant's offsets do not lie within its data")
    guard let stored = int(0), stored == count, stored >= 0 else { throw damaged }
    guard let header = 2.addingReportingOverflow(count).partialValue as Int?, header <= bytes.count / 4 else { throw damaged }
    let text = UnsafeRawBufferPointer(rebasing: bytes[(4 * header)...])
    var strings: [String] = []
    for i in 0..<count {
      guard let start = int(1 + i), let end = int(2 + i), start >= 0, end >= start, end <= text.count else { throw damaged }
      strings.append(String(decoding: text[start..<end], as: UTF8.self))
    }
    return strings
  }

  /// The tensor as the payload of a `Constant`.
  package func constantData() -> ConstantData {
    guard elementType == .string else {
      let keeper = storage
      return ConstantData(
        WeightsBuffer(unsafeBase: UnsafeRawPointer(storage.base), count: storage.byteCount) { _, _ in withExtendedLifetime(keeper) {} },
        offset: 0, byteCount: storage.byteCount)
    }
    var bytes: [UInt8] = []
    func append(_ value: Int) { Swift.withUnsafeBytes(of: Int32(value).littleEndian) { bytes.append(contentsOf: $0) } }
    append(strings.count)
    var end = 0
    append(0)
    for string in strings {
      end += string.utf8.count
      append(end)
    }
    for string in strings { bytes.append(contentsOf: string.utf8) }
    return bytes.withUnsafeBytes { ConstantData(copying: $0) }
  }
}

extension Node {
  /// A `Constant` that holds `tensor`.
  package static func constant(_ tensor: Tensor, name: String) -> Node {
    var attributes = Attributes()
    attributes["element_type"] = tensor.elementType.rawValue
    attributes["shape"] = tensor.type.shape.irText
    return Node(
      name: name, type: "Constant", opset: "opset1", attributes: attributes, outputs: [Output(tensor.type)],
      constant: tensor.constantData())
  }
}
