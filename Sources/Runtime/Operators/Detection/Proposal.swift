/// Regions of interest from the scores and box deltas of anchors.
///
/// Operands: scores `[batch, 2·anchors, height, width]`, of which the second half counts; deltas
/// `[batch, 4·anchors, height, width]`; the image's height, width and scale (one, or vertically and horizontally). Outputs:
/// regions `[batch·count, 5]`: image, x1, y1, x2, y2, and from version 4 their scores; a row that begins with −1 ends an image's
/// list, the rest is zero.
struct Proposal: Operator {
  let baseSize: Float
  let beforeCount: Int
  let afterCount: Int
  let overlapThreshold: Float
  let stride: Float
  let minSize: Float
  let ratios: [Float]
  let scales: [Float]
  let clipsBefore: Bool
  let clipsAfter: Bool
  let normalizes: Bool
  let sizeScale: Float
  let coordinateScale: Float
  /// TensorFlow's conventions: corners do not belong to the box, anchors are centred and clipped, and x runs down the image.
  let isTensorFlow: Bool
  private let hasScores: Bool

  init(_ node: Node) throws {
    let attributes = node.attributes
    baseSize = Float(try attributes.positiveInt("base_size"))
    beforeCount = try attributes.positiveInt("pre_nms_topn")
    afterCount = try attributes.positiveInt("post_nms_topn")
    overlapThreshold = Float(try attributes.double("nms_thresh"))
    stride = Float(try attributes.positiveInt("feat_stride"))
    minSize = Float(try attributes.int("min_size"))
    ratios = try attributes.doubles("ratio").map { Float($0) }
    scales = try attributes.doubles("scale").map { Float($0) }
    clipsBefore = try attributes.bool("clip_before_nms", default: true)
    clipsAfter = try attributes.bool("clip_after_nms", default: false)
    normalizes = try attributes.bool("normalize", default: false)
    sizeScale = Float(try attributes.positiveDouble("box_size_scale", default: 1))
    coordinateScale = Float(try attributes.positiveDouble("box_coordinate_scale", default: 1))
    let framework = try attributes.string("framework", default: "").trimmed
    isTensorFlow = framework == "tensorflow"
    guard isTensorFlow || framework.isEmpty else {
      throw OVError(.invalidModel, "framework is \"\(OVError.printable(framework))\"", suggestion: "it can be empty or tensorflow")
    }
    guard (ratios + scales).allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw OVError(.invalidModel, "the ratios are \(ratios), the scales \(scales)", suggestion: "they must be positive")
    }
    hasScores = node.version(among: [1, 4]) == 4
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = try operands.commonRealType(of: [0, 1, 2])
    let scores = try operands.extents(0, rank: 4, "the scores")
    let deltas = try operands.extents(1, rank: 4, "the deltas")
    let anchors = ratios.count * scales.count
    _ = try scores[1].agreeing(with: Dimension(2 * anchors), "the channels of the scores")
    _ = try deltas[1].agreeing(with: Dimension(4 * anchors), "the channels of the deltas")
    _ = try Dimension.agreeing(Array(scores[2...]), Array(deltas[2...]), "height and width")
    let batch = try scores[0].agreeing(with: deltas[0], "the batch")
    if let count = try operands.extents(2, rank: 1, "the image's size")[0].length, count != 3 && count != 4 {
      throw invalid("the image's size has \(count) elements", suggestion: "it can have 3 or 4")
    }
    let rows = batch * Dimension(afterCount)
    let regions = ValueType(type, PartialShape([rows, 5]))
    return hasScores ? [regions, ValueType(type, PartialShape([rows]))] : [regions]
  }

  private var offset: Float { isTensorFlow ? 0 : 1 }

  /// The image's extents along x and y.
  private func extents(_ image: [Float]) -> (x: Float, y: Float) { isTensorFlow ? (image[0], image[1]) : (image[1], image[0]) }

  /// The boxes around the origin of a cell.
  private var anchors: [Box] {
    ratios.flatMap { ratio in
      var width = (baseSize * baseSize / ratio).squareRoot()
      if !isTensorFlow { width = width.rounded(.toNearestOrAwayFromZero) }
      let height = isTensorFlow ? width * ratio : (width * ratio).rounded(.toNearestOrAwayFromZero)
      let center = isTensorFlow ? 0 : 0.5 * (baseSize - offset)
      return scales.map { scale in
        let (halfWidth, halfHeight) = (0.5 * (width * scale - offset), 0.5 * (height * scale - offset))
        return Box(center - halfWidth, center - halfHeight, center + halfWidth, center + halfHeight)
      }
    }
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (scores, deltas, image) = (operands[0].floats(), operands[1].floats(), operands[2].floats())
    let batch = operands[0].shape[0]
    let size = extents(image)
    var (regions, probabilities): ([Float], [Float]) = ([], [])
    for index in 0..<batch {
      let candidates = proposals(scores, deltas, image, index, operands[0].shape)
      let order = descending(Array(candidates.indices)) { candidates[$0].score }
      let kept = suppressed(Array(order.prefix(beforeCount)), threshold: overlapThreshold, limit: afterCount) {
        candidates[$0].box.overlap(candidates[$1].box, offset: offset)
      }
      for candidate in kept {
        var box = candidates[candidate].box
        if clipsAfter { box = box.clipped(width: size.x, height: size.y) }
        if normalizes { box = Box(box.x1 / size.x, box.y1 / size.y, box.x2 / size.x, box.y2 / size.y) }
        regions += [Float(index)] + box.corners
        probabilities.append(candidates[candidate].score)
      }
      let missing = afterCount - kept.count
      if missing > 0 { regions += [-1] + [Float](repeating: 0, count: 5 * missing - 1) }
      probabilities += [Float](repeating: 0, count: missing)
    }
    let type = operands[0].elementType
    let outputs = [Tensor(type, shape: [batch * afterCount, 5], floats: regions)]
    return hasScores ? outputs + [Tensor(type, shape: [batch * afterCount], floats: probabilities)] : outputs
  }

  private func proposals(
    _ scores: [Float], _ deltas: [Float], _ image: [Float], _ index: Int, _ shape: Shape
  ) -> [(box: Box, score: Float)] {
    let anchors = anchors
    let (height, width) = (shape[2], shape[3])
    let area = height * width
    let size = extents(image)
    let least = (width: minSize * (image.count > 3 ? image[3] : image[2]), height: minSize * image[2])
    var result: [(box: Box, score: Float)] = []
    for pixel in 0..<area {
      let (row, column) = (Float(pixel / width) * stride, Float(pixel % width) * stride)
      let (x, y) = isTensorFlow ? (row, column) : (column, row)
      for (number, anchor) in anchors.enumerated() {
        var box = Box(anchor.x1 + x, anchor.y1 + y, anchor.x2 + x, anchor.y2 + y)
        if isTensorFlow { box = box.clipped(width: size.x, height: size.y) }
        let delta = (0..<4).map { part in
          deltas[((index * anchors.count + number) * 4 + part) * area + pixel] / (part < 2 ? coordinateScale : sizeScale)
        }
        box = box.refined(delta, offset: offset, cornerOffset: 0)
        if clipsBefore { box = box.clipped(width: size.x - offset, height: size.y - offset) }
        let isLarge = least.width <= box.x2 - box.x1 + offset && least.height <= box.y2 - box.y1 + offset
        let score = scores[((2 * index + 1) * anchors.count + number) * area + pixel]
        result.append((box, isLarge ? score : 0))
      }
    }
    return result
  }
}
