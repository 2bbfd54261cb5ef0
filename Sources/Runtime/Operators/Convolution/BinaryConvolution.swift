/// A convolution of bits, one where the data are above 0, with `u1` filters: the number of cells where both agree, less the
/// number of those where they do not. Data [N, Cin, spatial…], filters [Cout, Cin, kernel…].
struct BinaryConvolution: Operator {
  private enum Mode: String, CaseIterable { case xnorPopcount = "xnor-popcount" }

  let window: SlidingWindow
  /// The number that stands in the padding; 0 agrees with no filter and disagrees with none.
  let padValue: Double

  init(_ node: Node) throws {
    window = try SlidingWindow(node)
    padValue = try node.attributes.double("pad_value", default: 0)
    _ = try node.attributes.choice("mode", default: Mode.xnorPopcount)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    try ElementDomain.numeric.check(operands, 0)
    guard operands.elementType(1) == .u1 || operands.elementType(1) == .dynamic else {
      throw invalid("the filters are \(operands.elementType(1))", suggestion: "they can be u1")
    }
    guard let data = operands.shape(0).dimensions else { return [ValueType(operands.elementType(0), .dynamic)] }
    let filters = operands.shape(1).dimensions ?? PartialShape.dynamic(rank: data.count).dimensions!
    guard data.count == filters.count, data.count > 2, data[1].merged(with: filters[1]) != nil else {
      throw invalid("the filters \(operands.shape(1)) do not suit the data \(operands.shape(0))")
    }
    let spatial = try window.outputExtents(input: Array(data[2...]), kernel: Array(filters[2...]))
    return [ValueType(operands.elementType(0), PartialShape([data[0], filters[0]] + spatial))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0]
    let geometry = WindowGeometry(
      window, input: Array(data.shape[2...]), output: Array(shape[2...]), kernel: Array(operands[1].shape[2...]))
    let planes = ConvolutionPlanes(
      geometry: geometry, batch: shape[0], groups: 1, inputChannels: data.shape[1], outputChannels: shape[1])
    // With ±1 for bits, agreement is a product. In the padding stands one number: taking it from the data and adding it for
    // every cell leaves zeros there.
    let pad: Double = padValue > 0 ? 1 : padValue < 0 ? -1 : 0
    let bits = data.doubles().map { ($0 > 0 ? 1 : -1) - pad }
    let weights = operands[1].int64s().map { $0 != 0 ? 1.0 : -1.0 }
    let filterSize = shape[1] == 0 ? 0 : weights.count / shape[1]
    let everywhere = (0..<shape[1]).map { pad * weights[($0 * filterSize)..<(($0 + 1) * filterSize)].reduce(0, +) }
    let plane = shape[2...].reduce(1, *)
    var result = (0..<shape.elementCount).map { everywhere[$0 / plane % shape[1]] }
    planes.convolve(bits, weights, into: &result)
    return [Tensor(data.elementType, shape: shape, doubles: result)]
  }
}
