/// Non-maximum suppression of one class: of the boxes whose scores are above a threshold the best, as long as none overlaps one
/// kept before too much.
package struct BoxSuppression: Sendable {
  private let scoreThreshold: Float
  private let overlapThreshold: Float
  private let isExclusive: Bool
  private let kernel: OverlapKernel

  /// `overlapThreshold`: the intersection over union that is just allowed, or with `isExclusive` just not.
  package init(scoreThreshold: Float, overlapThreshold: Float, isExclusive: Bool, kernel: OverlapKernel) {
    self.scoreThreshold = scoreThreshold
    self.overlapThreshold = overlapThreshold
    self.isExclusive = isExclusive
    self.kernel = kernel
  }

  /// Writes the indices of the boxes that are kept, best first, equal scores in the boxes' order; returns how many they are.
  ///
  /// `boxes`: x1, y1, x2, y2 of each of `count` boxes.
  /// `limit`: how many are kept at most, and the room in `kept`.
  /// `scratch`: room for `count` entries.
  ///
  /// - Precondition: `count` < 2³².
  package func run(
    boxes: UnsafePointer<Float>, scores: UnsafePointer<Float>, count: Int, limit: Int, kept: UnsafeMutablePointer<Int32>,
    scratch: UnsafeMutablePointer<UInt64>
  ) -> Int {
    var candidates = 0
    for i in 0..<count {
      // Greater entries come first: those of greater scores, then those of lesser indices.
      scratch[candidates] = UInt64(scores[i].orderKey(0)) &<< 32 | UInt64(UInt32.max &- UInt32(truncatingIfNeeded: i))
      candidates &+= scores[i] > scoreThreshold ? 1 : 0
    }
    var root = candidates / 2
    while root > 0 {
      root &-= 1
      siftDown(scratch, root, candidates)
    }
    var found = 0
    var compared = KeptBoxes(capacity: Swift.min(limit, candidates), kernel)
    while candidates > 0 && found < limit {
      let index = Int(UInt32.max &- UInt32(truncatingIfNeeded: scratch[0]))
      candidates &-= 1
      scratch[0] = scratch[candidates]
      siftDown(scratch, 0, candidates)
      let box = boxes + 4 &* index
      if compared.overlap(box[0], box[1], box[2], box[3], beyond: overlapThreshold, isExclusive: isExclusive) { continue }
      compared.append(box[0], box[1], box[2], box[3])
      kept[found] = Int32(truncatingIfNeeded: index)
      found &+= 1
    }
    return found
  }
}

/// How the four numbers of an upright box name it.
package enum BoxEncoding: String, CaseIterable, Sendable {
  /// y1, x1, y2, x2: any two opposite corners.
  case corner
  /// Centre x, centre y, width, height.
  case center

  /// Writes x1 ≤ x2 and y1 ≤ y2 of `count` boxes, in the order x1, y1, x2, y2.
  package func writeCorners(of boxes: UnsafePointer<Float>, count: Int, to corners: UnsafeMutablePointer<Float>) {
    for i in 0..<count {
      let (box, target) = (boxes + 4 &* i, corners + 4 &* i)
      switch self {
      case .corner:
        target[0] = Swift.min(box[1], box[3])
        target[1] = Swift.min(box[0], box[2])
        target[2] = Swift.max(box[1], box[3])
        target[3] = Swift.max(box[0], box[2])
      case .center:
        target[0] = box[0] - box[2] / 2
        target[1] = box[1] - box[3] / 2
        target[2] = box[0] + box[2] / 2
        target[3] = box[1] + box[3] / 2
      }
    }
  }
}
