/// A Convolution or GroupConvolution of 8-bit integers, summed exactly, as the real numbers it stands for:
/// scale · Σ (x − zero point) · w. Padding stands for zero, that is, for cells that hold the zero point.
///
/// Operands: data x (`u8` or `i8`), filters w (`i8`) in the layout of the float operation, scale `f32` of one element or one an
/// output channel, zero point `f32` of one element, an integer. Attributes: those of the float operation, and `grouped`.
struct IntegerConvolution: Operator {
  let convolution: Convolution

  init(_ node: Node) throws { convolution = try Convolution(node, isGrouped: try node.attributes.bool("grouped", default: false)) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    try operands.requireIntegerProduct()
    let shape = try convolution.outputShape(data: operands.shape(0), filters: operands.shape(1))
    try operands.requireChannelScale(2, channels: shape.dimensions?[1])
    return [ValueType(.f32, shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let zeroPoint = operands[3].doubles()[0]
    let sums = convolution.convolve(operands[0].doubles().map { $0 - zeroPoint }, operands[0].shape, operands[1], into: shape)
    return [Tensor.scaled(sums, shape: shape, by: operands[2], axis: 1)]
  }
}

/// A MatMul of 8-bit integers with a constant matrix, summed exactly, as the real numbers it stands for:
/// scale · Σ (a − zero point) · b.
///
/// Operands: a (`u8` or `i8`) of rank 1 or more, b (`i8`) of rank 2, scale `f32` of one element or one a column, zero point `f32`
/// of one element, an integer. Attribute `transpose_b`.
struct IntegerMatMul: Operator {
  let matMul: MatMul

  init(_ node: Node) throws {
    matMul = try MatMul(node)
    guard !matMul.transposeA else { throw OVError(.invalidModel, "transpose_a is true", suggestion: "integers are taken row by row") }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    try operands.requireIntegerProduct()
    guard operands.shape(1).rank == nil || operands.shape(1).rank == 2 else {
      throw invalid("the right operand has the shape \(operands.shape(1))", suggestion: "it is a matrix")
    }
    let shape = try matMul.inferTypes(
      Operands(types: [ValueType(.f32, operands.shape(0)), ValueType(.f32, operands.shape(1))]))[0].shape
    try operands.requireChannelScale(2, channels: shape.dimensions?.last)
    return [ValueType(.f32, shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let zeroPoint = operands[3].doubles()[0]
    let a = Tensor(.f64, shape: operands[0].shape, doubles: operands[0].doubles().map { $0 - zeroPoint })
    let sums = try matMul.evaluate([a, operands[1].converted(to: .f64)], context)[0].doubles()
    return [Tensor.scaled(sums, shape: shape, by: operands[2], axis: shape.count - 1)]
  }
}

extension Operands {
  /// Checks the types of an integer product's operands.
  fileprivate func requireIntegerProduct() throws {
    try requireQuantized(0, [.u8, .i8])
    try requireQuantized(1, [.i8])
    try requireFloats(2, 3)
    guard shape(3).shape.map({ $0.checkedElementCount == 1 }) ?? true else {
      throw OVError(.invalidModel, "input 3 has the shape \(shape(3))", suggestion: "the zero point is one number")
    }
  }

  /// Checks that a scale is one number or a vector of one for each channel.
  fileprivate func requireChannelScale(_ index: Int, channels: Dimension?) throws {
    guard let extents = shape(index).shape else { return }
    guard extents.count <= 1, extents.isEmpty || extents[0] == 1 || channels.map({ $0.merged(with: Dimension(extents[0])) != nil }) ?? true
    else {
      throw OVError(.invalidModel, "input \(index) has the shape \(shape(index))", suggestion: "it has a number for each channel")
    }
  }
}

extension Tensor {
  /// Sums times the scale of their channel, in single precision.
  fileprivate static func scaled(_ sums: [Double], shape: Shape, by scale: Tensor, axis: Int) -> Tensor {
    let factors = scale.doubles().map { Float($0) }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let results = sums.indices.map { i in Double(Float(sums[i]) * factors[factors.count == 1 ? 0 : i / inner % shape[axis]]) }
    return Tensor(.f32, shape: shape, doubles: results)
  }
}
