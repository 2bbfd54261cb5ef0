/// Convolution and GroupConvolution with one to three spatial axes.
///
/// Data [N, Cin, spatial…]; filters [Cout, Cin, kernel…], of GroupConvolution [G, Cout/G, Cin/G, kernel…]; result
/// [N, Cout, spatial…].
struct Convolution: Operator {
  let window: SlidingWindow
  /// Whether the filters have a leading axis of groups.
  let isGrouped: Bool

  init(_ node: Node) throws { try self.init(node, isGrouped: node.type == "GroupConvolution") }

  init(_ node: Node, isGrouped: Bool) throws {
    window = try SlidingWindow(node)
    self.isGrouped = isGrouped
  }

  /// The number of the filters' axes that are not spatial.
  private var filterPrefix: Int { isGrouped ? 3 : 2 }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonElementType(0, 1)
    try ElementDomain.numeric.check(operands, 0)
    return [ValueType(type, try outputShape(data: operands.shape(0), filters: operands.shape(1)))]
  }

  /// The result's shape, as far as it is known.
  func outputShape(data dataShape: PartialShape, filters filterShape: PartialShape) throws -> PartialShape {
    let (data, filters) = (dataShape.dimensions, filterShape.dimensions)
    guard let spatialRank = data.map({ $0.count - 2 }) ?? filters.map({ $0.count - filterPrefix }) ?? window.spatialRank else {
      return .dynamic
    }
    try window.check(spatialRank: spatialRank)
    guard filters == nil || filters!.count == spatialRank + filterPrefix else {
      throw invalid("the filters' shape \(filterShape) does not suit \(spatialRank) spatial axes of the data, \(dataShape)")
    }
    let input = data ?? PartialShape.dynamic(rank: spatialRank + 2).dimensions!
    let kernel = filters ?? PartialShape.dynamic(rank: spatialRank + filterPrefix).dimensions!
    let inputChannels = isGrouped ? kernel[0] * kernel[2] : kernel[1]
    guard input[1].merged(with: inputChannels) != nil else {
      throw invalid("the data have \(input[1]) channels, the filters \(filterShape) take \(inputChannels)")
    }
    let spatial = try window.outputExtents(input: Array(input[2...]), kernel: Array(kernel[filterPrefix...]))
    let outputChannels = isGrouped ? kernel[0] * kernel[1] : kernel[0]
    return PartialShape([input[0], outputChannels] + spatial)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let sums = convolve(operands[0].doubles(), operands[0].shape, operands[1], into: shape)
    return [Tensor(operands[0].elementType, shape: shape, doubles: sums)]
  }

  /// The sums of products of `data`, whose shape is `dataShape`, with the filters, for a result of shape `shape`.
  func convolve(_ data: [Double], _ dataShape: Shape, _ filters: Tensor, into shape: Shape) -> [Double] {
    let groups = isGrouped ? filters.shape[0] : 1
    let geometry = WindowGeometry(
      window, input: Array(dataShape[2...]), output: Array(shape[2...]), kernel: Array(filters.shape[filterPrefix...]))
    let planes = ConvolutionPlanes(
      geometry: geometry, batch: shape[0], groups: groups, inputChannels: groups == 0 ? 0 : dataShape[1] / groups,
      outputChannels: groups == 0 ? 0 : shape[1] / groups)
    var result = [Double](repeating: 0, count: shape.elementCount)
    planes.convolve(data, filters.doubles(), into: &result)
    return result
  }
}
