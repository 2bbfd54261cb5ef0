/// Images of real numbers, `[batch, channels, height, width]`, as pooling operators read them.
struct FeatureMap {
  let values: [Double]
  let batch: Int
  let channels: Int
  let height: Int
  let width: Int

  init(_ tensor: Tensor) {
    values = tensor.doubles()
    (batch, channels, height, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3])
  }

  /// The position of a channel's first pixel.
  func plane(_ image: Int, _ channel: Int) -> Int { (image * channels + channel) * height * width }

  /// The value at a point within a plane, interpolated between the four pixels around it.
  ///
  /// - Precondition: the point's pixel, rounded down, exists.
  func interpolated(_ plane: Int, y: Double, x: Double) -> Double {
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
    let (dy, dx) = (y - Double(top), x - Double(left))
    func row(_ y: Int) -> Double {
      let (a, b) = (values[plane + y * width + left], values[plane + y * width + right])
      return a + (b - a) * dx
    }
    return row(top) + (row(bottom) - row(top)) * dy
  }

  /// The image that a region of interest names; `nil` when the number is negative: the region is empty.
  func image(_ number: Double) throws -> Int? {
    guard number >= 0 else { return nil }
    guard number < Double(batch) else { throw OVError(.invalidData, "a region lies in image \(number), there are \(batch)") }
    return Int(number)
  }
}

/// What region pooling operators share: feature maps `[batch, channels, height, width]`, regions `[count, …]`, and an output
/// `[count, channels, pooled height, pooled width]`.
extension Operands {
  /// The output type of an operator that pools the regions of operand 1, of `regionSize` numbers each, from operand 0; it has the
  /// channels of the feature maps unless others are given.
  func pooledType(regionSize: Int, channels: Dimension? = nil, height: Int, width: Int) throws -> ValueType {
    let type = try commonRealType(of: [0, 1])
    let maps = try extents(0, rank: 4, "the feature maps")
    let regions = try extents(1, rank: 2, "the regions")
    _ = try regions[1].agreeing(with: Dimension(regionSize), "the size of a region")
    return ValueType(type, PartialShape([regions[0], channels ?? maps[1], Dimension(height), Dimension(width)]))
  }
}

extension Attributes {
  /// A positive integer attribute.
  func positiveInt(_ name: String, default fallback: Int? = nil) throws -> Int {
    let value = try int(name, default: fallback)
    guard value > 0 else { throw OVError(.invalidModel, "\(name) is \(value)", suggestion: "it must be positive") }
    return value
  }

  /// A positive real attribute.
  func positiveDouble(_ name: String, default fallback: Double? = nil) throws -> Double {
    let value = try double(name, default: fallback)
    guard value > 0 else { throw OVError(.invalidModel, "\(name) is \(value)", suggestion: "it must be positive") }
    return value
  }
}
