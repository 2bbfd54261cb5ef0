#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The proposals of one image, as GenerateProposals and ExperimentalDetectronGenerateProposalsSingleImage make them.
struct ProposalGenerator: Sendable {
  let minSize: Float
  let overlapThreshold: Float
  /// How many proposals enter suppression, and how many are kept.
  let beforeCount: Int
  let afterCount: Int

  /// The greatest logarithm by which a box grows.
  static let largestLogarithm = Float(log(1000.0 / 16))

  init(_ node: Node) throws {
    let attributes = node.attributes
    minSize = Float(try attributes.double("min_size"))
    overlapThreshold = Float(try attributes.double("nms_threshold"))
    beforeCount = try attributes.int("pre_nms_count")
    afterCount = try attributes.int("post_nms_count")
    guard beforeCount >= 0, afterCount >= 0 else {
      throw OVError(.invalidModel, "pre_nms_count is \(beforeCount), post_nms_count \(afterCount)", suggestion: "they are not negative")
    }
  }

  /// A box with its score; `isLarge` whether it is at least as large as the smallest allowed.
  typealias Candidate = (box: Box, score: Float, isLarge: Bool)

  /// The anchors, `[height, width, anchors, 4]` or the same numbers, moved by their deltas `[anchors·4, height, width]` and cut at
  /// the image of `image` height and width, with their scores `[anchors, height, width]`.
  ///
  /// `least` is the smallest allowed width and height; `offset` is 1 when corners are pixels that belong to the box, otherwise 0.
  func candidates(
    anchors: [Float], deltas: [Float], scores: [Float], anchorCount: Int, area: Int, image: (Float, Float), least: (Float, Float),
    offset: Float
  ) -> [Candidate] {
    (0..<area * anchorCount).map { index in
      let (pixel, anchor) = (index / anchorCount, index % anchorCount)
      let delta = (0..<4).map { deltas[(anchor * 4 + $0) * area + pixel] }
      let box = Box(anchors, at: 4 * index)
        .refined(delta, offset: offset, cornerOffset: offset, largestLogarithm: Self.largestLogarithm)
        .clipped(width: image.1 - offset, height: image.0 - offset)
      let isLarge = least.0 <= box.x2 - box.x1 + offset && least.1 <= box.y2 - box.y1 + offset
      return (box, scores[anchor * area + pixel], isLarge)
    }
  }
}

/// Regions of interest of all images from anchors, deltas and scores.
///
/// Operands: `[batch, 3 or 4]` height, width and scales of the images; anchors `[height, width, anchors, 4]`; deltas
/// `[batch, anchors·4, height, width]`; scores `[batch, anchors, height, width]`. Outputs: the regions `[count, 4]`: x1, y1, x2, y2,
/// their scores `[count]`, and how many belong to each image `[batch]`.
struct GenerateProposals: Operator {
  let generator: ProposalGenerator
  let offset: Float
  /// What the threshold is multiplied by after each kept box while it is above a half.
  let decay: Float
  let countType: ElementType

  init(_ node: Node) throws {
    generator = try ProposalGenerator(node)
    offset = try node.attributes.bool("normalized", default: true) ? 0 : 1
    decay = Float(try node.attributes.double("nms_eta", default: 1))
    guard (0...1).contains(decay) else { throw OVError(.invalidModel, "nms_eta is \(decay)", suggestion: "it lies in 0...1") }
    countType = try node.attributes.indexType("roi_num_type")
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonRealType(of: [0, 1, 2, 3])
    let image = try operands.extents(0, rank: 2, "the images' sizes")
    if let count = image[1].length, count != 3 && count != 4 { throw invalid("an image's size has \(count) elements") }
    let anchors = try operands.extents(1, rank: 4, "the anchors")
    let deltas = try operands.extents(2, rank: 4, "the deltas")
    let scores = try operands.extents(3, rank: 4, "the scores")
    _ = try anchors[3].agreeing(with: 4, "the size of an anchor")
    let grid = try Dimension.agreeing(Array(anchors[..<2]), Array(scores[2...]), "height and width")
    _ = try Dimension.agreeing(Array(deltas[2...]), grid, "height and width")
    let count = try anchors[2].agreeing(with: scores[1], "the number of anchors")
    _ = try deltas[1].agreeing(with: count * 4, "the channels of the deltas")
    let batch = try image[0].agreeing(with: deltas[0], "the batch").agreeing(with: scores[0], "the batch")
    let rows = Dimension(lowerBound: 0, upperBound: (batch * Dimension(generator.afterCount)).upperBound)
    return [ValueType(type, PartialShape([rows, 4])), ValueType(type, PartialShape([rows])), ValueType(countType, PartialShape([batch]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (sizes, anchors, deltas, scores) = (operands[0].floats(), operands[1].floats(), operands[2].floats(), operands[3].floats())
    let (batch, anchorCount) = (operands[3].shape[0], operands[3].shape[1])
    let area = operands[3].shape[2] * operands[3].shape[3]
    let width = operands[0].shape[1]
    var (regions, kept, counts): ([Float], [Float], [Int]) = ([], [], [])
    for image in 0..<batch {
      let size = Array(sizes[image * width..<(image + 1) * width])
      let least = (generator.minSize * (width > 3 ? size[3] : size[2]), generator.minSize * size[2])
      let length = anchorCount * area
      let candidates = generator.candidates(
        anchors: anchors, deltas: Array(deltas[image * 4 * length..<(image + 1) * 4 * length]),
        scores: Array(scores[image * length..<(image + 1) * length]), anchorCount: anchorCount, area: area,
        image: (size[0], size[1]), least: least, offset: offset)
      let order = descending(Array(candidates.indices)) { candidates[$0].score }.prefix(generator.beforeCount)
      let indices = suppressed(
        order.filter { candidates[$0].isLarge }, threshold: generator.overlapThreshold, decay: decay, limit: generator.afterCount
      ) {
        candidates[$0].box.overlap(candidates[$1].box, offset: offset)
      }
      regions += indices.flatMap { candidates[$0].box.corners }
      kept += indices.map { candidates[$0].score }
      counts.append(indices.count)
    }
    let type = operands[0].elementType
    return [
      Tensor(type, shape: [kept.count, 4], floats: regions), Tensor(type, shape: [kept.count], floats: kept),
      Tensor(countType, shape: [batch], ints: counts),
    ]
  }
}

/// Regions of interest of one image from anchors, deltas and scores.
///
/// Operands: height, width and scale of the image `[3]`; anchors `[height·width·anchors, 4]`; deltas
/// `[anchors·4, height, width]`; scores `[anchors, height, width]`. Outputs: the regions `[count, 4]` and their scores `[count]`, zero
/// beyond those found.
struct ExperimentalDetectronGenerateProposalsSingleImage: Operator {
  let generator: ProposalGenerator

  init(_ node: Node) throws { generator = try ProposalGenerator(node) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonRealType(of: [0, 1, 2, 3])
    _ = try operands.extents(0, rank: 1, "the image's size")[0].agreeing(with: 3, "the elements of the image's size")
    let anchors = try operands.extents(1, rank: 2, "the anchors")
    let deltas = try operands.extents(2, rank: 3, "the deltas")
    let scores = try operands.extents(3, rank: 3, "the scores")
    _ = try anchors[1].agreeing(with: 4, "the size of an anchor")
    _ = try Dimension.agreeing(Array(deltas[1...]), Array(scores[1...]), "height and width")
    _ = try deltas[0].agreeing(with: scores[0] * 4, "the channels of the deltas")
    _ = try anchors[0].agreeing(with: scores[0] * scores[1] * scores[2], "the number of anchors")
    let count = Dimension(generator.afterCount)
    return [ValueType(type, PartialShape([count, 4])), ValueType(type, PartialShape([count]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let size = operands[0].floats()
    let shape = operands[3].shape
    let candidates = generator.candidates(
      anchors: operands[1].floats(), deltas: operands[2].floats(), scores: operands[3].floats(), anchorCount: shape[0],
      area: shape[1] * shape[2], image: (size[0], size[1]), least: (generator.minSize, generator.minSize), offset: 1
    ).map { (box: $0.box, score: $0.isLarge ? $0.score : 0) }
    let order = descending(Array(candidates.indices)) { candidates[$0].score }.prefix(generator.beforeCount)
    let kept = suppressed(Array(order), threshold: generator.overlapThreshold, limit: generator.afterCount) {
      candidates[$0].box.overlap(candidates[$1].box)
    }
    let missing = generator.afterCount - kept.count
    let type = operands[0].elementType
    return [
      Tensor(
        type, shape: [generator.afterCount, 4],
        floats: kept.flatMap { candidates[$0].box.corners } + [Float](repeating: 0, count: 4 * missing)),
      Tensor(type, shape: [generator.afterCount], floats: kept.map { candidates[$0].score } + [Float](repeating: 0, count: missing)),
    ]
  }
}
