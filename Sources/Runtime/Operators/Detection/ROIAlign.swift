#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// ROIAlign and ROIAlignRotated: pools regions by sampling the feature maps between the pixels.
///
/// Operands: the feature maps, the regions `[count, 4]`: x1, y1, x2, y2, or rotated `[count, 5]`: centre x, centre y, width,
/// height, angle in radians; and the images of the regions `[count]`.
struct ROIAlign: Operator {
  enum Mode: String, CaseIterable, Sendable { case avg, max }
  enum AlignedMode: String, CaseIterable, Sendable {
    case asymmetric
    case halfPixelForNN = "half_pixel_for_nn"
    case halfPixel = "half_pixel"
  }
  /// How regions are described.
  enum Regions: Sendable {
    case corners(AlignedMode)
    case rotated(clockwise: Bool)

    var size: Int { if case .corners = self { 4 } else { 5 } }
  }

  let height: Int
  let width: Int
  /// Samples of a bin along each axis; 0: as many as pixels.
  let samplingRatio: Int
  let spatialScale: Float
  let mode: Mode
  let regions: Regions

  init(_ node: Node, rotated: Bool) throws {
    let attributes = node.attributes
    height = try attributes.positiveInt("pooled_h")
    width = try attributes.positiveInt("pooled_w")
    samplingRatio = try attributes.int("sampling_ratio")
    guard (0...1024).contains(samplingRatio) else {
      throw OVError(.invalidModel, "sampling_ratio is \(samplingRatio)", suggestion: "it can be 0 to 1024")
    }
    spatialScale = Float(try attributes.positiveDouble("spatial_scale"))
    mode = rotated ? .avg : try attributes.choice("mode")
    if rotated {
      regions = .rotated(clockwise: try attributes.bool("clockwise_mode", default: false))
    } else {
      regions = .corners(node.version(among: [3, 9]) == 3 ? .asymmetric : try attributes.choice("aligned_mode", default: .asymmetric))
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try operands.requireInteger(2, "the images of the regions")
    let images = try operands.extents(2, rank: 1, "the images of the regions")
    _ = try images[0].agreeing(with: operands.extents(1, rank: 2, "the regions")[0], "the number of regions")
    return [try operands.pooledType(regionSize: regions.size, height: height, width: width)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let maps = FeatureMap(operands[0])
    let coordinates = operands[1].doubles().map { Float($0) }
    let images = operands[2].ints()
    var result: [Double] = []
    for (index, number) in images.enumerated() {
      guard number >= 0, let image = try maps.image(Double(number)) else {
        throw OVError(.invalidData, "a region lies in image \(number)")
      }
      let bins = try samples(Array(coordinates[index * regions.size..<(index + 1) * regions.size]))
      for channel in 0..<maps.channels {
        let plane = maps.plane(image, channel)
        for points in bins {
          let values = points.map { sample(maps, plane, $0.x, $0.y) }
          if mode == .max {
            // OpenVINO's maximum is never below zero.
            result.append(values.reduce(0) { Swift.max($0, $1) })
          } else {
            result.append(values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count))
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: [images.count, maps.channels, height, width], doubles: result)]
  }

  private typealias Point = (x: Float, y: Float)

  /// The points that are sampled in each bin of a region. Single precision, as OpenVINO: it decides how many there are.
  private func samples(_ region: [Float]) throws -> [[Point]] {
    let start: Point
    let size: Point
    let place: (Point) -> Point
    switch regions {
    case .corners(let aligned):
      let before: Float = aligned == .halfPixel ? 0.5 : 0
      let after: Float = aligned == .asymmetric ? 0 : -0.5
      let corners = region.map { ($0 + before) * spatialScale + after }
      let least: Float = aligned == .asymmetric ? 1 : -.infinity
      start = (corners[0], corners[1])
      size = (max(corners[2] - corners[0], least), max(corners[3] - corners[1], least))
      place = { $0 }
    case .rotated(let clockwise):
      let center: Point = (region[0] * spatialScale - 0.5, region[1] * spatialScale - 0.5)
      size = (region[2] * spatialScale, region[3] * spatialScale)
      start = (-size.x / 2, -size.y / 2)
      let angle = Double(clockwise ? -region[4] : region[4])
      let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
      place = { ($0.y * sine + $0.x * cosine + center.x, $0.y * cosine - $0.x * sine + center.y) }
    }
    let bin: Point = (size.x / Float(width), size.y / Float(height))
    let counts = try [bin.x, bin.y].map { extent in
      let count = samplingRatio > 0 ? Float(samplingRatio) : extent.rounded(.up)
      guard count.isFinite, count < 65_536 else { throw OVError(.invalidData, "a region is \(size.x) by \(size.y) pixels") }
      return max(0, Int(count))
    }
    let step: Point = (bin.x / Float(counts[0]), bin.y / Float(counts[1]))
    return (0..<height * width).map { index in
      let corner: Point = (start.x + Float(index % width) * bin.x, start.y + Float(index / width) * bin.y)
      return (0..<counts[1]).flatMap { y in
        (0..<counts[0]).map { x in place((corner.x + step.x * (Float(x) + 0.5), corner.y + step.y * (Float(y) + 0.5))) }
      }
    }
  }

  /// The value at a point: zero more than a pixel outside of the image, the nearest border within that pixel.
  private func sample(_ maps: FeatureMap, _ plane: Int, _ x: Float, _ y: Float) -> Double {
    guard (-1...Float(maps.width)).contains(x), (-1...Float(maps.height)).contains(y) else { return 0 }
    return maps.interpolated(
      plane, y: Double(min(max(y, 0), Float(maps.height - 1))), x: Double(min(max(x, 0), Float(maps.width - 1))))
  }
}
