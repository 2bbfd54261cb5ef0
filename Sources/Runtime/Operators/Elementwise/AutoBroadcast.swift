/// The `auto_broadcast` attribute of binary operators: how operands of different shapes meet.
enum AutoBroadcast: Sendable {
  /// Shapes must be equal.
  case none
  case numpy
  /// PaddlePaddle's rule: the second operand is aligned within the first at an axis.
  case pdpd(axis: Int)

  private enum Word: String, CaseIterable { case none, explicit, numpy, pdpd }

  init(_ node: Node) throws {
    switch try node.attributes.choice("auto_broadcast", default: Word.numpy) {
    case .none, .explicit: self = .none
    case .numpy: self = .numpy
    case .pdpd: self = .pdpd(axis: try node.attributes.int("auto_broadcast.auto_broadcast_axis", default: 0))
    }
  }

  /// The shape of the result.
  func shape(_ a: PartialShape, _ b: PartialShape) throws -> PartialShape {
    switch self {
    case .none:
      guard let merged = a.merged(with: b) else {
        throw OVError(.invalidModel, "the shapes \(a) and \(b) differ", suggestion: "auto_broadcast=\"numpy\" allows extents of 1")
      }
      return merged
    case .numpy: return try .broadcast(a, b)
    case .pdpd(let axis): return try .paddleBroadcast(a, b, axis: axis)
    }
  }

  /// The strides with which the second operand of shape `b` is read over the result, whose shape is `target`.
  func secondStrides(_ b: Shape, target: Shape) -> [Int] {
    guard case .pdpd(let axis) = self, b.count < target.count || b.elementCount != target.elementCount else {
      return b.broadcastStrides(to: target)
    }
    var trimmed = b
    let start = axis == -1 ? target.count - b.count : axis
    while let last = trimmed.last, last == 1, start + trimmed.count > target.count || axis != -1 { trimmed.removeLast() }
    let padded = trimmed + [Int](repeating: 1, count: target.count - start - trimmed.count)
    return padded.broadcastStrides(to: target)
  }
  /// For each element of the result, of shape `target`, the offsets of the two elements it is made of.
  func offsets(_ a: Shape, _ b: Shape, target: Shape) -> ([Int], [Int]) {
    (
      target.offsets(strides: a.broadcastStrides(to: target)),
      target.offsets(strides: secondStrides(b, target: target))
    )
  }
}
