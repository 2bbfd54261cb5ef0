/// Converts the elements to another type. Real numbers truncate towards zero when they become integers, integers that do not
/// fit wrap around, and whatever is not zero becomes true.
struct Convert: Operator {
  let destinationType: ElementType

  init(_ node: Node) throws { destinationType = try node.attributes.elementType("destination_type") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    guard (operands.elementType(0) == .string) == (destinationType == .string) || operands.elementType(0) == .dynamic else {
      throw invalid("strings cannot be converted to or from numbers")
    }
    return [ValueType(destinationType, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] { [operands[0].converted(to: destinationType)] }
}

/// Converts the elements to the second operand's type.
struct ConvertLike: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    return [ValueType(operands.elementType(1), operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [operands[0].converted(to: operands[1].elementType)]
  }
}

extension Tensor {
  /// The elements as ``Convert`` converts them.
  package func converted(to type: ElementType) -> Tensor {
    if type == elementType { return self }
    // The conversions of weights go from buffer to buffer.
    switch (elementType, type) {
    case (.f16, .f32): return mapped(Float16.self, to: type) { Float($0) }
    case (.f32, .f16): return mapped(Float.self, to: type) { Float16($0) }
    case (.bf16, .f32): return mapped(UInt16.self, to: type) { Float(bitPattern: UInt32($0) << 16) }
    case (.f64, .f32): return mapped(Double.self, to: type) { Float($0) }
    case (.f32, .f64): return mapped(Float.self, to: type) { Double($0) }
    case (.i8, .f32): return mapped(Int8.self, to: type) { Float($0) }
    case (.u8, .f32): return mapped(UInt8.self, to: type) { Float($0) }
    case (.i8, .f16): return mapped(Int8.self, to: type) { Float16($0) }
    case (.u8, .f16): return mapped(UInt8.self, to: type) { Float16($0) }
    case (.i64, .i32): return mapped(Int64.self, to: type) { Int32(truncatingIfNeeded: $0) }
    case (.i32, .i64): return mapped(Int32.self, to: type) { Int64($0) }
    default: break
    }
    if type == .u64, elementType.isInteger || elementType == .boolean { return Tensor(type, shape: shape, int64s: int64s()) }
    if elementType.isFloatingPoint || type.isFloatingPoint { return Tensor(type, shape: shape, doubles: doubles()) }
    return Tensor(type, shape: shape, int64s: int64s())
  }

  /// A tensor of the same shape whose elements are `convert` of this one's.
  ///
  /// - Precondition: `Source` and `Target` represent the elements of this tensor's type and of `type`.
  private func mapped<Source: BitwiseCopyable, Target: BitwiseCopyable>(
    _: Source.Type, to type: ElementType, _ convert: (Source) -> Target
  ) -> Tensor {
    let count = elementCount
    let storage = TensorStorage(byteCount: count * MemoryLayout<Target>.stride)
    let target = storage.base.bindMemory(to: Target.self, capacity: count)
    withUnsafeBytes { bytes in
      let source = bytes.bindMemory(to: Source.self)
      for i in 0..<count { target[i] = convert(source[i]) }
    }
    return Tensor(type, shape: shape, storage: storage)
  }
}
