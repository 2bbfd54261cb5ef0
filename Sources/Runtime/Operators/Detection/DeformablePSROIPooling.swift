/// Position-sensitive pooling whose bins are moved by learned offsets.
///
/// Operands: the feature maps, the regions `[count, 5]`: image, x1, y1, x2, y2, and optionally the offsets
/// `[count, 2·classes, part, part]`, x before y, in units of `trans_std` region sizes. Output:
/// `[count, output channels, group, group]`: averages of interpolated points, each bin from a channel of its own.
struct DeformablePSROIPooling: Operator {
  let outputChannels: Int
  let groupSize: Int
  let spatialScale: Double
  let spatialBinsX: Int
  let spatialBinsY: Int
  let offsetScale: Double
  let partSize: Int

  private enum Mode: String, CaseIterable { case bilinearDeformable = "bilinear_deformable" }

  init(_ node: Node) throws {
    _ = try node.attributes.choice("mode", default: Mode.bilinearDeformable)
    outputChannels = try node.attributes.positiveInt("output_dim")
    groupSize = try node.attributes.positiveInt("group_size", default: 1)
    spatialScale = try node.attributes.positiveDouble("spatial_scale")
    spatialBinsX = try node.attributes.positiveInt("spatial_bins_x", default: 1)
    spatialBinsY = try node.attributes.positiveInt("spatial_bins_y", default: 1)
    offsetScale = try node.attributes.double("trans_std", default: 1)
    partSize = try node.attributes.positiveInt("part_size", default: 1)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    let channels = outputChannels * groupSize * groupSize
    _ = try operands.extents(0, rank: 4, "the feature maps")[1].agreeing(with: Dimension(channels), "the channels")
    let type = try operands.pooledType(regionSize: 5, channels: Dimension(outputChannels), height: groupSize, width: groupSize)
    if operands.has(2) {
      _ = try operands.commonRealType(of: [0, 2])
      let offsets = try operands.extents(2, rank: 4, "the offsets")
      _ = try offsets[0].agreeing(with: operands.extents(1, rank: 2, "the regions")[0], "the number of regions")
      _ = try Dimension.agreeing(Array(offsets[2...]), [Dimension(partSize), Dimension(partSize)], "the size of the parts")
      if let count = offsets[1].length, count < 2 || count % 2 != 0 || outputChannels % (count / 2) != 0 {
        throw invalid("there are \(count) channels of offsets for \(outputChannels) output channels")
      }
    }
    return [type]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let maps = FeatureMap(operands[0])
    let regions = operands[1].doubles()
    let offsets = operands.count > 2 ? operands[2].doubles() : []
    let classes = operands.count > 2 ? operands[2].shape[1] / 2 : 1
    /// What the offsets add to the position of a bin, in region sizes; `axis` 0 is x.
    func offset(_ region: Int, _ axis: Int, _ channel: Int, _ y: Int, _ x: Int) -> Double {
      if offsets.isEmpty { return 0 }
      let row = (region * classes + channel / (outputChannels / classes)) * 2 + axis
      return offsets[(row * partSize + y * partSize / groupSize) * partSize + x * partSize / groupSize] * offsetScale
    }
    var result: [Double] = []
    for index in 0..<operands[1].shape[0] {
      let image = try maps.image(regions[5 * index])
      let start = (1...2).map { regions[5 * index + $0].rounded(.toNearestOrAwayFromZero) * spatialScale - 0.5 }
      let end = (3...4).map { (regions[5 * index + $0].rounded(.toNearestOrAwayFromZero) + 1) * spatialScale - 0.5 }
      let size = zip(start, end).map { max($1 - $0, 0.1) }
      for channel in 0..<outputChannels {
        for y in 0..<groupSize {
          for x in 0..<groupSize {
            guard let image else {
              result.append(0)
              continue
            }
            let corner = (0..<2).map { axis in
              start[axis] + Double(axis == 0 ? x : y) * size[axis] / Double(groupSize) + offset(index, axis, channel, y, x) * size[axis]
            }
            let plane = maps.plane(image, (channel * groupSize + y) * groupSize + x)
            result.append(average(maps, plane, corner, size.map { $0 / Double(groupSize) }))
          }
        }
      }
    }
    return [Tensor(operands[0].elementType, shape: [operands[1].shape[0], outputChannels, groupSize, groupSize], doubles: result)]
  }

  /// The average over the points of a bin, x before y, that lie within the image.
  private func average(_ maps: FeatureMap, _ plane: Int, _ corner: [Double], _ size: [Double]) -> Double {
    var (sum, count) = (0.0, 0)
    for binY in 0..<spatialBinsY {
      let y = corner[1] + Double(binY) * size[1] / Double(spatialBinsY)
      guard (-0.5...Double(maps.height) - 0.5).contains(y) else { continue }
      for binX in 0..<spatialBinsX {
        let x = corner[0] + Double(binX) * size[0] / Double(spatialBinsX)
        guard (-0.5...Double(maps.width) - 0.5).contains(x) else { continue }
        sum += maps.interpolated(plane, y: min(max(y, 0), Double(maps.height - 1)), x: min(max(x, 0), Double(maps.width - 1)))
        count += 1
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }
}
