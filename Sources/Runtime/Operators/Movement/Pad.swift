/// Extends axes at both ends; negative pads crop.
struct Pad: Operator {
  private enum Mode: String, CaseIterable { case constant, edge, reflect, symmetric }
  private let mode: Mode

  /// Whether what is added holds one value, rather than elements of the data.
  var isConstant: Bool { mode == .constant }

  init(_ node: Node) throws { mode = try node.attributes.choice("pad_mode") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...4)
    let type = operands.has(3) && mode == .constant ? try operands.commonElementType(0, 3) : operands.elementType(0)
    if operands.has(3), mode == .constant, let count = operands.shape(3).shape?.checkedElementCount, count != 1 {
      throw invalid("the pad value of shape \(operands.shape(3)) is not a scalar")
    }
    guard let dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    let pads = [operands.ints(1), operands.ints(2)]
    for pad in pads {
      guard let pad, pad.count != dimensions.count else { continue }
      throw invalid("there are \(pad.count) pads for \(dimensions.count) axes")
    }
    guard let begin = pads[0], let end = pads[1] else { return [ValueType(type, .dynamic(rank: dimensions.count))] }
    let limit = 1 << 40
    guard (begin + end).allSatisfy({ $0.magnitude < limit }) else { throw invalid("a pad is out of range") }
    let shape = try dimensions.indices.map { axis in
      try check(dimensions[axis], begin[axis], end[axis], axis)
      return (dimensions[axis] + Dimension(max(0, begin[axis])) + Dimension(max(0, end[axis])))
        .map { $0 + min(0, begin[axis]) + min(0, end[axis]) }
    }
    return [ValueType(type, PartialShape(shape))]
  }

  /// A mirror image is no larger than what it mirrors, and an edge exists.
  private func check(_ extent: Dimension, _ begin: Int, _ end: Int, _ axis: Int) throws {
    guard mode != .constant, let most = extent.upperBound, max(begin, end) > 0 else { return }
    let reach = mode == .reflect ? most - 1 : most
    guard mode == .edge ? most > 0 : max(begin, end) <= reach else {
      throw invalid("the pads \(begin) and \(end) of axis \(axis) exceed what pad_mode \(mode.rawValue) finds in an extent of \(extent)")
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let (begin, end) = (operands[1].ints(), operands[2].ints())
    guard mode == .constant else {
      if shape.contains(0) { return [data.gathered(shape: shape, blocks: [], of: 1)] }
      return [
        data.gathered(
          indices: shape.indices.map { axis in (0..<shape[axis]).map { source($0 - begin[axis], data.shape[axis]) } })
      ]
    }
    // What remains of the data after cropping, and where it lands.
    let kept = shape.indices.map { max(0, data.shape[$0] + min(0, begin[$0]) + min(0, end[$0])) }
    let strides = data.shape.rowMajorStrides
    let cropped =
      kept.contains(0)
      ? nil
      : data.gathered(
        shape: kept, strides: strides, start: zip(begin, strides).reduce(0) { $0 + max(0, -$1.0) * $1.1 })
    if let cropped, kept == shape { return [cropped] }
    let value = operands.count > 3 ? operands[3].reshaped(to: []) : try Tensor(data.elementType, shape: [])
    let padded = value.filling(shape)
    guard let cropped else { return [padded] }
    let target = shape.rowMajorStrides
    return [padded.scattering(cropped, strides: target, start: zip(begin, target).reduce(0) { $0 + max(0, $1.0) * $1.1 })]
  }

  /// The element of an axis that a place outside it shows.
  private func source(_ place: Int, _ extent: Int) -> Int {
    switch mode {
    case .constant, .edge: min(max(place, 0), extent - 1)
    case .reflect: place < 0 ? -place : place >= extent ? 2 * (extent - 1) - place : place
    case .symmetric: place < 0 ? -place - 1 : place >= extent ? 2 * extent - 1 - place : place
    }
  }
}
