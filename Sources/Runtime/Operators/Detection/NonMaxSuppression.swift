import KernelCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// NonMaxSuppression and NMSRotated: the best boxes of each image and class that do not overlap too much.
///
/// Operands: boxes `[batch, boxes, 4]` (rotated: 5), scores `[batch, classes, boxes]`, and, each with the default 0, how many
/// boxes of a class are kept, the overlap that drops a box (of rotated boxes: that is just allowed), the score that must be
/// exceeded, and from version 5 σ of soft suppression. Outputs: rows of image, class and box; from version 5 also rows of image, class and score, and the number of rows.
struct NonMaxSuppression: Operator {
  enum Encoding: String, CaseIterable, Sendable {
    /// y1, x1, y2, x2: any two opposite corners.
    case corner
    /// Centre x, centre y, width, height.
    case center
  }

  /// How boxes are given.
  enum Boxes: Sendable {
    case upright(Encoding)
    /// Centre x, centre y, width, height, angle in radians.
    case rotated(clockwise: Bool)

    var size: Int { if case .upright = self { 4 } else { 5 } }
  }

  let boxes: Boxes
  /// Whether rows are sorted by score over all images and classes.
  let sortsDescending: Bool
  let outputType: ElementType
  /// Whether scores and the number of rows are outputs.
  private let hasScores: Bool
  private let inputLimit: Int

  init(_ node: Node) throws {
    let version = node.version(among: [1, 3, 4, 5, 9])
    boxes = .upright(try node.attributes.choice("box_encoding", default: .corner))
    sortsDescending = try node.attributes.bool("sort_result_descending", default: true)
    outputType = version == 1 ? .i64 : try node.attributes.indexType("output_type")
    hasScores = version >= 5
    inputLimit = hasScores ? 6 : 5
  }

  init(rotated node: Node) throws {
    boxes = .rotated(clockwise: try node.attributes.bool("clockwise", default: true))
    sortsDescending = try node.attributes.bool("sort_result_descending", default: true)
    outputType = try node.attributes.indexType("output_type")
    hasScores = true
    inputLimit = 5
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require((boxes.size == 5 ? 5 : 2)...inputLimit)
    _ = try operands.commonRealType(of: [0])
    _ = try operands.commonRealType(of: [1])
    let coordinates = try operands.extents(0, rank: 3, "the boxes")
    let scores = try operands.extents(1, rank: 3, "the scores")
    _ = try coordinates[2].agreeing(with: Dimension(boxes.size), "the size of a box")
    let batch = try coordinates[0].agreeing(with: scores[0], "the batch")
    let count = try coordinates[1].agreeing(with: scores[2], "the number of boxes")
    if operands.has(2) { try operands.requireInteger(2, "the number of boxes of a class") }
    for index in 2..<max(2, operands.count) {
      if index > 2 { _ = try operands.commonRealType(of: [index]) }
      if let value = operands.value(index), value.elementCount != 1 { throw invalid("input \(index) has \(value.elementCount) elements") }
    }
    var kept = count
    if let limit = operands.has(2) ? operands.ints(2)?[0] : 0 { kept = count.map { min($0, max(0, limit)) } }
    let upper = (batch * scores[1] * kept).upperBound
    let rows = PartialShape([Dimension(lowerBound: 0, upperBound: upper), 3])
    let indices = ValueType(outputType, rows)
    return hasScores ? [indices, ValueType(.f32, rows), ValueType(outputType, [1])] : [indices]
  }

  /// A box that was kept.
  private struct Row {
    let image: Int
    let label: Int
    let box: Int
    let score: Float
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (batch, labels, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (coordinates, scores) = (operands[0].floats(), operands[1].floats())
    let limit = operands.count > 2 ? operands[2].ints()[0] : 0
    func parameter(_ index: Int) -> Float { operands.count > index ? operands[index].floats()[0] : 0 }
    let soft = SoftSuppression(
      threshold: parameter(3), isExclusive: boxes.size == 4, scoreThreshold: parameter(4), sigma: parameter(5), limit: limit)
    var rows: [Row] = []
    for image in 0..<batch {
      let own = Array(coordinates[image * count * boxes.size..<(image + 1) * count * boxes.size])
      let rectangles = soft.sigma > 0 ? nil : uprightBoxes(own)
      let overlap = overlap(own)
      for label in 0..<labels {
        let start = (image * labels + label) * count
        let labelScores = Array(scores[start..<start + count])
        for (box, score) in rectangles.map({ soft.kept(labelScores, $0) }) ?? soft.kept(labelScores, overlap) {
          rows.append(Row(image: image, label: label, box: box, score: score))
        }
      }
    }
    if sortsDescending {
      let order = descending(Array(rows.indices)) { rows[$0].score }
      rows = order.map { rows[$0] }
    }
    let indices = Tensor(outputType, shape: [rows.count, 3], ints: rows.flatMap { [$0.image, $0.label, $0.box] })
    if !hasScores { return [indices] }
    return [
      indices, Tensor(rows.flatMap { [Float($0.image), Float($0.label), $0.score] }, shape: [rows.count, 3]),
      Tensor(outputType, shape: [1], ints: [rows.count]),
    ]
  }

  /// An image's boxes by their corners; `nil` when they are rotated.
  private func uprightBoxes(_ values: [Float]) -> [Box]? {
    guard case .upright(let encoding) = boxes else { return nil }
    return Swift.stride(from: 0, to: values.count, by: 4).map { start in
      let (a, b, c, d) = (values[start], values[start + 1], values[start + 2], values[start + 3])
      return switch encoding {
      case .corner: Box(min(b, d), min(a, c), max(b, d), max(a, c))
      case .center: Box(a - c / 2, b - d / 2, a + c / 2, b + d / 2)
      }
    }
  }

  /// The overlap of two of an image's boxes.
  private func overlap(_ values: [Float]) -> (Int, Int) -> Float {
    if let rectangles = uprightBoxes(values) { return { rectangles[$0].overlap(rectangles[$1]) } }
    guard case .rotated(let clockwise) = boxes else { preconditionFailure("boxes are upright or rotated") }
    let rectangles = Swift.stride(from: 0, to: values.count, by: 5).map { RotatedBox(Array(values[$0..<$0 + 5]), clockwise: clockwise) }
    return { rectangles[$0].overlap(rectangles[$1]) }
  }
}

/// Suppression within one class that with σ > 0 lowers the scores of overlapping boxes instead of dropping them.
struct SoftSuppression {
  let threshold: Float
  /// Whether an overlap as great as the threshold drops a box.
  let isExclusive: Bool
  let scoreThreshold: Float
  let sigma: Float
  let limit: Int

  /// A box that may still be kept.
  private struct Candidate {
    let box: Int
    var score: Float
    /// How many of the kept boxes have been compared with it.
    var compared = 0
  }

  /// The upright boxes that are kept, best first, when none is only lowered.
  ///
  /// - Precondition: σ is 0.
  func kept(_ scores: [Float], _ boxes: [Box]) -> [(box: Int, score: Float)] {
    let order = descending(scores.indices.filter { scores[$0] > scoreThreshold }) { scores[$0] }
    var kept: [(box: Int, score: Float)] = []
    var compared = KeptBoxes(capacity: max(0, min(limit, order.count)))
    for candidate in order where kept.count < limit {
      let box = boxes[candidate]
      if compared.overlap(box.x1, box.y1, box.x2, box.y2, beyond: threshold, isExclusive: isExclusive) { continue }
      compared.append(box.x1, box.y1, box.x2, box.y2)
      kept.append((candidate, scores[candidate]))
    }
    return kept
  }

  /// The boxes that are kept, with the scores they have left, best first.
  func kept(_ scores: [Float], _ overlap: (Int, Int) -> Float) -> [(box: Int, score: Float)] {
    let order = descending(scores.indices.filter { scores[$0] > scoreThreshold }) { scores[$0] }
    // The best candidate stands at the end.
    var candidates = order.reversed().map { Candidate(box: $0, score: scores[$0]) }
    var kept: [(box: Int, score: Float)] = []
    while kept.count < limit, var candidate = candidates.popLast() {
      let original = candidate.score
      var isSuppressed = false
      for other in kept[candidate.compared...].reversed() {
        let shared = overlap(candidate.box, other.box)
        if sigma > 0 {
          candidate.score *= exp(-0.5 / sigma * shared * shared)
        } else if shared > threshold || (isExclusive && shared == threshold) {
          isSuppressed = true
        }
        if isSuppressed || candidate.score <= scoreThreshold { break }
      }
      candidate.compared = kept.count
      if isSuppressed || candidate.score <= scoreThreshold { continue }
      if candidate.score == original {
        kept.append((candidate.box, candidate.score))
      } else {
        let place = candidates.firstIndex { other in
          other.score > candidate.score || (other.score == candidate.score && other.box < candidate.box)
        }
        candidates.insert(candidate, at: place ?? candidates.count)
      }
    }
    return kept
  }
}

extension Attributes {
  /// An attribute that names the type of an output of indices: `i32` or `i64`, the default.
  func indexType(_ name: String) throws -> ElementType {
    let type = try elementType(name, default: .i64)
    guard type == .i32 || type == .i64 else { throw OVError(.invalidModel, "\(name) is \(type)", suggestion: "it can be i32 or i64") }
    return type
  }
}
