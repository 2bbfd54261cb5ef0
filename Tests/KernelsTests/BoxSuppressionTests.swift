import KernelCore
import Kernels
import Testing

/// Overlaps, and the suppression that is made of them, against loops over pairs of boxes.
@Suite struct BoxSuppressionTests {
  private typealias Box = (x1: Float, y1: Float, x2: Float, y2: Float)

  private static func overlap(_ a: Box, _ b: Box) -> Float {
    let (areaA, areaB) = ((a.x2 - a.x1) * (a.y2 - a.y1), (b.x2 - b.x1) * (b.y2 - b.y1))
    if areaA <= 0 || areaB <= 0 { return 0 }
    let shared = max(min(a.x2, b.x2) - max(a.x1, b.x1), 0) * max(min(a.y2, b.y2) - max(a.y1, b.y1), 0)
    return shared / (areaA + areaB - shared)
  }

  private static func box(_ samples: inout SeededGenerator) -> Box {
    let (x, y) = (Float(samples.int(0...20)), Float(samples.int(0...20)))
    // Some have no area.
    return (x, y, x + Float(samples.int(0...6)), y + Float(samples.int(0...6)))
  }

  @Test(arguments: OverlapKernels.table.supported(by: .current).map(\.name), [0, 1, 15, 16, 17, 31, 33, 50, 100])
  func candidatesAreComparedWithAllKeptBoxes(_ name: String, _ count: Int) throws {
    let kernel = try #require(OverlapKernels.table.first { $0.name == name })
    var samples = SeededGenerator(seed: UInt64(count))
    var kept = KeptBoxes(capacity: count + 3, kernel)
    // What was removed leaves nothing behind.
    for _ in 0..<(count + 3) { kept.append(0, 0, 100, 100) }
    kept.removeAll()
    var boxes: [Box] = []
    for _ in 0..<count {
      boxes.append(Self.box(&samples))
      kept.append(boxes.last!.x1, boxes.last!.y1, boxes.last!.x2, boxes.last!.y2)
    }
    #expect(kept.count == count)
    for _ in 0..<200 {
      let candidate = Self.box(&samples)
      for threshold: Float in [-1, 0, 0.25, 0.5, 1] {
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

  @Test(arguments: OverlapKernels.table.supported(by: .current).map(\.name), [0, 1, 2, 40, 300])
  func theBestBoxesAreKept(_ name: String, _ count: Int) throws {
    let kernel = try #require(OverlapKernels.table.first { $0.name == name })
    var samples = SeededGenerator(seed: UInt64(count) + 7)
    for (limit, scoreThreshold, isExclusive) in [(count, -Float.infinity, true), (count, 3, false), (5, 3, true), (1, 0, true)] {
      let boxes = (0..<count).map { _ in Self.box(&samples) }
      // Few scores, so that some are equal; some are no numbers.
      let scores = (0..<count).map { _ in samples.int(0...30) == 0 ? Float.nan : Float(samples.int(-4...12)) }
      let order = boxes.indices.filter { scores[$0] > scoreThreshold }.sorted { (scores[$1], $0) < (scores[$0], $1) }
      var expected: [Int] = []
      for candidate in order where expected.count < limit {
        let isSuppressed = expected.contains { other in
          let ratio = Self.overlap(boxes[candidate], boxes[other])
          return isExclusive ? ratio >= 0.3 : ratio > 0.3
        }
        if !isSuppressed { expected.append(candidate) }
      }
      let corners: [Float] = boxes.flatMap { box -> [Float] in [box.x1, box.y1, box.x2, box.y2] } + [0]
      var kept = [Int32](repeating: -1, count: limit + 1)
      var scratch = [UInt64](repeating: 0, count: count + 1)
      let suppression = BoxSuppression(
        scoreThreshold: scoreThreshold, overlapThreshold: 0.3, isExclusive: isExclusive, kernel: kernel)
      let found = suppression.run(
        boxes: corners, scores: scores + [0], count: count, limit: limit, kept: &kept, scratch: &scratch)
      #expect(kept[..<found].map(Int.init) == expected, "\(count) boxes, at most \(limit), above \(scoreThreshold)")
      #expect(kept[found...].allSatisfy { $0 == -1 })
    }
  }

  @Test(arguments: BoxEncoding.allCases)
  func cornersAreInOrder(_ encoding: BoxEncoding) {
    let boxes: [Float] = encoding == .corner ? [4, 1, 2, 5, 0, 0, 3, 3] : [3, 3, 4, 2, 1.5, 1.5, 3, 3]
    var corners = [Float](repeating: 0, count: 8)
    encoding.writeCorners(of: boxes, count: 2, to: &corners)
    #expect(corners == [1, 2, 5, 4, 0, 0, 3, 3])
  }
}
