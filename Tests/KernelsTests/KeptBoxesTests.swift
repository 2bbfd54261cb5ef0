import KernelCore
import Kernels
import Testing

@Suite struct KeptBoxesTests {
  private typealias Box = (x1: Float, y1: Float, x2: Float, y2: Float)

  private static func overlap(_ a: Box, _ b: Box) -> Float {
    let (areaA, areaB) = ((a.x2 - a.x1) * (a.y2 - a.y1), (b.x2 - b.x1) * (b.y2 - b.y1))
    if areaA <= 0 || areaB <= 0 { return 0 }
    let shared = max(min(a.x2, b.x2) - max(a.x1, b.x1), 0) * max(min(a.y2, b.y2) - max(a.y1, b.y1), 0)
    return shared / (areaA + areaB - shared)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 50])
  func candidatesAreComparedWithAllKeptBoxes(_ count: Int) {
    var samples = Samples(seed: UInt64(count))
    func box() -> Box {
      let (x, y) = (Float(samples.int(0...20)), Float(samples.int(0...20)))
      // Some have no area.
      return (x, y, x + Float(samples.int(0...6)), y + Float(samples.int(0...6)))
    }
    var kept = KeptBoxes(capacity: count)
    var boxes: [Box] = []
    for _ in 0..<count {
      boxes.append(box())
      kept.append(boxes.last!.x1, boxes.last!.y1, boxes.last!.x2, boxes.last!.y2)
    }
    #expect(kept.count == count)
    for _ in 0..<300 {
      let candidate = box()
      for threshold: Float in [0, 0.25, 0.5, 1] {
        for isExclusive in [false, true] {
          let expected = boxes.contains { other in
            let ratio = Self.overlap(candidate, other)
            return isExclusive ? ratio >= threshold : ratio > threshold
          }
          let found = kept.overlap(
            candidate.x1, candidate.y1, candidate.x2, candidate.y2, beyond: threshold, isExclusive: isExclusive)
          #expect(found == expected, "\(count) boxes, \(candidate), \(threshold), \(isExclusive)")
        }
      }
    }
  }
}
