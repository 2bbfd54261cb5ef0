/// Where the bins of a region are sampled.
struct RegionSampling {
  /// The number of bins along each axis.
  let height: Int
  let width: Int
  /// Samples of a bin along each axis; 0: as many as pixels.
  let samplingRatio: Int

  typealias Point = (x: Float, y: Float)

  /// The points that are sampled in each bin, row by row. Single precision, as in OpenVINO: it decides how many there are.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when the region is too large to be sampled.
  func points(start: Point, size: Point) throws -> [[Point]] {
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
        (0..<counts[0]).map { x in (corner.x + step.x * (Float(x) + 0.5), corner.y + step.y * (Float(y) + 0.5)) }
      }
    }
  }
}

extension FeatureMap {
  /// The average of the values at some points of a plane; 0 when there are none.
  func average(_ plane: Int, _ points: [RegionSampling.Point]) -> Double {
    points.isEmpty ? 0 : points.reduce(0) { $0 + sample(plane, $1) } / Double(points.count)
  }

  /// The greatest value at some points of a plane; in OpenVINO it is never below zero.
  func greatest(_ plane: Int, _ points: [RegionSampling.Point]) -> Double { points.reduce(0) { max($0, sample(plane, $1)) } }

  /// The value at a point: zero more than a pixel outside of the image, the nearest border within that pixel.
  private func sample(_ plane: Int, _ point: RegionSampling.Point) -> Double {
    guard (-1...Float(width)).contains(point.x), (-1...Float(height)).contains(point.y) else { return 0 }
    return interpolated(
      plane, y: Double(min(max(point.y, 0), Float(height - 1))), x: Double(min(max(point.x, 0), Float(width - 1))))
  }
}
