#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The detections of Faster R-CNN: regions refined for each class, suppressed class by class, and the best kept.
///
/// Operands: regions `[count, 4]`, deltas `[count, classes·4]`, scores `[count, classes]`, and the image's size. Outputs: boxes
/// `[detections, 4]`, classes `[detections]` and scores `[detections]`, zero beyond those found. Class 0 is the background.
struct ExperimentalDetectronDetectionOutput: Operator {
  let scoreThreshold: Float
  let overlapThreshold: Float
  let largestLogarithm: Float
  let classCount: Int
  /// How many boxes of a class are kept; `nil`: all.
  let classLimit: Int?
  let detectionCount: Int
  /// What the deltas are divided by.
  let weights: [Float]

  init(_ node: Node) throws {
    let attributes = node.attributes
    scoreThreshold = Float(try attributes.double("score_threshold"))
    overlapThreshold = Float(try attributes.double("nms_threshold"))
    largestLogarithm = Float(try attributes.double("max_delta_log_wh"))
    classCount = try attributes.positiveInt("num_classes")
    let limit = try attributes.int("post_nms_count")
    classLimit = limit < 0 ? nil : limit
    detectionCount = try attributes.positiveInt("max_detections_per_image")
    weights = try attributes.doubles("deltas_weights").map { Float($0) }
    guard weights.count == 4, !weights.contains(0) else {
      throw OVError(.invalidModel, "deltas_weights is \(weights)", suggestion: "it has 4 elements, none of them 0")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonRealType(of: [0, 1, 2, 3])
    let regions = try operands.extents(0, rank: 2, "the regions")
    _ = try regions[1].agreeing(with: 4, "the size of a region")
    let deltas = try operands.extents(1, rank: 2, "the deltas")
    let scores = try operands.extents(2, rank: 2, "the scores")
    _ = try Dimension.agreeing(deltas, [regions[0], Dimension(4 * classCount)], "the shape of the deltas")
    _ = try Dimension.agreeing(scores, [regions[0], Dimension(classCount)], "the shape of the scores")
    _ = try Dimension.agreeing(operands.extents(3, rank: 2, "the image's size"), [1, 3], "the shape of the image's size")
    let count = Dimension(detectionCount)
    return [
      ValueType(type, PartialShape([count, 4])), ValueType(.i32, PartialShape([count])), ValueType(type, PartialShape([count])),
    ]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (values, deltas, scores) = (operands[0].floats(), operands[1].floats(), operands[2].floats())
    let regions = (0..<operands[0].shape[0]).map { Box(values, at: 4 * $0) }
    typealias Detection = (label: Int, region: Int, box: Box, score: Float)
    var detections: [Detection] = []
    for label in 1..<max(1, classCount) {
      func score(_ region: Int) -> Float { scores[region * classCount + label] }
      let boxes = regions.indices.map { region in
        let start = (region * classCount + label) * 4
        let delta = (0..<4).map { deltas[start + $0] / weights[$0] }
        return regions[region].refined(delta, offset: 1, cornerOffset: 1, largestLogarithm: largestLogarithm)
          .clipped(width: .infinity, height: .infinity)
      }
      let candidates = regions.indices.filter { region in
        regions[region].x2 > regions[region].x1 && regions[region].y2 > regions[region].y1 && score(region) > scoreThreshold
      }
      let kept = suppressed(descending(candidates, by: score), threshold: overlapThreshold, limit: classLimit ?? .max) {
        boxes[$0].overlap(boxes[$1], offset: 1)
      }
      detections += kept.map { (label, $0, boxes[$0], score($0)) }
    }
    if detections.count > detectionCount {
      let order = detections.indices.sorted { a, b in
        let (x, y) = (detections[a], detections[b])
        return x.score == y.score ? (x.region, x.label) < (y.region, y.label) : x.score > y.score
      }
      detections = order.prefix(detectionCount).map { detections[$0] }
    }
    let missing = detectionCount - detections.count
    let type = operands[0].elementType
    return [
      Tensor(
        type, shape: [detectionCount, 4],
        floats: detections.flatMap(\.box.corners) + [Float](repeating: 0, count: 4 * missing)),
      Tensor(.i32, shape: [detectionCount], ints: detections.map(\.label) + [Int](repeating: 0, count: missing)),
      Tensor(type, shape: [detectionCount], floats: detections.map(\.score) + [Float](repeating: 0, count: missing)),
    ]
  }
}

/// Prior boxes moved to the centres of a grid's cells.
///
/// Operands: priors `[count, 4]`, a feature map `[1, …, height, width]` and an image `[1, …, height, width]`, of which only the
/// shapes count. Output: `[height·width·count, 4]`, or `[height, width, count, 4]` when it is not flattened.
struct ExperimentalDetectronPriorGridGenerator: Operator {
  let flattens: Bool
  /// Height and width of the grid; 0: those of the feature map.
  let grid: [Int]
  /// The cells' height and width; 0: those of the image divided by the grid's.
  let strides: [Float]

  init(_ node: Node) throws {
    flattens = try node.attributes.bool("flatten", default: true)
    grid = try ["h", "w"].map { try node.attributes.int($0, default: 0) }
    strides = try ["stride_y", "stride_x"].map { Float(try node.attributes.double($0, default: 0)) }
    guard grid.allSatisfy({ (0...Int(Int32.max)).contains($0) }), strides.allSatisfy({ $0 >= 0 }) else {
      throw OVError(.invalidModel, "the grid is \(grid), the strides \(strides)", suggestion: "they must not be negative")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    let type = try operands.commonRealType(of: [0])
    let priors = try operands.extents(0, rank: 2, "the priors")
    _ = try priors[1].agreeing(with: 4, "the size of a prior")
    let map = try operands.extents(1, rank: 4, "the feature map")
    let image = try operands.extents(2, rank: 4, "the image")
    _ = try map[0].agreeing(with: image[0], "the batch")
    let (height, width) = (grid[0] > 0 ? Dimension(grid[0]) : map[2], grid[1] > 0 ? Dimension(grid[1]) : map[3])
    return [ValueType(type, PartialShape(flattens ? [height * width * priors[0], 4] : [height, width, priors[0], 4]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let priors = operands[0].floats()
    let count = operands[0].shape[0]
    let (map, image) = (operands[1].shape, operands[2].shape)
    let size = [grid[0] > 0 ? grid[0] : map[2], grid[1] > 0 ? grid[1] : map[3]]
    let steps = (0..<2).map { strides[$0] > 0 ? strides[$0] : Float(image[2 + $0]) / Float(size[$0]) }
    var boxes: [Float] = []
    for row in 0..<size[0] {
      for column in 0..<size[1] {
        let (x, y) = (steps[1] * (Float(column) + 0.5), steps[0] * (Float(row) + 0.5))
        for index in 0..<4 * count { boxes.append(priors[index] + (index % 2 == 0 ? x : y)) }
      }
    }
    return [Tensor(operands[0].elementType, shape: try outputShape(operands), floats: boxes)]
  }
}

/// The regions with the greatest scores.
///
/// Operands: regions `[count, 4]` and scores `[count]`. Output `[limit, 4]`, zero beyond the regions there are.
struct ExperimentalDetectronTopKROIs: Operator {
  let limit: Int

  init(_ node: Node) throws { limit = try node.attributes.positiveInt("max_rois") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonRealType(of: [0, 1])
    let regions = try operands.extents(0, rank: 2, "the regions")
    _ = try regions[1].agreeing(with: 4, "the size of a region")
    _ = try regions[0].agreeing(with: operands.extents(1, rank: 1, "the scores")[0], "the number of regions")
    return [ValueType(type, PartialShape([Dimension(limit), 4]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let scores = operands[1].floats()
    let order = descending(Array(scores.indices)) { scores[$0] }.prefix(limit)
    let offsets = order.flatMap { region in (0..<4).map { 4 * region + $0 } }
    return [operands[0].gathered(shape: [limit, 4], offsets: offsets + [Int](repeating: -1, count: 4 * limit - offsets.count))]
  }
}

/// Pools each region from the level of a feature pyramid that suits its size.
///
/// Operands: regions `[count, 4]`, and feature maps `[1, channels, height, width]`, finest first. Outputs: the pooled features
/// `[count, channels, size, size]` — zero for empty regions — and the regions.
struct ExperimentalDetectronROIFeatureExtractor: Operator {
  let outputSize: Int
  /// Samples of a bin along each axis; 0: as many as pixels.
  let samplingRatio: Int
  /// How many pixels of the image a pixel of each level stands for.
  let pyramidScales: [Float]
  /// Whether regions are moved by half a pixel.
  let isAligned: Bool

  init(_ node: Node) throws {
    outputSize = try node.attributes.positiveInt("output_size")
    samplingRatio = try node.attributes.int("sampling_ratio")
    pyramidScales = try node.attributes.doubles("pyramid_scales").map { Float($0) }
    isAligned = try node.attributes.bool("aligned", default: false)
    guard samplingRatio <= 1024, pyramidScales.allSatisfy({ $0 > 0 }) else {
      throw OVError(.invalidModel, "sampling_ratio is \(samplingRatio), pyramid_scales \(pyramidScales)")
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...(1 + max(1, pyramidScales.count)))
    let type = try operands.commonRealType(of: Array(0..<operands.count))
    let regions = try operands.extents(0, rank: 2, "the regions")
    _ = try regions[1].agreeing(with: 4, "the size of a region")
    var channels = Dimension.dynamic
    for index in 1..<operands.count {
      let map = try operands.extents(index, rank: 4, "a feature map")
      _ = try map[0].agreeing(with: 1, "the batch of a feature map")
      channels = try channels.agreeing(with: map[1], "the channels")
    }
    let size = Dimension(outputSize)
    return [ValueType(type, PartialShape([regions[0], channels, size, size])), ValueType(type, PartialShape([regions[0], 4]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let maps = operands.dropFirst().map { FeatureMap($0) }
    let values = operands[0].floats()
    let sampling = RegionSampling(height: outputSize, width: outputSize, samplingRatio: max(0, samplingRatio))
    let channels = maps[0].channels
    var result: [Double] = []
    for region in 0..<operands[0].shape[0] {
      let box = Box(values, at: 4 * region)
      guard let level = level(box, of: maps.count) else {
        result += [Double](repeating: 0, count: channels * outputSize * outputSize)
        continue
      }
      let scale = 1 / pyramidScales[level]
      let shift: Float = isAligned ? 0.5 : 0
      let bins = try sampling.points(
        start: (box.x1 * scale - shift, box.y1 * scale - shift),
        size: (max((box.x2 - box.x1) * scale, 1), max((box.y2 - box.y1) * scale, 1)))
      for channel in 0..<channels {
        for points in bins { result.append(maps[level].average(maps[level].plane(0, channel), points)) }
      }
    }
    let shape = [operands[0].shape[0], channels, outputSize, outputSize]
    return [Tensor(operands[0].elementType, shape: shape, doubles: result), operands[0]]
  }

  /// The level for a region, 2 for one of 224 by 224 pixels; `nil` for an empty one.
  private func level(_ box: Box, of count: Int) -> Int? {
    let area = (box.x2 - box.x1) * (box.y2 - box.y1)
    guard area > 0 else { return nil }
    let level = (log2(area.squareRoot() / 224 + 1e-6) + 2).rounded(.down)
    return Int(min(max(level, 0), Float(count - 1)))
  }
}
