/// A convolution of two spatial axes whose window's cells are moved by offsets, one for each cell and position.
///
/// Data [N, Cin, Y, X]; offsets [N, deformable groups · kernel cells · 2, positions], y before x; filters
/// [Cout, Cin/groups, Y, X]; from version 8 on optionally a mask [N, deformable groups · kernel cells, positions].
struct DeformableConvolution: Operator {
  let window: SlidingWindow
  let groups: Int
  let deformableGroups: Int
  /// Whether cells up to one element outside the data still take part, with zeros beside them.
  let bilinearInterpolationPad: Bool

  init(_ node: Node) throws {
    window = try SlidingWindow(node)
    groups = try node.attributes.int("group", default: 1)
    deformableGroups = try node.attributes.int("deformable_group", default: 1)
    bilinearInterpolationPad = try node.attributes.bool("bilinear_interpolation_pad", default: false)
    guard groups >= 1, deformableGroups >= 1 else {
      throw OVError(.invalidModel, "group is \(groups), deformable_group is \(deformableGroups)", suggestion: "they are 1 or more")
    }
    try window.check(spatialRank: 2)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...4)
    try ElementDomain.real.check(operands, 0)
    for index in 0..<operands.count {
      _ = try operands.commonElementType(0, index)
      guard operands.shape(index).rank ?? 4 == 4 else { throw invalid("input \(index) has the shape \(operands.shape(index)), not 4 axes") }
    }
    let unknown = PartialShape.dynamic(rank: 4).dimensions!
    let dimensions = (0..<operands.count).map { operands.shape($0).dimensions ?? unknown }
    let (data, offsets, filters) = (dimensions[0], dimensions[1], dimensions[2])
    guard data[1].merged(with: filters[1] * Dimension(groups)) != nil, (filters[0].length ?? 0) % groups == 0,
      (data[1].length ?? 0) % deformableGroups == 0
    else { throw invalid("the data \(operands.shape(0)) and the filters \(operands.shape(2)) do not suit \(groups) groups") }
    var spatial = try window.outputExtents(input: Array(data[2...]), kernel: Array(filters[2...]))
    let cells = filters[2] * filters[3] * Dimension(deformableGroups)
    for (index, channels) in [(1, cells * 2), (3, cells)] where index < operands.count {
      guard dimensions[index][1].merged(with: channels) != nil else {
        throw invalid("input \(index) has \(dimensions[index][1]) channels, the filters take \(channels)")
      }
      for axis in 0..<2 {
        guard let merged = spatial[axis].merged(with: dimensions[index][axis + 2]) else {
          throw invalid("input \(index), \(operands.shape(index)), does not have the result's spatial extents \(PartialShape(spatial))")
        }
        spatial[axis] = merged
      }
    }
    let batch = data[0].merged(with: offsets[0]) ?? data[0]
    return [ValueType(operands.elementType(0), PartialShape([batch, filters[0]] + spatial))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (data, filters) = (operands[0].doubles(), operands[2].doubles())
    let sampler = Sampler(self, operands, result: shape)
    let (channels, height, width) = (operands[0].shape[1], operands[0].shape[2], operands[0].shape[3])
    let (outputChannels, positions) = (shape[1], shape[2] * shape[3])
    let (groupInputs, groupOutputs) = (channels / groups, outputChannels / groups)
    let cells = operands[2].shape[2] * operands[2].shape[3]
    var result = [Double](repeating: 0, count: shape.elementCount)
    for n in 0..<shape[0] {
      for channel in 0..<channels {
        let plane = data[((n * channels + channel) * height * width)..<((n * channels + channel + 1) * height * width)]
        let group = channel / groupInputs
        for cell in 0..<cells {
          for position in 0..<positions {
            let sample = sampler.sample(plane, n, channel * deformableGroups / channels, cell, position)
            if sample == 0 { continue }
            for output in (group * groupOutputs)..<((group + 1) * groupOutputs) {
              let weight = filters[(output * groupInputs + channel % groupInputs) * cells + cell]
              result[(n * outputChannels + output) * positions + position] += sample * weight
            }
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: shape, doubles: result)]
  }

  /// Reads planes of data where the offsets say.
  private struct Sampler {
    let op: DeformableConvolution
    let offsets: [Double]
    let mask: [Double]?
    let (height, width): (Int, Int)
    let (kernelWidth, cells): (Int, Int)
    let (columns, positions): (Int, Int)
    let (top, left): (Int, Int)

    init(_ op: DeformableConvolution, _ operands: [Tensor], result: Shape) {
      self.op = op
      offsets = operands[1].doubles()
      mask = operands.count > 3 ? operands[3].doubles() : nil
      let (data, kernel) = (operands[0].shape, operands[2].shape)
      (height, width) = (data[2], data[3])
      (kernelWidth, cells) = (kernel[3], kernel[2] * kernel[3])
      (columns, positions) = (result[3], result[2] * result[3])
      top = op.window.padding(input: data[2], kernel: kernel[2], axis: 0).begin
      left = op.window.padding(input: data[3], kernel: kernel[3], axis: 1).begin
    }

    /// The masked value that `cell` of the window meets at `position`; 0 outside the data.
    func sample(_ plane: ArraySlice<Double>, _ n: Int, _ group: Int, _ cell: Int, _ position: Int) -> Double {
      let entry = (n * op.deformableGroups + group) * cells + cell
      let y = Double(position / columns * op.window.stride(0) + cell / kernelWidth * op.window.dilation(0) - top)
      let x = Double(position % columns * op.window.stride(1) + cell % kernelWidth * op.window.dilation(1) - left)
      let value = interpolate(plane, y + offsets[2 * entry * positions + position], x + offsets[(2 * entry + 1) * positions + position])
      return value * (mask?[entry * positions + position] ?? 1)
    }

    private func interpolate(_ plane: ArraySlice<Double>, _ y: Double, _ x: Double) -> Double {
      let margin: Double = op.bilinearInterpolationPad ? -1 : 0
      let isInside = op.bilinearInterpolationPad ? y > margin && x > margin : y >= margin && x >= margin
      guard isInside, y < Double(height), x < Double(width) else { return 0 }
      let (y0, x0) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
      let (fy, fx) = (y - Double(y0), x - Double(x0))
      func element(_ row: Int, _ column: Int) -> Double {
        // Beyond the last element stands a zero, or the last element again.
        let (r, c) = op.bilinearInterpolationPad ? (row, column) : (min(row, height - 1), min(column, width - 1))
        guard r >= 0, r < height, c >= 0, c < width else { return 0 }
        return plane[plane.startIndex + r * width + c]
      }
      return (1 - fy) * ((1 - fx) * element(y0, x0) + fx * element(y0, x0 + 1))
        + fy * ((1 - fx) * element(y0 + 1, x0) + fx * element(y0 + 1, x0 + 1))
    }
  }
}
