/// The constant operand of an integer product: `i8` numbers, and the scale of each output channel.
struct IntegerWeights {
  let values: Tensor
  /// The Constant that holds them already, when there is one.
  private(set) var constant: OutputID?
  /// One element a channel.
  let scale: Tensor

  /// What keeps weights from being integers.
  enum Obstacle: Error {
    /// They are real numbers.
    case notQuantized
    /// Less their zero point they do not fit 8 bits.
    case tooWide
    /// Their scale changes within an output channel.
    case severalScales

    var description: String {
      switch self {
      case .notQuantized: "its weights are not quantised"
      case .tooWide: "its weights less their zero point do not fit 8 bits"
      case .severalScales: "its weights have several scales within an output channel"
      }
    }
  }

  /// Reads the weights that `output` is: a Dequantize of a Constant, perhaps behind operations that move its elements.
  ///
  /// `channelAxes`: the axes of `output` that together count the output channels.
  init(_ output: OutputID, channelAxes: [Int], _ model: Model) throws {
    let (node, movements) = IntegerWeights.origin(of: output, model)
    guard node.type == "Dequantize", let integers = try model.constantValue(of: node.inputs[0]),
      let scale = try model.constantValue(of: node.inputs[1]), let zeroPoint = try model.constantValue(of: node.inputs[2]),
      integers.elementType != .nf4, model[node.inputs[0].node].type == "Constant"
    else { throw Obstacle.notQuantized }
    let parts = WeightParts(
      integers: integers, scale: scale, zeroPoint: zeroPoint, shape: try Dequantize(node).shape ?? integers.shape)
    let moved = try movements.reversed().reduce(parts) { parts, movement in
      try parts.moved { tensor in
        let op = try OperatorRegistry.standard.makeOperator(for: movement)
        let others = try movement.inputs.dropFirst().map { try model.constantValue(of: $0)! }
        return try op.evaluated([tensor] + others, EvaluationContext(node: movement))[0]
      }
    }
    let shape = moved.shape
    let channels = channelAxes.reduce(1) { $0 * shape[$1] }
    guard let scales = moved.perChannel(moved.scale, channelAxes), let zeroPoints = moved.perChannel(moved.zeroPoint, channelAxes) else {
      throw Obstacle.severalScales
    }
    self.scale = Tensor(.f32, shape: [channels], doubles: scales)
    if moved.integers.elementType == .i8, zeroPoints.allSatisfy({ $0 == 0 }) {
      values = moved.integers.reshaped(to: shape)
      if movements.isEmpty && model.type(of: node.inputs[0]).shape.shape == shape { constant = node.inputs[0] }
      return
    }
    let channel = shape.channelOffsets(channelAxes)
    let shifted = zip(moved.integers.int64s(), channel).map { Double($0) - zeroPoints[$1] }
    guard shifted.allSatisfy({ $0 == $0.rounded() && (-128...127).contains($0) }) else { throw Obstacle.tooWide }
    values = Tensor(.i8, shape: shape, doubles: shifted)
  }

  /// Whether `output` is a Dequantize of a Constant, perhaps behind operations that move its elements.
  static func isQuantized(_ output: OutputID, _ model: Model) -> Bool {
    let node = origin(of: output, model).node
    return node.type == "Dequantize" && model[node.inputs[0].node].type == "Constant"
  }

  /// The operation in front of those that move elements, and these, the last first.
  private static func origin(of output: OutputID, _ model: Model) -> (node: Node, movements: [Node]) {
    var movements: [Node] = []
    var node = model[output.node]
    while IntegerWeights.movements.contains(node.type), node.inputs.dropFirst().allSatisfy({ model.isConstant($0) }) {
      movements.append(node)
      node = model[node.inputs[0].node]
    }
    return (node, movements)
  }

  private static let movements: Set<String> = ["Reshape", "Squeeze", "Unsqueeze", "Transpose"]
}

/// Quantised weights taken apart; scale and zero point broadcast to the integers.
private struct WeightParts {
  var integers: Tensor
  var scale: Tensor
  var zeroPoint: Tensor
  /// The shape of the weights; the integers may have another with as many elements.
  var shape: Shape

  /// Applies an operation that moves elements to all parts.
  func moved(_ move: (Tensor) throws -> Tensor) throws -> WeightParts {
    // Bits of their own, for operations that know no packed elements.
    let wide = Tensor(.i32, shape: shape, int64s: integers.int64s())
    let moved = try move(wide)
    let narrow = Tensor(integers.elementType == .u8 ? .i32 : .i8, shape: moved.shape, int64s: moved.int64s())
    func expanded(_ part: Tensor) throws -> Tensor {
      if part.elementCount == 1 { return part.reshaped(to: []) }
      let offsets = integers.shape.offsets(strides: part.shape.broadcastStrides(to: integers.shape))
      let numbers = part.doubles()
      return try move(Tensor(.f32, shape: shape, doubles: offsets.map { numbers[$0] }))
    }
    return WeightParts(integers: narrow, scale: try expanded(scale), zeroPoint: try expanded(zeroPoint), shape: moved.shape)
  }

  /// One number of `part` for each channel; `nil` when there are several in one.
  func perChannel(_ part: Tensor, _ axes: [Int]) -> [Double]? {
    let channels = axes.reduce(1) { $0 * shape[$1] }
    let numbers = part.doubles()
    if numbers.count == 1 { return [Double](repeating: numbers[0], count: channels) }
    var strides = part.shape.broadcastStrides(to: integers.shape)
    if integers.shape == shape, shape.indices.allSatisfy({ axes.contains($0) || strides[$0] == 0 }) {
      strides = axes.map { strides[$0] }
      return axes.map { shape[$0] }.offsets(strides: strides).map { numbers[$0] }
    }
    // Whatever shape it has, it must not change within a channel.
    let offsets = integers.shape.offsets(strides: strides)
    var result = [Double?](repeating: nil, count: channels)
    for (offset, channel) in zip(offsets, shape.channelOffsets(axes)) {
      if let known = result[channel], known != numbers[offset] { return nil }
      result[channel] = numbers[offset]
    }
    return result.map { $0 ?? 1 }
  }
}

extension Array where Element == Int {
  /// The channel of each element of a tensor of this shape, channels counted over `axes` row-major.
  fileprivate func channelOffsets(_ axes: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: count)
    var step = 1
    for axis in axes.reversed() {
      strides[axis] = step
      step *= self[axis]
    }
    return offsets(strides: strides)
  }
}
