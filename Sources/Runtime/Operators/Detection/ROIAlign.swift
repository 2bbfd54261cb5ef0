#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

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
      let bins = try points(Array(coordinates[index * regions.size..<(index + 1) * regions.size]))
      for channel in 0..<maps.channels {
        let plane = maps.plane(image, channel)
        for points in bins { result.append(mode == .max ? maps.greatest(plane, points) : maps.average(plane, points)) }
      }
    }
    return [Tensor(operands[0].elementType, shape: [images.count, maps.channels, height, width], doubles: result)]
  }

  /// The points that are sampled in each bin of a region.
  private func points(_ region: [Float]) throws -> [[RegionSampling.Point]] {
    let sampling = RegionSampling(height: height, width: width, samplingRatio: samplingRatio)
    switch regions {
    case .corners(let aligned):
      let before: Float = aligned == .halfPixel ? 0.5 : 0
      let after: Float = aligned == .asymmetric ? 0 : -0.5
      let corners = region.map { ($0 + before) * spatialScale + after }
      let least: Float = aligned == .asymmetric ? 1 : -.infinity
      let size = (max(corners[2] - corners[0], least), max(corners[3] - corners[1], least))
      return try sampling.points(start: (corners[0], corners[1]), size: size)
    case .rotated(let clockwise):
      let center = (x: region[0] * spatialScale - 0.5, y: region[1] * spatialScale - 0.5)
      let size = (region[2] * spatialScale, region[3] * spatialScale)
      let angle = Double(clockwise ? -region[4] : region[4])
      let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
      return try sampling.points(start: (-size.0 / 2, -size.1 / 2), size: size).map { bin in
        bin.map { ($0.y * sine + $0.x * cosine + center.x, $0.y * cosine - $0.x * sine + center.y) }
      }
    }
  }
}
