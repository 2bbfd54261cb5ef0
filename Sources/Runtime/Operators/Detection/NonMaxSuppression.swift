import KernelCore
import Kernels

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
  /// How boxes are given.
  enum Boxes: Sendable {
    case upright(BoxEncoding)
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
    let limit = operands.count > 2 ? operands[2].ints()[0] : 0
    func parameter(_ index: Int) -> Float { operands.count > index ? operands[index].floats()[0] : 0 }
    let suppression = SoftSuppression(
      threshold: parameter(3), isExclusive: boxes.size == 4, scoreThreshold: parameter(4), sigma: parameter(5), limit: limit)
    var rows: [Row]
    if case .upright(let encoding) = boxes, suppression.sigma <= 0 {
      rows = keptRows(operands, encoding, suppression, context)
    } else {
      rows = softlyKeptRows(operands, suppression)
    }
    if sortsDescending { rows = descending(Array(rows.indices)) { rows[$0].score }.map { rows[$0] } }
    let indices = Tensor(outputType, shape: [rows.count, 3], ints: rows.flatMap { [$0.image, $0.label, $0.box] })
    if !hasScores { return [indices] }
    return [
      indices, Tensor(rows.flatMap { [Float($0.image), Float($0.label), $0.score] }, shape: [rows.count, 3]),
      Tensor(outputType, shape: [1], ints: [rows.count]),
    ]
  }

  /// The rows of all images and classes when no score is only lowered. Threads share the classes.
  private func keptRows(
    _ operands: [Tensor], _ encoding: BoxEncoding, _ suppression: SoftSuppression, _ context: EvaluationContext
  ) -> [Row] {
    let (batch, labels, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let room = max(0, min(suppression.limit, count))
    if batch * labels * room == 0 { return [] }
    let (coordinates, scores) = (operands[0].floats(), operands[1].floats())
    let corners = [Float](unsafeUninitializedCapacity: coordinates.count) { buffer, initialized in
      encoding.writeCorners(of: coordinates, count: batch * count, to: buffer.baseAddress!)
      initialized = coordinates.count
    }
    let plan = BoxSuppression(
      scoreThreshold: suppression.scoreThreshold, overlapThreshold: suppression.threshold, isExclusive: suppression.isExclusive,
      kernel: OverlapKernels.function(features: context.features))
    var kept = [[Int32]](repeating: [], count: batch * labels)
    kept.withUnsafeMutableBufferPointer { lines in
      // Each piece of work has an element of its own.
      nonisolated(unsafe) let kept = lines
      context.forEach(batch * labels) { line in
        kept[line] = [Int32](unsafeUninitializedCapacity: room) { buffer, initialized in
          withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { scratch in
            corners.withUnsafeBufferPointer { corners in
              scores.withUnsafeBufferPointer { scores in
                initialized = plan.run(
                  boxes: corners.baseAddress! + line / labels * count * 4, scores: scores.baseAddress! + line * count, count: count,
                  limit: room, kept: buffer.baseAddress!, scratch: scratch.baseAddress!)
              }
            }
          }
        }
      }
    }
    return kept.enumerated().flatMap { line, boxes in
      boxes.map { Row(image: line / labels, label: line % labels, box: Int($0), score: scores[line * count + Int($0)]) }
    }
  }

  /// The rows of all images and classes, whatever the boxes.
  private func softlyKeptRows(_ operands: [Tensor], _ suppression: SoftSuppression) -> [Row] {
    let (batch, labels, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (coordinates, scores) = (operands[0].floats(), operands[1].floats())
    var rows: [Row] = []
    for image in 0..<batch {
      let overlap = overlap(Array(coordinates[image * count * boxes.size..<(image + 1) * count * boxes.size]))
      for label in 0..<labels {
        let start = (image * labels + label) * count
        for (box, score) in suppression.kept(Array(scores[start..<start + count]), overlap) {
          rows.append(Row(image: image, label: label, box: box, score: score))
        }
      }
    }
    return rows
  }

  /// The overlap of two of an image's boxes.
  private func overlap(_ values: [Float]) -> (Int, Int) -> Float {
    switch boxes {
    case .upright(let encoding):
      let corners = [Float](unsafeUninitializedCapacity: values.count) { buffer, initialized in
        if let target = buffer.baseAddress { encoding.writeCorners(of: values, count: values.count / 4, to: target) }
        initialized = values.count
      }
      return { Box(corners, at: 4 * $0).overlap(Box(corners, at: 4 * $1)) }
    case .rotated(let clockwise):
      let rectangles = Swift.stride(from: 0, to: values.count, by: 5).map { RotatedBox(Array(values[$0..<$0 + 5]), clockwise: clockwise) }
      return { rectangles[$0].overlap(rectangles[$1]) }
    }
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
