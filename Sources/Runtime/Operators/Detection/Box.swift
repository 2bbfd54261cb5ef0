import KernelCore
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A rectangle by its corners. Single precision, as in OpenVINO: which boxes survive a threshold depends on it.
struct Box {
  var x1: Float
  var y1: Float
  var x2: Float
  var y2: Float

  init(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) { (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2) }

  /// The four numbers from `offset` on.
  init(_ values: [Float], at offset: Int) {
    self.init(values[offset], values[offset + 1], values[offset + 2], values[offset + 3])
  }

  var corners: [Float] { [x1, y1, x2, y2] }

  /// The part within an image whose last pixels lie at `width` and `height`.
  func clipped(width: Float, height: Float) -> Box {
    Box(min(max(x1, 0), width), min(max(y1, 0), height), min(max(x2, 0), width), min(max(y2, 0), height))
  }

  /// Intersection over union. The offset is 1 when corners are pixels that belong to the box, otherwise 0; `needsContact` says
  /// that boxes whose corners do not meet have nothing in common, however great the offset.
  func overlap(_ other: Box, offset: Float = 0, needsContact: Bool = true) -> Float {
    if needsContact, other.x1 > x2 || other.x2 < x1 || other.y1 > y2 || other.y2 < y1 { return 0 }
    let (own, others) = (area(offset), other.area(offset))
    if own <= 0 || others <= 0 { return 0 }
    let width = max(min(x2, other.x2) - max(x1, other.x1) + offset, 0)
    let height = max(min(y2, other.y2) - max(y1, other.y1) + offset, 0)
    let shared = width * height
    return shared / (own + others - shared)
  }

  private func area(_ offset: Float) -> Float { (x2 - x1 + offset) * (y2 - y1 + offset) }

  /// The box moved by `deltas[0...1]` of its size, and scaled by the exponentials of `deltas[2...3]`, each at most
  /// `largestLogarithm`. The offset is 1 when corners are pixels that belong to the box, otherwise 0; `cornerOffset` is taken from
  /// the lower right corner.
  func refined(_ deltas: [Float], offset: Float, cornerOffset: Float, largestLogarithm: Float = .infinity) -> Box {
    let (width, height) = (x2 - x1 + offset, y2 - y1 + offset)
    let (centerX, centerY) = (deltas[0] * width + x1 + 0.5 * width, deltas[1] * height + y1 + 0.5 * height)
    let newWidth = exp(min(deltas[2], largestLogarithm)) * width
    let newHeight = exp(min(deltas[3], largestLogarithm)) * height
    return Box(
      centerX - 0.5 * newWidth, centerY - 0.5 * newHeight, centerX + 0.5 * newWidth - cornerOffset,
      centerY + 0.5 * newHeight - cornerOffset)
  }
}

/// Non-maximum suppression: the candidates, best first, that do not overlap one kept before too much.
///
/// `threshold` is the overlap that is just allowed, or with `isExclusive` just not; it is multiplied by `decay` after each kept
/// candidate while it is above a half. At most `limit` are kept.
func suppressed(
  _ candidates: [Int], threshold: Float, isExclusive: Bool = false, decay: Float = 1, limit: Int = .max,
  overlap: (Int, Int) -> Float
) -> [Int] {
  var threshold = threshold
  var kept: [Int] = []
  for candidate in candidates where kept.count < limit {
    let isSuppressed = kept.contains {
      let value = overlap(candidate, $0)
      return isExclusive ? value >= threshold : value > threshold
    }
    if isSuppressed { continue }
    kept.append(candidate)
    if decay < 1 && threshold > 0.5 { threshold *= decay }
  }
  return kept
}

/// The indices from the greatest score to the least; those of equal scores keep their order.
func descending(_ indices: [Int], by scores: (Int) -> Float) -> [Int] {
  let count = indices.count
  if count <= 1 { return indices }
  let values = indices.map(scores)
  var sorted = values
  var order = [Int64](repeating: 0, count: count)
  let plan = TopKPlan(outer: 1, extent: count, inner: 1, count: count, takesGreatest: true, sortsByIndex: false, hasWideIndices: true)
  withUnsafeTemporaryAllocation(byteCount: plan.scratchByteCount(.f32), alignment: 8) { scratch in
    plan.run(TopKKernels.function(), .f32, values, &sorted, &order, scratch: scratch.baseAddress!)
  }
  return order.map { indices[Int($0)] }
}

extension Tensor {
  /// The elements in single precision.
  func floats() -> [Float] { elementType == .f32 ? array() : doubles().map { Float($0) } }

  /// A tensor of numbers computed in single precision.
  init(_ elementType: ElementType, shape: Shape, floats: [Float]) {
    self = elementType == .f32 ? Tensor(floats, shape: shape) : Tensor(elementType, shape: shape, doubles: floats.map { Double($0) })
  }
}
