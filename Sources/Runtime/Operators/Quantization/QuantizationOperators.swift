// Operations of the set `ovrun`: no file has them, passes put them into a model.

let quantizationOperators: [OperatorRegistry.Entry] = [
  .internal("AddDequantized", AddDequantized.init),
  .internal("Dequantize", Dequantize.init),
  .internal("IntegerAvgPool", IntegerAvgPool.init),
  .internal("IntegerConvolution", IntegerConvolution.init),
  .internal("IntegerMatMul", IntegerMatMul.init),
  .internal("Quantize", Quantize.init),
]

extension OperatorRegistry {
  /// The operation set of what only passes make.
  package static let internalSet = "ovrun"
}

extension OperatorRegistry.Entry {
  /// An operation that passes alone make.
  static func `internal`(_ type: String, _ make: @escaping @Sendable (Node) throws -> any Operator) -> Self {
    Self(type, [], make)
  }
}

extension Node {
  /// Whether the operation is one that only passes make.
  var isInternal: Bool { opset == OperatorRegistry.internalSet }
}

extension Operands {
  /// Checks that an operand holds integers that stand for real numbers.
  func requireQuantized(_ index: Int, _ types: Set<ElementType>) throws {
    let type = elementType(index)
    guard type == .dynamic || types.contains(type) else {
      throw OVError(.invalidModel, "input \(index) has elements of type \(type), the operation takes quantised ones")
    }
  }

  /// Checks that operands are `f32`.
  func requireFloats(_ indices: Int...) throws {
    for index in indices where elementType(index) != .f32 && elementType(index) != .dynamic {
      throw OVError(.invalidModel, "input \(index) has elements of type \(elementType(index)), the operation takes f32")
    }
  }

  /// Checks that operand `index` broadcasts to `shape` without changing it.
  func requireBroadcast(_ index: Int, to shape: PartialShape) throws {
    guard try PartialShape.broadcast(shape, self.shape(index)).rank == shape.rank || shape.rank == nil else {
      throw OVError(.invalidModel, "input \(index) of shape \(self.shape(index)) has more axes than \(shape)")
    }
    guard let own = self.shape(index).dimensions, let target = shape.dimensions else { return }
    for (extent, wanted) in zip(own.reversed(), target.reversed()) where extent.length != 1 && extent.merged(with: wanted) == nil {
      throw OVError(.invalidModel, "input \(index) of shape \(self.shape(index)) does not fit \(shape)")
    }
  }
}
