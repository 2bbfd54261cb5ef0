/// Position-sensitive pooling: each bin of a region is pooled from channels of its own.
///
/// Operands: the feature maps and the regions `[count, 5]`: image, x1, y1, x2, y2. Output:
/// `[count, output channels, group, group]`. Mode `average` averages the pixels of a bin from the channel that belongs to
/// output channel and bin; mode `bilinear` averages interpolated points of all spatial bins, one channel each.
struct PSROIPooling: Operator {
  enum Mode: String, CaseIterable, Sendable { case average, bilinear }

  let outputChannels: Int
  let groupSize: Int
  let spatialScale: Float
  let mode: Mode
  let spatialBinsX: Int
  let spatialBinsY: Int

  init(_ node: Node) throws {
    outputChannels = try node.attributes.positiveInt("output_dim")
    groupSize = try node.attributes.positiveInt("group_size", default: 1)
    spatialScale = Float(try node.attributes.positiveDouble("spatial_scale"))
    mode = try node.attributes.choice("mode", default: .average)
    spatialBinsX = try node.attributes.positiveInt("spatial_bins_x", default: 1)
    spatialBinsY = try node.attributes.positiveInt("spatial_bins_y", default: 1)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let channels = outputChannels * (mode == .average ? groupSize * groupSize : spatialBinsX * spatialBinsY)
    _ = try operands.extents(0, rank: 4, "the feature maps")[1].agreeing(with: Dimension(channels), "the channels")
    return [try operands.pooledType(regionSize: 5, channels: Dimension(outputChannels), height: groupSize, width: groupSize)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let maps = FeatureMap(operands[0])
    let regions = operands[1].doubles()
    var result: [Double] = []
    for index in 0..<operands[1].shape[0] {
      let region = regions[5 * index + 1..<5 * index + 5].map { Float($0) }
      let image = try maps.image(regions[5 * index])
      for channel in 0..<outputChannels {
        for y in 0..<groupSize {
          for x in 0..<groupSize {
            guard let image else {
              result.append(0)
              continue
            }
            result.append(mode == .average ? average(maps, image, region, channel, y, x) : bilinear(maps, image, region, channel, y, x))
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: [operands[1].shape[0], outputChannels, groupSize, groupSize], doubles: result)]
  }

  private func average(_ maps: FeatureMap, _ image: Int, _ region: [Float], _ channel: Int, _ y: Int, _ x: Int) -> Double {
    let rows = bin(y, from: region[1], to: region[3], limit: maps.height)
    let columns = bin(x, from: region[0], to: region[2], limit: maps.width)
    if rows.isEmpty || columns.isEmpty { return 0 }
    let plane = maps.plane(image, (channel * groupSize + y) * groupSize + x)
    var sum = 0.0
    for row in rows { for column in columns { sum += maps.values[plane + row * maps.width + column] } }
    return sum / Double(rows.count * columns.count)
  }

  /// The pixels of bin `index` along one axis. Single precision, as OpenVINO: it decides which pixels belong to a bin.
  private func bin(_ index: Int, from first: Float, to last: Float, limit: Int) -> Range<Int> {
    let start = first.rounded(.toNearestOrAwayFromZero) * spatialScale
    let end = (last.rounded(.toNearestOrAwayFromZero) + 1) * spatialScale
    let size = (end - start) / Float(groupSize)
    let lower = min(max((start + Float(index) * size).rounded(.down), 0), Float(limit - 1))
    let upper = min(max((start + Float(index + 1) * size).rounded(.up), lower), Float(limit))
    return Int(lower)..<Int(upper)
  }

  private func bilinear(_ maps: FeatureMap, _ image: Int, _ region: [Float], _ channel: Int, _ y: Int, _ x: Int) -> Double {
    var sum = 0.0
    for binY in 0..<spatialBinsY {
      for binX in 0..<spatialBinsX {
        let row = point(y, binY, of: spatialBinsY, from: region[1], to: region[3], extent: maps.height)
        let column = point(x, binX, of: spatialBinsX, from: region[0], to: region[2], extent: maps.width)
        guard row >= 0, column >= 0, row < Double(maps.height), column < Double(maps.width) else { continue }
        sum += maps.interpolated(maps.plane(image, (binY * spatialBinsX + binX) * outputChannels + channel), y: row, x: column)
      }
    }
    return sum / Double(spatialBinsX * spatialBinsY)
  }

  /// Where point `index` of a spatial bin lies along one axis; the region is given in fractions of the image after scaling.
  private func point(_ index: Int, _ bin: Int, of bins: Int, from first: Float, to last: Float, extent: Int) -> Double {
    let (start, end) = (Double(first * spatialScale), Double(last * spatialScale))
    let size = (end - start) / Double(bins)
    let length = Double(extent - 1)
    let left = start + Double(bin) * size
    if groupSize == 1 { return (2 * left + size) * length / 2 }
    return Double(index) * size * length / Double(groupSize - 1) + left * length
  }
}
