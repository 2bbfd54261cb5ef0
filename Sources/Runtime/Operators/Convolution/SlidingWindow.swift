/// How a window moves over the spatial axes: the attributes that convolutions and pools share, and the one place that knows
/// the rules of `auto_pad` and `rounding_type`.
struct SlidingWindow: Sendable {
  /// Who chooses the padding.
  enum AutoPad: String, CaseIterable, Sendable {
    /// The attributes `pads_begin` and `pads_end`.
    case explicit
    /// So much that the result has an element for every stride of the input, the odd one at the end.
    case sameUpper = "same_upper"
    /// So much that the result has an element for every stride of the input, the odd one at the beginning.
    case sameLower = "same_lower"
    /// There is none.
    case valid

    var isSame: Bool { self == .sameUpper || self == .sameLower }
  }

  /// What happens to a window that does not fit completely.
  enum Rounding: String, CaseIterable, Sendable {
    /// It is left out.
    case floor
    /// It is kept.
    case ceil
    /// It is kept when it starts inside the input or the padding before it, as in PyTorch.
    case ceilTorch = "ceil_torch"
  }

  /// One an axis; empty: all 1.
  let strides: [Int]
  /// The distance between the window's cells, one an axis; empty: all 1.
  let dilations: [Int]
  /// The padding that the attributes ask for, one an axis; empty: all 0.
  let padsBegin: [Int]
  let padsEnd: [Int]
  let autoPad: AutoPad
  let rounding: Rounding

  init(_ node: Node) throws {
    let attributes = node.attributes
    strides = try attributes.ints("strides", default: [])
    dilations = try attributes.ints("dilations", default: [])
    padsBegin = try attributes.ints("pads_begin", default: [])
    padsEnd = try attributes.ints("pads_end", default: [])
    autoPad = try attributes.choice("auto_pad", default: .explicit)
    rounding = try attributes.choice("rounding_type", default: .floor)
    for (name, values) in [("strides", strides), ("dilations", dilations)] where values.contains(where: { $0 < 1 }) {
      throw OVError(.invalidModel, "\(name) are \(values)", suggestion: "they are 1 or more")
    }
    guard (padsBegin + padsEnd).allSatisfy({ $0.magnitude <= SlidingWindow.padLimit }) else {
      throw OVError(.invalidModel, "pads_begin and pads_end are \(padsBegin) and \(padsEnd), which is out of all proportion")
    }
  }

  /// The largest padding of an axis that is believed: it keeps later sums from overflowing.
  private static let padLimit: UInt = 1 << 40

  /// The number of spatial axes, when an attribute tells it.
  var spatialRank: Int? { [strides, dilations, padsBegin, padsEnd].first { !$0.isEmpty }?.count }

  /// Checks that the attributes have a value for each of `rank` axes.
  func check(spatialRank rank: Int) throws {
    guard rank >= 1, rank <= 3 else { throw OVError(.invalidModel, "there are \(rank) spatial axes, the operation takes 1 to 3") }
    for (name, values) in [("strides", strides), ("dilations", dilations), ("pads_begin", padsBegin), ("pads_end", padsEnd)] {
      guard values.isEmpty || values.count == rank else {
        throw OVError(.invalidModel, "\(name) has \(values.count) values for \(rank) spatial axes")
      }
    }
  }

  func stride(_ axis: Int) -> Int { strides.isEmpty ? 1 : strides[axis] }
  func dilation(_ axis: Int) -> Int { dilations.isEmpty ? 1 : dilations[axis] }

  /// How far a window of `kernel` cells reaches along an axis; saturates.
  func reach(_ kernel: Int, axis: Int) -> Int {
    let (gaps, overflow) = (kernel - 1).multipliedReportingOverflow(by: dilation(axis))
    return overflow || gaps > Int(SlidingWindow.padLimit) ? Int(SlidingWindow.padLimit) : gaps + 1
  }

  /// The padding of an axis of extent `input` before and after its elements.
  func padding(input: Int, kernel: Int, axis: Int) -> (begin: Int, end: Int) {
    switch autoPad {
    case .explicit: return (padsBegin.isEmpty ? 0 : padsBegin[axis], padsEnd.isEmpty ? 0 : padsEnd[axis])
    case .valid: return (0, 0)
    case .sameUpper, .sameLower:
      let output = (input + stride(axis) - 1) / stride(axis)
      let total = max(0, (output - 1) * stride(axis) + reach(kernel, axis: axis) - input)
      return autoPad == .sameUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
    }
  }

  /// The number of positions that a window of `kernel` cells takes along an axis of extent `input`.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when it takes none.
  func outputExtent(input: Dimension, kernel: Dimension, axis: Int) throws -> Dimension {
    let stride = stride(axis)
    if autoPad.isSame { return input.map { $0 / stride + ($0 % stride == 0 ? 0 : 1) } }
    guard let kernel = kernel.length else { return .dynamic }
    let (begin, end) = padding(input: 0, kernel: kernel, axis: axis)
    let reach = reach(kernel, axis: axis)
    if let upper = input.upperBound, upper <= Int(SlidingWindow.padLimit), upper + begin + end < reach {
      throw OVError(
        .invalidModel,
        "a window that spans \(reach) does not fit into spatial axis \(axis), \(input) elements padded by \(begin) and \(end)")
    }
    return input.map { extent in
      guard extent <= Int(SlidingWindow.padLimit) else { return extent / stride }
      let room = extent + begin + end - reach
      if room < 0 { return 0 }
      if rounding == .floor { return room / stride + 1 }
      let positions = (room + stride - 1) / stride + 1
      return rounding == .ceilTorch && (positions - 1) * stride >= extent + begin ? positions - 1 : positions
    }
  }

  /// ``outputExtent(input:kernel:axis:)`` of all axes.
  func outputExtents(input: [Dimension], kernel: [Dimension]) throws -> [Dimension] {
    try check(spatialRank: input.count)
    return try input.indices.map { try outputExtent(input: input[$0], kernel: kernel[$0], axis: $0) }
  }
}
