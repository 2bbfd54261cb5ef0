/// Convolution and GroupConvolution with one to three spatial axes.
///
/// Data [N, Cin, spatial…]; filters [Cout, Cin, kernel…], of GroupConvolution [G, Cout/G, Cin/G, kernel…]; result
/// [N, Cout, spatial…].
struct Convolution: Operator {
  let window: SlidingWindow
  /// Whether the filters have a leading axis of groups.
  let isGrouped: Bool

  init(_ node: Node) throws {
    window = try SlidingWindow(node)
    isGrouped = node.type == "GroupConvolution"
  }

  /// The number of the filters' axes that are not spatial.
  private var filterPrefix: Int { isGrouped ? 3 : 2 }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonElementType(0, 1)
    try ElementDomain.numeric.check(operands, 0)
    let (data, filters) = (operands.shape(0).dimensions, operands.shape(1).dimensions)
    guard let spatialRank = data.map({ $0.count - 2 }) ?? filters.map({ $0.count - filterPrefix }) ?? window.spatialRank else {
      return [ValueType(type, .dynamic)]
    }
    try window.check(spatialRank: spatialRank)
    guard filters == nil || filters!.count == spatialRank + filterPrefix else {
      throw invalid("the filters' shape \(operands.shape(1)) does not suit \(spatialRank) spatial axes of the data, \(operands.shape(0))")
    }
    let input = data ?? PartialShape.dynamic(rank: spatialRank + 2).dimensions!
    let kernel = filters ?? PartialShape.dynamic(rank: spatialRank + filterPrefix).dimensions!
    let inputChannels = isGrouped ? kernel[0] * kernel[2] : kernel[1]
    guard input[1].merged(with: inputChannels) != nil else {
      throw invalid("the data have \(input[1]) channels, the filters \(operands.shape(1)) take \(inputChannels)")
    }
    let spatial = try window.outputExtents(input: Array(input[2...]), kernel: Array(kernel[filterPrefix...]))
    let outputChannels = isGrouped ? kernel[0] * kernel[1] : kernel[0]
    return [ValueType(type, PartialShape([input[0], outputChannels] + spatial))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (data, filters) = (operands[0], operands[1])
    let groups = isGrouped ? filters.shape[0] : 1
    let geometry = WindowGeometry(
      window, input: Array(data.shape[2...]), output: Array(shape[2...]), kernel: Array(filters.shape[filterPrefix...]))
    let planes = ConvolutionPlanes(
      geometry: geometry, batch: shape[0], groups: groups, inputChannels: groups == 0 ? 0 : data.shape[1] / groups,
      outputChannels: groups == 0 ? 0 : shape[1] / groups)
    var result = [Double](repeating: 0, count: shape.elementCount)
    planes.convolve(data.doubles(), filters.doubles(), into: &result)
    return [Tensor(data.elementType, shape: shape, doubles: result)]
  }
}
