/// ConvolutionBackpropData and GroupConvolutionBackpropData: the transpose of a convolution, with one to three spatial axes.
///
/// Data [N, Cin, spatial…]; filters [Cin, Cout, kernel…], of the grouped operation [G, Cin/G, Cout/G, kernel…]; optionally the
/// result's spatial shape; result [N, Cout, spatial…].
struct ConvolutionBackpropData: Operator {
  let window: SlidingWindow
  /// What is added to the end of each axis of the result; empty: nothing.
  let outputPadding: [Int]
  /// Whether the filters have a leading axis of groups.
  let isGrouped: Bool

  init(_ node: Node) throws {
    window = try SlidingWindow(node)
    outputPadding = try node.attributes.ints("output_padding", default: [])
    guard outputPadding.allSatisfy({ $0 >= 0 }) else { throw OVError(.invalidModel, "output_padding is \(outputPadding)") }
    isGrouped = node.type == "GroupConvolutionBackpropData"
  }

  private var filterPrefix: Int { isGrouped ? 3 : 2 }
  private func outputPadding(_ axis: Int) -> Int { outputPadding.isEmpty ? 0 : outputPadding[axis] }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    let type = try operands.commonElementType(0, 1)
    try ElementDomain.numeric.check(operands, 0)
    let (data, filters) = (operands.shape(0).dimensions, operands.shape(1).dimensions)
    let requested = operands.dimensions(2)
    guard let spatialRank = data.map({ $0.count - 2 }) ?? filters.map({ $0.count - filterPrefix }) ?? requested?.count ?? window.spatialRank
    else { return [ValueType(type, .dynamic)] }
    try window.check(spatialRank: spatialRank)
    guard filters == nil || filters!.count == spatialRank + filterPrefix, requested == nil || requested!.count == spatialRank,
      outputPadding.isEmpty || outputPadding.count == spatialRank
    else {
      throw invalid(
        "the data \(operands.shape(0)), the filters \(operands.shape(1)), the output shape and output_padding disagree about the spatial axes"
      )
    }
    let input = data ?? PartialShape.dynamic(rank: spatialRank + 2).dimensions!
    let kernel = filters ?? PartialShape.dynamic(rank: spatialRank + filterPrefix).dimensions!
    let inputChannels = isGrouped ? kernel[0] * kernel[1] : kernel[0]
    guard input[1].merged(with: inputChannels) != nil else {
      throw invalid("the data have \(input[1]) channels, the filters \(operands.shape(1)) take \(inputChannels)")
    }
    let outputChannels = isGrouped ? kernel[0] * kernel[2] : kernel[1]
    let spatial =
      try operands.has(2)
      ? requested ?? PartialShape.dynamic(rank: spatialRank).dimensions!
      : (0..<spatialRank).map { try outputExtent(input: input[$0 + 2], kernel: kernel[$0 + filterPrefix], axis: $0) }
    return [ValueType(type, PartialShape([input[0], outputChannels] + spatial))]
  }

  /// The extent of the result along an axis when no operand states it.
  private func outputExtent(input: Dimension, kernel: Dimension, axis: Int) throws -> Dimension {
    guard let kernel = kernel.length else { return .dynamic }
    // Without a shape to reach, "same" has nothing to pad for.
    let (begin, end) = window.autoPad == .explicit ? window.padding(input: 0, kernel: kernel, axis: axis) : (0, 0)
    let constant = window.reach(kernel, axis: axis) - begin - end + outputPadding(axis)
    let stride = window.stride(axis)
    func extent(_ input: Int) -> Int {
      let (steps, overflow) = (input - 1).multipliedReportingOverflow(by: stride)
      return overflow || steps > Int.max / 2 ? Int.max / 2 : steps + constant
    }
    if let upper = input.upperBound, extent(upper) < 0 {
      throw invalid("the padding of axis \(axis), \(begin) and \(end), takes away more than there is")
    }
    return input.map(extent)
  }

  /// The padding before the result along an axis.
  func padBegin(input: Int, output: Int, kernel: Int, axis: Int) -> Int {
    switch window.autoPad {
    case .explicit: return window.padding(input: output, kernel: kernel, axis: axis).begin
    case .valid: return 0
    case .sameUpper, .sameLower:
      let total = max(0, (input - 1) * window.stride(axis) + window.reach(kernel, axis: axis) - output + outputPadding(axis))
      return window.autoPad == .sameUpper ? total - total / 2 : total / 2
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (data, filters) = (operands[0], operands[1])
    let (input, output) = (Array(data.shape[2...]), Array(shape[2...]))
    let kernel = Array(filters.shape[filterPrefix...])
    let hasShape = operands.count > 2
    let padsBegin = input.indices.map {
      hasShape || window.autoPad == .explicit ? padBegin(input: input[$0], output: output[$0], kernel: kernel[$0], axis: $0) : 0
    }
    let groups = isGrouped ? filters.shape[0] : 1
    let planes = ConvolutionPlanes(
      geometry: WindowGeometry(window, input: output, output: input, kernel: kernel, padsBegin: padsBegin), batch: shape[0],
      groups: groups, inputChannels: groups == 0 ? 0 : shape[1] / groups, outputChannels: groups == 0 ? 0 : data.shape[1] / groups)
    var result = [Double](repeating: 0, count: shape.elementCount)
    planes.convolveTransposed(data.doubles(), filters.doubles(), into: &result)
    return [Tensor(data.elementType, shape: shape, doubles: result)]
  }
}
