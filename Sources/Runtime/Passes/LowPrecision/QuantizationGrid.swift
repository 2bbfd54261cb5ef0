/// The real numbers that 8-bit integers stand for: real = (integer − zero point) · scale, for integers in `low...high`.
///
/// Scale and zero point have one element, or shapes that broadcast to the value; all scales are positive.
struct QuantizationGrid: Equatable {
  var scale: Tensor
  var zeroPoint: Tensor
  var low: Int
  var high: Int

  static func == (a: Self, b: Self) -> Bool {
    a.low == b.low && a.high == b.high && a.hasSameNumbers(as: b)
  }

  /// Whether the same integers stand for the same numbers.
  func hasSameNumbers(as other: Self) -> Bool {
    scale.shape == other.scale.shape && scale.doubles() == other.scale.doubles() && zeroPoint.shape == other.zeroPoint.shape
      && zeroPoint.doubles() == other.zeroPoint.doubles()
  }

  /// One scale and one zero point for the whole value; `nil` when there are several.
  var perTensor: (scale: Double, zeroPoint: Double)? {
    guard scale.elementCount == 1, zeroPoint.elementCount == 1 else { return nil }
    return (scale.doubles()[0], zeroPoint.doubles()[0])
  }

  /// A scale for each of `channels` indices of the axis `axis`, and one zero point; `nil` when they vary otherwise.
  func perChannel(_ channels: Int, axis: Int = 1, rank: Int) -> (scales: [Double], zeroPoint: Double)? {
    guard zeroPoint.elementCount == 1, let scales = scale.perChannel(channels, axis: axis, rank: rank) else { return nil }
    return (scales, zeroPoint.doubles()[0])
  }

  /// Whether zero is one of the numbers, everywhere: padding is possible then.
  var hasZero: Bool { zeroPoint.doubles().allSatisfy { $0 == $0.rounded() && $0 >= Double(low) && $0 <= Double(high) } }

  /// How far from an integer a zero point may lie and still be one that was rounded with its range.
  static let zeroPointTolerance = 0.005

  /// The scale and zero point with which `levels` integers from 0 on stand for the numbers from `lows` to `highs`.
  ///
  /// `snapped`: whether zero points that are integers but for rounding are made integers.
  /// Returns `nil` when a range is empty, reversed or not finite.
  static func affine(lows: Tensor, highs: Tensor, levels: Int, snapped: Bool) -> (scale: Tensor, zeroPoint: Tensor)? {
    guard lows.shape == highs.shape else { return nil }
    let (low, high) = (lows.doubles(), highs.doubles())
    guard zip(low, high).allSatisfy({ $0.isFinite && $1.isFinite && $0 < $1 }) else { return nil }
    let scales = zip(low, high).map { ($1 - $0) / Double(levels - 1) }
    let zeroPoints = zip(low, scales).map { low, scale in
      let exact = -low / scale
      return snapped && (exact - exact.rounded()).magnitude <= zeroPointTolerance ? exact.rounded() : exact
    }
    // One number where they are all the same.
    func tensor(_ numbers: [Double]) -> Tensor {
      Set(numbers).count == 1 ? Tensor(.f32, shape: [], doubles: [numbers[0]]) : Tensor(.f32, shape: lows.shape, doubles: numbers)
    }
    guard scales.allSatisfy({ Float($0) > 0 && Float($0).isFinite }), zeroPoints.allSatisfy({ Float($0).isFinite }) else { return nil }
    let (scale, zeroPoint) = (tensor(scales), tensor(zeroPoints))
    return scale.elementCount == 0 ? nil : (scale, zeroPoint)
  }
}

/// A FakeQuantize as the rounding to integers and the numbers that these stand for.
struct FakeQuantizeParameters {
  /// What Quantize multiplies by and adds.
  let multiplier: Tensor
  let offset: Tensor
  /// What the integers stand for.
  let grid: QuantizationGrid
  /// Whether numbers keep their place but for rounding.
  let isIdentity: Bool
  /// The bounds of the result.
  let bounds: (low: Tensor, high: Tensor)

  /// `nil` when the ranges are not known, do not broadcast by numpy's rule, are empty or reversed, or when there are more than
  /// `levelLimit` levels.
  init?(_ node: Node, _ model: Model, levelLimit: Int = 256) throws {
    try self.init(node, model, levelLimit: levelLimit) { try model.constantValue(of: $0) }
  }

  /// `constant`: the value of an operand that is known.
  init?(_ node: Node, _ model: Model, levelLimit: Int, constant: (OutputID) throws -> Tensor?) throws {
    guard node.type == "FakeQuantize", node.inputs.count == 5, let op = try? FakeQuantize(node), op.levels <= levelLimit,
      case .numpy = op.broadcast, model.type(of: node.inputs[0]).elementType == .f32
    else { return nil }
    var ranges: [Tensor] = []
    for index in 1...4 {
      guard let range = try constant(node.inputs[index]), range.elementCount > 0,
        range.shape.count <= model.type(of: node.inputs[0]).shape.rank ?? 0
      else { return nil }
      ranges.append(range)
    }
    guard let input = QuantizationGrid.affine(lows: ranges[0], highs: ranges[1], levels: op.levels, snapped: true),
      let output = QuantizationGrid.affine(lows: ranges[2], highs: ranges[3], levels: op.levels, snapped: true)
    else { return nil }
    // As OpenVINO has it, rounded once: where integers meet on their way from grid to grid, it decides ties.
    let steps = Float(op.levels - 1)
    let multipliers = zip(ranges[0].doubles(), ranges[1].doubles()).map { Double(steps / (Float($1) - Float($0))) }
    guard multipliers.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
    multiplier =
      input.scale.elementCount == 1
      ? Tensor(.f32, shape: [], doubles: [multipliers[0]]) : Tensor(.f32, shape: ranges[0].shape, doubles: multipliers)
    offset = input.zeroPoint
    grid = QuantizationGrid(scale: output.scale, zeroPoint: output.zeroPoint, low: 0, high: op.levels - 1)
    isIdentity = ranges[0].doubles() == ranges[2].doubles() && ranges[1].doubles() == ranges[3].doubles()
    bounds = (ranges[2], ranges[3])
  }
}
