import KernelCore

/// Samples images at the points of a grid.
///
/// Operands: `data[batch, channels, height, width]` and `grid[batch, rows, columns, 2]`, each point x before y, −1…1 across the
/// image. Output: `[batch, channels, rows, columns]`.
struct GridSample: Operator {
  let mode: GridSamplingMode
  let paddingMode: GridPaddingMode
  /// Whether −1 and 1 mean the centres of the outer pixels instead of their edges.
  let alignsCorners: Bool

  init(_ node: Node) throws {
    mode = try node.attributes.choice("mode", default: .bilinear)
    paddingMode = try node.attributes.choice("padding_mode", default: .zeros)
    alignsCorners = try node.attributes.bool("align_corners", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    _ = try operands.commonRealType(of: [1])
    let data = try operands.extents(0, rank: 4, "the data")
    let grid = try operands.extents(1, rank: 4, "the grid")
    _ = try grid[3].agreeing(with: 2, "a point's coordinates")
    let batch = try data[0].agreeing(with: grid[0], "the batch")
    return [ValueType(operands.elementType(0), PartialShape([batch, data[1], grid[1], grid[2]]))]
  }

  /// A pixel along one axis and its weight.
  private typealias Tap = (index: Int, weight: Double)

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (data, grid) = (operands[0], operands[1])
    let (batch, channels, height, width) = (data.shape[0], data.shape[1], data.shape[2], data.shape[3])
    let points = grid.shape[1] * grid.shape[2]
    let (pixels, coordinates) = (data.doubles(), grid.doubles())
    let samples = (0..<batch * points).map { point in
      (x: taps(coordinates[2 * point], extent: width), y: taps(coordinates[2 * point + 1], extent: height))
    }
    var result: [Double] = []
    result.reserveCapacity(batch * channels * points)
    for plane in 0..<batch * channels {
      let image = plane * height * width
      for sample in samples[(plane / channels) * points..<(plane / channels + 1) * points] {
        var sum = 0.0
        for y in sample.y {
          for x in sample.x { sum += y.weight * x.weight * pixels[image + y.index * width + x.index] }
        }
        result.append(sum)
      }
    }
    return [Tensor(data.elementType, shape: [batch, channels, grid.shape[1], grid.shape[2]], doubles: result)]
  }

  /// The pixels along one axis that make up the value at a coordinate of the grid; pixels that are zero are left out.
  ///
  /// The position is computed in single precision: which pixel is nearest depends on it.
  private func taps(_ coordinate: Double, extent: Int) -> [Tap] {
    let (value, length) = (Float(coordinate), Float(extent))
    let position = alignsCorners ? (value + 1) * (length - 1) / 2 : ((value + 1) * length - 1) / 2
    guard position.isFinite, abs(position) < 0x1p31 else { return [] }
    let base = Int(position.rounded(.down))
    let fraction = Double(position - position.rounded(.down))
    let taps: [Tap] =
      switch mode {
      case .nearest: [(Int(position.rounded(.toNearestOrEven)), 1)]
      case .bilinear: [(base, 1 - fraction), (base + 1, fraction)]
      case .bicubic: (-1...2).map { (base + $0, cubicKernel(abs(Double($0) - fraction), -0.75)) }
      }
    return taps.compactMap { tap in pixel(tap.index, extent).map { ($0, tap.weight) } }
  }

  /// The pixel that stands at an index, which may lie outside of the image; `nil` for zero.
  private func pixel(_ index: Int, _ extent: Int) -> Int? {
    switch paddingMode {
    case .zeros: return (0..<extent).contains(index) ? index : nil
    case .border: return min(max(index, 0), extent - 1)
    case .reflection where alignsCorners:
      let period = max(1, 2 * (extent - 1))
      let folded = abs(index) % period
      return folded >= extent ? period - folded : folded
    case .reflection:
      let period = 2 * extent
      let folded = (index % period + period) % period
      return folded >= extent ? period - 1 - folded : folded
    }
  }
}
