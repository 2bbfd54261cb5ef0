/// The mean of each window: of its cells inside the data, or inside data and padding.
struct AvgPool: Operator {
  let pooling: Pooling
  /// Whether cells in the padding are left out of the count.
  let excludePad: Bool

  init(_ node: Node) throws {
    pooling = try Pooling(node)
    excludePad = try node.attributes.bool("exclude-pad", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.numeric.check(operands, 0)
    return [ValueType(operands.elementType(0), try pooling.shape(operands.shape(0)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0]
    let geometry = pooling.geometry(data.shape, result: shape)
    let (inputSize, outputSize) = (geometry.input.elementCount, geometry.output.elementCount)
    let taps = geometry.taps()
    let values = data.doubles()
    var sums = [Double](repeating: 0, count: shape.elementCount)
    for plane in 0..<(inputSize == 0 ? 0 : values.count / inputSize) {
      for run in taps.lazy.flatMap(\.runs) {
        let (source, target) = (plane * inputSize + run.input, plane * outputSize + run.output)
        for i in 0..<run.count { sums[target + i] += values[source + i * geometry.step] }
      }
    }
    let counts = excludePad ? insideCounts(geometry, taps) : paddedCounts(geometry)
    for i in sums.indices where counts[i % outputSize] > 0 { sums[i] /= Double(counts[i % outputSize]) }
    if !data.elementType.isFloatingPoint { sums = sums.map { $0.rounded(.toNearestOrEven) } }
    return [Tensor(data.elementType, shape: shape, doubles: sums)]
  }

  /// How many cells of the window lie inside the data, at each position.
  private func insideCounts(_ geometry: WindowGeometry, _ taps: [WindowGeometry.Tap]) -> [Int] {
    var counts = [Int](repeating: 0, count: geometry.output.elementCount)
    for run in taps.lazy.flatMap(\.runs) { for i in 0..<run.count { counts[run.output + i] += 1 } }
    return counts
  }

  /// How many cells of the window lie inside data and padding, at each position: rounding up lets windows reach beyond.
  private func paddedCounts(_ geometry: WindowGeometry) -> [Int] {
    let axes = (0..<3).map { axis -> [Int] in
      let spatial = axis - (3 - pooling.kernel.count)
      let end = spatial < 0 ? 0 : pooling.window.padding(input: geometry.input[axis], kernel: geometry.kernel[axis], axis: spatial).end
      let extent = geometry.padsBegin[axis] + geometry.input[axis] + end
      return (0..<geometry.output[axis]).map { position in
        (0..<geometry.kernel[axis]).count { position * geometry.strides[axis] + $0 * geometry.dilations[axis] < extent }
      }
    }
    return axes[0].flatMap { z in axes[1].flatMap { y in axes[2].map { x in z * y * x } } }
  }
}
