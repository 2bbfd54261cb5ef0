#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The detections of SSD networks: boxes decoded from priors, suppressed class by class, and the best kept.
///
/// Operands: box logits `[batch, priors·classes·4]` (one class when they share locations), class scores
/// `[batch, priors·classes]`, priors `[1 or batch, 1 or 2, priors·4 or 5]`, and optionally objectness `[batch, priors·2]` and box
/// logits that refine the priors first. Output `[1, 1, rows, 7]`: image, class, score, x1, y1, x2, y2; a row that begins with −1
/// ends the list, the rest is zero.
struct DetectionOutput: Operator {
  enum CodeType: String, CaseIterable, Sendable {
    case corner = "caffe.priorboxparameter.corner"
    case centerSize = "caffe.priorboxparameter.center_size"
  }

  /// Version 1; `nil`: the class scores tell.
  let statedClassCount: Int?
  /// −1 when there is none.
  let backgroundClass: Int
  /// How many boxes of a class (of an image with ``decreasesLabels``) enter suppression; `nil`: all.
  let topK: Int?
  /// How many boxes of an image are kept after suppression; `nil`: all.
  let keepTopK: Int?
  let encodesVarianceInTarget: Bool
  let codeType: CodeType
  let sharesLocation: Bool
  let overlapThreshold: Float
  let confidenceThreshold: Float
  let clipsAfter: Bool
  let clipsBefore: Bool
  /// Suppression as in MXNet: each prior stands for its best class only, and labels count from the first class that is not
  /// background.
  let decreasesLabels: Bool
  let isNormalized: Bool
  let inputSize: (width: Float, height: Float)
  let objectnessThreshold: Float

  init(_ node: Node) throws {
    let attributes = node.attributes
    statedClassCount = node.version(among: [1, 8]) == 1 ? try attributes.positiveInt("num_classes") : nil
    backgroundClass = try attributes.int("background_label_id", default: 0)
    func limit(_ value: Int) -> Int? { value < 0 ? nil : value }
    topK = limit(try attributes.int("top_k", default: -1))
    guard let keep = try attributes.ints("keep_top_k").first else { throw OVError(.invalidModel, "keep_top_k is empty") }
    keepTopK = limit(keep)
    encodesVarianceInTarget = try attributes.bool("variance_encoded_in_target", default: false)
    codeType = try attributes.choice("code_type", default: .corner)
    sharesLocation = try attributes.bool("share_location", default: true)
    overlapThreshold = Float(try attributes.double("nms_threshold"))
    confidenceThreshold = Float(try attributes.double("confidence_threshold", default: 0))
    clipsAfter = try attributes.bool("clip_after_nms", default: false)
    clipsBefore = try attributes.bool("clip_before_nms", default: false)
    decreasesLabels = try attributes.bool("decrease_label_id", default: false)
    isNormalized = try attributes.bool("normalized", default: false)
    inputSize = (
      Float(try attributes.positiveInt("input_width", default: 1)), Float(try attributes.positiveInt("input_height", default: 1))
    )
    objectnessThreshold = Float(try attributes.double("objectness_score", default: 0))
  }

  private var priorSize: Int { isNormalized ? 4 : 5 }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    guard operands.count == 3 || operands.count == 5 else {
      throw invalid("there are \(operands.count) inputs", suggestion: "the operation takes 3 or 5")
    }
    let type = try operands.commonRealType(of: Array(0..<operands.count))
    let logits = try operands.extents(0, rank: 2, "the box logits")
    let scores = try operands.extents(1, rank: 2, "the class scores")
    let priors = try operands.extents(2, rank: 3, "the priors")
    var batch = try logits[0].agreeing(with: scores[0], "the batch")
    _ = try priors[1].agreeing(with: encodesVarianceInTarget ? 1 : 2, "the rows of the priors")
    if operands.count == 5 {
      batch = try batch.agreeing(with: operands.extents(3, rank: 2, "the objectness")[0], "the batch")
      _ = try Dimension.agreeing(logits, operands.extents(4, rank: 2, "the additional box logits"), "the box logits")
    }
    let priorCount = try priors[2].length.map { try quotient($0, priorSize, "the priors") }
    let classCount =
      try statedClassCount ?? scores[1].length.flatMap { total in try priorCount.map { try quotient(total, $0, "the class scores") } }
    if let priorCount, let classCount {
      _ = try scores[1].agreeing(with: Dimension(priorCount * classCount), "the length of the class scores")
      _ = try logits[1].agreeing(with: Dimension(priorCount * (sharesLocation ? 1 : classCount) * 4), "the length of the box logits")
      if operands.count == 5 {
        _ = try operands.extents(3, rank: 2, "the objectness")[1].agreeing(with: Dimension(2 * priorCount), "the length of the objectness")
      }
      if let images = priors[0].length, images != 1 { batch = try batch.agreeing(with: Dimension(images), "the batch") }
    }
    let rows: Dimension
    if let keepTopK, keepTopK > 0 {
      rows = batch * Dimension(keepTopK)
    } else if keepTopK == nil, let topK, topK > 0 {
      rows = classCount.map { batch * Dimension(topK * $0) } ?? .dynamic
    } else {
      rows = classCount.flatMap { classes in priorCount.map { batch * Dimension($0 * classes) } } ?? .dynamic
    }
    return [ValueType(type, PartialShape([1, 1, rows, 7]))]
  }

  private func quotient(_ total: Int, _ part: Int, _ name: String) throws -> Int {
    guard part > 0, total > 0, total % part == 0 else { throw invalid("the length of \(name) is \(total), not a multiple of \(part)") }
    return total / part
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let input = Input(operands, self)
    var rows: [[Float]] = []
    for image in 0..<input.batch {
      let scores = input.scores(image)
      let boxes = input.boxes(image)
      let overlap = { (label: Int, a: Int, b: Int) in boxes[sharesLocation ? 0 : label]![a].overlap(boxes[sharesLocation ? 0 : label]![b]) }
      let kept = best(decreasesLabels ? keptByImage(scores, overlap) : keptByClass(scores, overlap), scores)
      for (label, prior) in kept {
        var box = boxes[sharesLocation ? 0 : label]![prior]
        if clipsAfter { box = box.clipped(width: 1, height: 1) }
        rows.append([Float(image), Float(decreasesLabels ? label - 1 : label), scores[label][prior]] + box.corners)
      }
    }
    if rows.count < shape[2] { rows.append([-1, 0, 0, 0, 0, 0, 0]) }
    let values = rows.prefix(shape[2]).flatMap { $0 }
    return [
      Tensor(operands[0].elementType, shape: shape, floats: values + [Float](repeating: 0, count: shape.elementCount - values.count))
    ]
  }

  private typealias Kept = [(label: Int, prior: Int)]

  /// The boxes kept of each class, classes ascending.
  private func keptByClass(_ scores: [[Float]], _ overlap: (Int, Int, Int) -> Float) -> Kept {
    scores.indices.filter { $0 != backgroundClass }.flatMap { label in
      let candidates = descending(scores[label].indices.filter { scores[label][$0] > confidenceThreshold }) { scores[label][$0] }
      return suppressed(Array(candidates.prefix(topK ?? .max)), threshold: overlapThreshold) { overlap(label, $0, $1) }
        .map { (label, $0) }
    }
  }

  /// The boxes kept when each prior stands for its best class, classes ascending. Class 0 does not count.
  private func keptByImage(_ scores: [[Float]], _ overlap: (Int, Int, Int) -> Float) -> Kept {
    let labels = scores[0].indices.map { prior in
      descending((1..<max(1, scores.count)).filter { $0 != backgroundClass }) { scores[$0][prior] }.first
    }
    let candidates = descending(
      labels.indices.filter { prior in labels[prior].map { scores[$0][prior] >= confidenceThreshold } ?? false }
    ) { scores[labels[$0]!][$0] }
    let considered = candidates.prefix(topK ?? .max)
    return scores.indices.flatMap { label in
      suppressed(considered.filter { labels[$0] == label }, threshold: overlapThreshold) { overlap(label, $0, $1) }.map { (label, $0) }
    }
  }

  /// The best of all kept boxes of an image, classes ascending.
  private func best(_ kept: Kept, _ scores: [[Float]]) -> Kept {
    guard let keepTopK, kept.count > keepTopK else { return kept }
    let sorted = kept.sorted { a, b in
      let (x, y) = (scores[a.label][a.prior], scores[b.label][b.prior])
      return x > y || (x == y && a.prior < b.prior)
    }
    let best = sorted.prefix(keepTopK)
    return scores.indices.flatMap { label in best.filter { $0.label == label } }
  }
}

extension DetectionOutput {
  /// The operands by image, class and prior.
  private struct Input {
    let op: DetectionOutput
    let batch: Int
    let priorCount: Int
    let classCount: Int
    let logits: [Float]
    let confidences: [Float]
    let priors: [Float]
    let priorImages: Int
    /// Objectness and box logits that refine the priors; empty when there are none.
    let objectness: [Float]
    let priorLogits: [Float]

    init(_ operands: [Tensor], _ op: DetectionOutput) {
      self.op = op
      batch = operands[0].shape[0]
      priorCount = operands[2].shape[2] / op.priorSize
      classCount = operands[1].shape[1] / max(1, priorCount)
      logits = operands[0].floats()
      confidences = operands[1].floats()
      priors = operands[2].floats()
      priorImages = operands[2].shape[0]
      objectness = operands.count > 3 ? operands[3].floats() : []
      priorLogits = operands.count > 3 ? operands[4].floats() : []
    }

    /// The scores of an image, class by class. A prior that is no object is background with certainty.
    func scores(_ image: Int) -> [[Float]] {
      (0..<classCount).map { label in
        (0..<priorCount).map { prior in
          if !objectness.isEmpty, objectness[(image * priorCount + prior) * 2 + 1] < op.objectnessThreshold {
            return label == op.backgroundClass ? 1 : 0
          }
          return confidences[(image * priorCount + prior) * classCount + label]
        }
      }
    }

    /// The decoded boxes of an image by class; only class 0 when locations are shared, and none for the background.
    func boxes(_ image: Int) -> [Int: [Box]] {
      let count = op.sharesLocation ? 1 : classCount
      var result: [Int: [Box]] = [:]
      for label in 0..<count where op.sharesLocation || label != op.backgroundClass {
        result[label] = (0..<priorCount).map { prior in
          let offset = ((image * priorCount + prior) * count + label) * 4
          var (box, variance) = self.prior(image, prior)
          if !priorLogits.isEmpty { box = decoded(box, Array(priorLogits[offset..<offset + 4]), variance) }
          return decoded(box, Array(logits[offset..<offset + 4]), variance)
        }
      }
      return result
    }

    private func prior(_ image: Int, _ index: Int) -> (Box, [Float]) {
      let rows = op.encodesVarianceInTarget ? 1 : 2
      let start = (priorImages == 1 ? 0 : image) * rows * priorCount * op.priorSize
      let box = Box(priors, at: start + index * op.priorSize + (op.isNormalized ? 0 : 1))
      if op.encodesVarianceInTarget { return (box, [1, 1, 1, 1]) }
      let variance = start + priorCount * op.priorSize + index * 4
      return (box, Array(priors[variance..<variance + 4]))
    }

    private func decoded(_ prior: Box, _ logits: [Float], _ variance: [Float]) -> Box {
      var prior = prior
      if !op.isNormalized {
        let size = op.inputSize
        prior = Box(prior.x1 / size.width, prior.y1 / size.height, prior.x2 / size.width, prior.y2 / size.height)
      }
      let deltas = zip(variance, logits).map { $0 * $1 }
      let box =
        switch op.codeType {
        case .corner: Box(prior.x1 + deltas[0], prior.y1 + deltas[1], prior.x2 + deltas[2], prior.y2 + deltas[3])
        case .centerSize: prior.refined(deltas, offset: 0, cornerOffset: 0)
        }
      return op.clipsBefore ? box.clipped(width: 1, height: 1) : box
    }
  }
}
