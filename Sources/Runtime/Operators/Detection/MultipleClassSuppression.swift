#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What MatrixNms and MulticlassNms share: detections of all classes, the best of each image, in an order to choose.
struct DetectionSelection: Sendable {
  enum Order: String, CaseIterable, Sendable { case classid, score, none }

  let order: Order
  /// Whether the detections of all images are sorted together.
  let sortsAcrossBatch: Bool
  let outputType: ElementType
  let scoreThreshold: Float
  /// How many boxes of a class enter suppression; `nil`: all.
  let beforeCount: Int?
  /// How many boxes of an image are kept; `nil`: all.
  let keepCount: Int?
  /// −1 when there is none.
  let backgroundClass: Int
  /// 1 when corners are pixels that belong to the box, otherwise 0.
  let offset: Float

  init(_ node: Node) throws {
    let attributes = node.attributes
    order = try attributes.choice("sort_result_type", default: Order.none)
    sortsAcrossBatch = try attributes.bool("sort_result_across_batch", default: false)
    outputType = try attributes.indexType("output_type")
    scoreThreshold = Float(try attributes.double("score_threshold", default: 0))
    func limit(_ name: String) throws -> Int? {
      let value = try attributes.int(name, default: -1)
      return value < 0 ? nil : value
    }
    beforeCount = try limit("nms_top_k")
    keepCount = try limit("keep_top_k")
    backgroundClass = try attributes.int("background_class", default: -1)
    offset = try attributes.bool("normalized", default: true) ? 0 : 1
  }

  /// A box that was kept for a class.
  struct Detection {
    let image: Int
    let label: Int
    /// The box among the image's.
    let box: Int
    let score: Float
    let corners: Box
    /// What the output calls the box.
    let index: Int
  }

  /// The output types for a number of images, classes and boxes of an image.
  func types(_ type: ElementType, batch: Dimension, classes: Dimension, boxes: Dimension) -> [ValueType] {
    var perClass = boxes
    if let beforeCount { perClass = perClass.map { min($0, beforeCount) } }
    var perImage = classes * perClass
    if let keepCount { perImage = Dimension(lowerBound: 0, upperBound: min(perImage.upperBound ?? .max, keepCount)) }
    let rows = Dimension(lowerBound: 0, upperBound: (batch * perImage).upperBound)
    return [
      ValueType(type, PartialShape([rows, 6])), ValueType(outputType, PartialShape([rows, 1])),
      ValueType(outputType, PartialShape([batch])),
    ]
  }

  /// The best detections of one image, in the order of the output unless that sorts across the batch; the order by class counts
  /// within an image only when `sortsByClass`.
  func best(_ detections: [Detection], sortsByClass: Bool) -> [Detection] {
    let best = Array(sorted(detections, by: .score).prefix(keepCount ?? .max))
    return order == .classid && sortsByClass && !sortsAcrossBatch ? sorted(best, by: order) : best
  }

  private func sorted(_ detections: [Detection], by order: Order) -> [Detection] {
    detections.sorted { a, b in
      if order == .classid, a.label != b.label { return a.label < b.label }
      if order == .classid, a.image != b.image { return a.image < b.image }
      return a.score == b.score ? (a.image, a.label, a.box) < (b.image, b.label, b.box) : a.score > b.score
    }
  }

  /// The outputs: class, score and corners of each detection, its box, and the number of detections of each image.
  func outputs(_ type: ElementType, _ images: [[Detection]]) -> [Tensor] {
    var rows = images.flatMap { $0 }
    if sortsAcrossBatch, order != .none { rows = sorted(rows, by: order) }
    return [
      Tensor(type, shape: [rows.count, 6], floats: rows.flatMap { [Float($0.label), $0.score] + $0.corners.corners }),
      Tensor(outputType, shape: [rows.count, 1], ints: rows.map(\.index)),
      Tensor(outputType, shape: [images.count], ints: images.map(\.count)),
    ]
  }

  /// The extents of boxes `[batch, boxes, 4]` and scores `[batch, classes, boxes]`: batch, classes, boxes.
  static func sharedExtents(_ operands: Operands) throws -> (batch: Dimension, classes: Dimension, boxes: Dimension) {
    let boxes = try operands.extents(0, rank: 3, "the boxes")
    let scores = try operands.extents(1, rank: 3, "the scores")
    _ = try boxes[2].agreeing(with: 4, "the size of a box")
    return (
      try boxes[0].agreeing(with: scores[0], "the batch"), scores[1], try boxes[1].agreeing(with: scores[2], "the number of boxes")
    )
  }
}

/// Suppression that lowers each score by its worst overlap with a better box, relative to how much that box is overlapped itself.
///
/// Operands: boxes `[batch, boxes, 4]`: x1, y1, x2, y2, and scores `[batch, classes, boxes]`. Outputs as ``DetectionSelection``.
struct MatrixNms: Operator {
  enum DecayFunction: String, CaseIterable, Sendable { case gaussian, linear }

  let selection: DetectionSelection
  let decayFunction: DecayFunction
  let gaussianSigma: Float
  /// The score that must be left.
  let postThreshold: Float

  init(_ node: Node) throws {
    selection = try DetectionSelection(node)
    decayFunction = try node.attributes.choice("decay_function", default: .linear)
    gaussianSigma = Float(try node.attributes.double("gaussian_sigma", default: 2))
    postThreshold = Float(try node.attributes.double("post_threshold", default: 0))
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonRealType(of: [0, 1])
    let extents = try DetectionSelection.sharedExtents(operands)
    return selection.types(type, batch: extents.batch, classes: extents.classes, boxes: extents.boxes)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (batch, classes, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (coordinates, scores) = (operands[0].floats(), operands[1].floats())
    let images = (0..<batch).map { image in
      let boxes = (0..<count).map { Box(coordinates, at: (image * count + $0) * 4) }
      let detections = (0..<classes).filter { $0 != selection.backgroundClass }.flatMap { label in
        let start = (image * classes + label) * count
        return kept(boxes, Array(scores[start..<start + count])).map { box, score in
          DetectionSelection.Detection(
            image: image, label: label, box: box, score: score, corners: boxes[box], index: image * count + box)
        }
      }
      // OpenVINO sorts by class across the batch only.
      return selection.best(detections, sortsByClass: false)
    }
    return selection.outputs(operands[0].elementType, images)
  }

  private func kept(_ boxes: [Box], _ scores: [Float]) -> [(Int, Float)] {
    let order = descending(scores.indices.filter { scores[$0] > selection.scoreThreshold }) { scores[$0] }
      .prefix(selection.beforeCount ?? .max)
    let candidates = Array(order)
    var kept: [(Int, Float)] = []
    // For each candidate its greatest overlap with a better one.
    var greatest: [Float] = []
    for (position, candidate) in candidates.enumerated() {
      let overlaps = candidates[..<position].map { boxes[candidate].overlap(boxes[$0], offset: selection.offset) }
      let left = zip(overlaps, greatest).reduce(Float(1)) { min($0, decay($1.0, $1.1)) }
      greatest.append(overlaps.max() ?? 0)
      let score = left * scores[candidate]
      if score > postThreshold { kept.append((candidate, score)) }
    }
    return kept
  }

  private func decay(_ overlap: Float, _ greatest: Float) -> Float {
    switch decayFunction {
    case .gaussian: exp((greatest * greatest - overlap * overlap) * gaussianSigma)
    case .linear: (1 - overlap) / (1 - greatest + 1e-10)
    }
  }
}

/// Suppression class by class, with a threshold that may sink.
///
/// Operands: boxes `[batch, boxes, 4]`: x1, y1, x2, y2, and scores `[batch, classes, boxes]`; or with the third operand, the number
/// of boxes of each image, boxes `[classes, all boxes, 4]` and scores `[classes, all boxes]`. Outputs as ``DetectionSelection``.
struct MulticlassNms: Operator {
  let selection: DetectionSelection
  let overlapThreshold: Float
  /// What the threshold is multiplied by after each kept box while it is above a half.
  let decay: Float
  private let takesCounts: Bool

  init(_ node: Node) throws {
    selection = try DetectionSelection(node)
    overlapThreshold = Float(try node.attributes.double("iou_threshold", default: 0))
    decay = Float(try node.attributes.double("nms_eta", default: 1))
    guard (0...1).contains(decay) else { throw OVError(.invalidModel, "nms_eta is \(decay)", suggestion: "it lies in 0...1") }
    takesCounts = node.version(among: [8, 9]) == 9
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...(takesCounts ? 3 : 2))
    let type = try operands.commonRealType(of: [0, 1])
    guard operands.has(2) else {
      let extents = try DetectionSelection.sharedExtents(operands)
      return selection.types(type, batch: extents.batch, classes: extents.classes, boxes: extents.boxes)
    }
    let boxes = try operands.extents(0, rank: 3, "the boxes")
    _ = try boxes[2].agreeing(with: 4, "the size of a box")
    _ = try Dimension.agreeing(Array(boxes[..<2]), operands.extents(1, rank: 2, "the scores"), "classes and boxes")
    try operands.requireInteger(2, "the numbers of boxes")
    let batch = try operands.extents(2, rank: 1, "the numbers of boxes")[0]
    return selection.types(type, batch: batch, classes: boxes[0], boxes: boxes[1])
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (coordinates, scores) = (operands[0].floats(), operands[1].floats())
    let images =
      operands.count > 2
      ? try separate(coordinates, scores, operands[2].ints(), operands[1].shape)
      : shared(coordinates, scores, operands[1].shape)
    return selection.outputs(operands[0].elementType, images)
  }

  /// The detections of images whose classes share boxes.
  private func shared(_ coordinates: [Float], _ scores: [Float], _ shape: Shape) -> [[DetectionSelection.Detection]] {
    let (classes, count) = (shape[1], shape[2])
    return (0..<shape[0]).map { image in
      let boxes = (0..<count).map { Box(coordinates, at: (image * count + $0) * 4) }
      return detections(image, classes, { _ in boxes }) { label in
        let start = (image * classes + label) * count
        return Array(scores[start..<start + count])
      } index: { _, box in
        image * count + box
      }
    }
  }

  /// The detections of images whose classes have boxes of their own; those of all images stand end to end.
  private func separate(
    _ coordinates: [Float], _ scores: [Float], _ counts: [Int], _ shape: Shape
  ) throws -> [[DetectionSelection.Detection]] {
    let (classes, total) = (shape[0], shape[1])
    guard counts.allSatisfy({ (0...total).contains($0) }), counts.reduce(0, +) <= total else {
      throw OVError(.invalidData, "the images have \(counts) boxes, there are \(total)")
    }
    var start = 0
    return counts.enumerated().map { image, count in
      defer { start += count }
      let first = start
      return detections(
        image, classes, { label in (0..<count).map { Box(coordinates, at: (label * total + first + $0) * 4) } }
      ) { label in
        Array(scores[label * total + first..<label * total + first + count])
      } index: { label, box in
        (first + box) * classes + label
      }
    }
  }

  private func detections(
    _ image: Int, _ classes: Int, _ boxes: (Int) -> [Box], _ scores: (Int) -> [Float], index: (Int, Int) -> Int
  ) -> [DetectionSelection.Detection] {
    let detections = (0..<classes).filter { $0 != selection.backgroundClass }.flatMap { label in
      let (boxes, scores) = (boxes(label), scores(label))
      let candidates = descending(scores.indices.filter { scores[$0] >= selection.scoreThreshold }) { scores[$0] }
      return suppressed(
        Array(candidates.prefix(selection.beforeCount ?? .max)), threshold: overlapThreshold, isExclusive: true, decay: decay
      ) {
        boxes[$0].overlap(boxes[$1], offset: selection.offset, needsContact: false)
      }.map { box in
        DetectionSelection.Detection(
          image: image, label: label, box: box, score: scores[box], corners: boxes[box], index: index(label, box))
      }
    }
    return selection.best(detections, sortsByClass: true)
  }
}
