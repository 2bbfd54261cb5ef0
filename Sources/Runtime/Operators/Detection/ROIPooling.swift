/// Pools each region of the feature maps to a fixed size.
///
/// Operands: the feature maps and the regions `[count, 5]`: image, x1, y1, x2, y2 — pixels that are scaled and rounded for
/// method `max`, fractions of the image for `bilinear`. Regions of a negative image, and bins outside of it, are zero.
struct ROIPooling: Operator {
  enum Method: String, CaseIterable, Sendable { case max, bilinear }

  let height: Int
  let width: Int
  let spatialScale: Double
  let method: Method

  init(_ node: Node) throws {
    let sizes = try node.attributes.ints(node.attributes["output_roi"] == nil ? "output_size" : "output_roi", default: [])
    height = try node.attributes.positiveInt("pooled_h", default: sizes.first)
    width = try node.attributes.positiveInt("pooled_w", default: sizes.last)
    spatialScale = try node.attributes.positiveDouble("spatial_scale")
    method = try node.attributes.choice("method", default: .max)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    return [try operands.pooledType(regionSize: 5, height: height, width: width)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let maps = FeatureMap(operands[0])
    let regions = operands[1].doubles()
    var result: [Double] = []
    for index in 0..<operands[1].shape[0] {
      let region = Array(regions[5 * index..<5 * index + 5])
      guard let image = try maps.image(region[0]) else {
        result += [Double](repeating: 0, count: maps.channels * height * width)
        continue
      }
      for channel in 0..<maps.channels {
        let plane = maps.plane(image, channel)
        for y in 0..<height {
          for x in 0..<width {
            result.append(method == .max ? greatest(maps, plane, region, y, x) : interpolated(maps, plane, region, y, x))
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: [operands[1].shape[0], maps.channels, height, width], doubles: result)]
  }

  private func greatest(_ maps: FeatureMap, _ plane: Int, _ region: [Double], _ y: Int, _ x: Int) -> Double {
    let rows = bin(y, of: height, from: region[2], to: region[4], limit: maps.height)
    let columns = bin(x, of: width, from: region[1], to: region[3], limit: maps.width)
    var greatest = rows.isEmpty || columns.isEmpty ? 0 : -Double.infinity
    for row in rows { for column in columns { greatest = Swift.max(greatest, maps.values[plane + row * maps.width + column]) } }
    return greatest
  }

  /// The pixels of bin `index` of `count` along one axis.
  private func bin(_ index: Int, of count: Int, from first: Double, to last: Double, limit: Int) -> Range<Int> {
    let bounds = [first, last].map { Int(Int32(clamping: Int64(clamping: ($0 * spatialScale).rounded(.toNearestOrAwayFromZero)))) }
    let length = Swift.max(bounds[1] - bounds[0] + 1, 1)
    let start = bounds[0] + index * length / count
    let end = bounds[0] + ((index + 1) * length + count - 1) / count
    let clamped = [start, end].map { min(Swift.max($0, 0), limit) }
    return clamped[0]..<Swift.max(clamped[0], clamped[1])
  }

  private func interpolated(_ maps: FeatureMap, _ plane: Int, _ region: [Double], _ y: Int, _ x: Int) -> Double {
    let row = position(y, of: height, from: region[2], to: region[4], extent: maps.height)
    let column = position(x, of: width, from: region[1], to: region[3], extent: maps.width)
    guard (0...Double(maps.height - 1)).contains(row), (0...Double(maps.width - 1)).contains(column) else { return 0 }
    return maps.interpolated(plane, y: row, x: column)
  }

  /// Where point `index` of `count` lies along one axis: the first and the last on the region's borders.
  private func position(_ index: Int, of count: Int, from first: Double, to last: Double, extent: Int) -> Double {
    let length = Double(extent - 1)
    if count == 1 { return (first + last) / 2 * length }
    return index == count - 1 ? last * length : Double(index) * (last - first) * length / Double(count - 1) + first * length
  }
}
