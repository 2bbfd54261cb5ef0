/// Prior boxes of several sizes and aspect ratios around each cell of a grid.
///
/// Operands: the grid's size and the image's size, each height and width. Output `f32[2, 4·height·width·boxes]`: the boxes x1, y1,
/// x2, y2 in fractions of the image, and their variances.
struct PriorBox: Operator {
  let minSizes: [Double]
  let maxSizes: [Double]
  /// 1, and the others without repetition.
  let aspectRatios: [Double]
  let fixedSizes: [Double]
  let fixedRatios: [Double]
  let densities: [Int]
  let clips: Bool
  /// The distance of neighbouring centres; 0: the image divided by the grid.
  let step: Double
  let offset: Double
  let variance: [Double]
  /// Whether each minimal size comes in all aspect ratios and with its maximal size; otherwise only the first one's in all ratios.
  let scalesAllSizes: Bool
  /// Whether maximal sizes come before the aspect ratios.
  let ordersMaxFirst: Bool

  init(_ node: Node) throws {
    let attributes = node.attributes
    minSizes = try attributes.doubles("min_size", default: [])
    maxSizes = try attributes.doubles("max_size", default: [])
    fixedSizes = try attributes.doubles("fixed_size", default: [])
    fixedRatios = try attributes.doubles("fixed_ratio", default: [])
    let densities = try attributes.doubles("density", default: [])
    let ratios = try attributes.doubles("aspect_ratio", default: [])
    let flips = try attributes.bool("flip", default: false)
    clips = try attributes.bool("clip", default: false)
    step = try attributes.double("step", default: 0)
    offset = try attributes.double("offset")
    variance = try attributes.boxVariance()
    scalesAllSizes = try attributes.bool("scale_all_sizes", default: true)
    ordersMaxFirst = node.version(among: [1, 8]) == 1 ? true : try attributes.bool("min_max_aspect_ratios_order", default: true)
    guard (minSizes + maxSizes + fixedSizes + fixedRatios + ratios).allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw OVError(.invalidModel, "sizes and ratios of boxes must be positive")
    }
    guard densities.allSatisfy({ (1...4096).contains($0) }), fixedSizes.isEmpty || densities.count == fixedSizes.count else {
      throw OVError(.invalidModel, "density is \(densities)", suggestion: "there is a positive density for each fixed_size")
    }
    self.densities = fixedSizes.isEmpty ? [] : densities.map { Int($0) }
    var distinct = [1.0]
    for ratio in ratios where !distinct.contains(where: { abs($0 - ratio) < 1e-6 }) {
      distinct.append(ratio)
      if flips { distinct.append(1 / ratio) }
    }
    aspectRatios = distinct
  }

  /// A box of a cell in pixels: half its size, and its centre relative to the cell's.
  private struct Template {
    var halfWidth: Double
    var halfHeight: Double
    var x = 0.0
    var y = 0.0
    /// Whether its upper left corner is kept at 0 and its lower right one at 1.
    var isBounded = false
    /// Whether it belongs to the boxes of a cell that the output has room for.
    var isCounted = true

    init(_ width: Double, _ height: Double) {
      halfWidth = width / 2
      halfHeight = height / 2
    }

    init(_ size: Double, ratio: Double) { self.init(size * ratio.squareRoot(), size / ratio.squareRoot()) }
  }

  /// The boxes of a cell for an image's height.
  private func templates(imageHeight: Double) -> [Template] {
    var templates: [Template] = []
    for (size, density) in zip(fixedSizes, densities) {
      let ratios = fixedRatios.isEmpty ? aspectRatios : fixedRatios
      for ratio in ratios {
        // The size and the distance of boxes are whole pixels here.
        let shift = (size / Double(density)).rounded(.down)
        let first = -(size.rounded(.down) / 2).rounded(.down) + shift / 2
        for row in 0..<density {
          for column in 0..<density {
            var box = fixedRatios.isEmpty && ratio == 1 ? Template(size.rounded(.down), size.rounded(.down)) : Template(size, ratio: ratio)
            box.x = first + Double(column) * shift
            box.y = first + Double(row) * shift
            box.isBounded = true
            templates.append(box)
          }
        }
      }
    }
    let sizes = scalesAllSizes ? minSizes : minSizes.map { $0 * imageHeight }
    for (index, size) in sizes.enumerated() {
      templates.append(Template(size, size))
      var max: [Template] = []
      if index < maxSizes.count {
        let greater = (size * maxSizes[index]).squareRoot()
        max = [Template(greater, greater)]
        max[0].isCounted = scalesAllSizes
      }
      let scaled = scalesAllSizes ? size : sizes[0]
      let varied = scalesAllSizes || index == sizes.count - 1 ? aspectRatios.dropFirst().map { Template(scaled, ratio: $0) } : []
      templates += ordersMaxFirst ? max + varied : varied + max
    }
    return templates
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    [try operands.priorBoxType(boxes: templates(imageHeight: 1).count { $0.isCounted })]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (grid, image) = (operands[0].ints(), operands[1].doubles())
    let templates = templates(imageHeight: image[0])
    let spacing: [Double] =
      if !scalesAllSizes {
        [Double](repeating: step == -1 ? image[0] / Double(grid[0]) : step * image[0], count: 2)
      } else {
        step == 0 ? [image[0] / Double(grid[0]), image[1] / Double(grid[1])] : [step, step]
      }
    let shift = spacing == [0, 0] || (scalesAllSizes && step == 0) ? 0.5 : offset
    let distance = spacing == [0, 0] ? [image[0] / Double(grid[0]), image[1] / Double(grid[1])] : spacing
    var boxes: [Double] = []
    for row in 0..<grid[0] {
      for column in 0..<grid[1] {
        let (y, x) = ((Double(row) + shift) * distance[0], (Double(column) + shift) * distance[1])
        for box in templates {
          let lower = [(x + box.x - box.halfWidth) / image[1], (y + box.y - box.halfHeight) / image[0]]
          let upper = [(x + box.x + box.halfWidth) / image[1], (y + box.y + box.halfHeight) / image[0]]
          boxes += box.isBounded ? lower.map { max($0, 0) } + upper.map { min($0, 1) } : lower + upper
        }
      }
    }
    // OpenVINO does not count the maximal sizes when not all sizes are scaled, but puts them among the boxes: the last are cut off.
    let count = grid[0] * grid[1] * templates.count { $0.isCounted }
    return [priorBoxes(Array(boxes.prefix(4 * count)), clips: clips, variance: variance)]
  }
}

/// Prior boxes of given sizes around each cell of a grid; operands and output as ``PriorBox``.
struct PriorBoxClustered: Operator {
  let widths: [Double]
  let heights: [Double]
  let clips: Bool
  /// The distance of neighbouring centres, vertically and horizontally; both 0: the image divided by the grid.
  let steps: [Double]
  let offset: Double
  let variance: [Double]

  init(_ node: Node) throws {
    let attributes = node.attributes
    widths = try attributes.doubles("width", default: [1])
    heights = try attributes.doubles("height", default: [1])
    guard widths.count == heights.count else {
      throw OVError(.invalidModel, "there are \(widths.count) widths and \(heights.count) heights")
    }
    clips = try attributes.bool("clip", default: true)
    let step = try attributes.double("step", default: 0)
    steps = try ["step_h", "step_w"].map { name in
      let own = try attributes.double(name, default: 0)
      return own == 0 ? step : own
    }
    offset = try attributes.double("offset")
    variance = try attributes.boxVariance()
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] { [try operands.priorBoxType(boxes: widths.count)] }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (grid, image) = (operands[0].ints(), operands[1].doubles())
    let distance = steps == [0, 0] ? [image[0] / Double(grid[0]), image[1] / Double(grid[1])] : steps
    var boxes: [Double] = []
    for row in 0..<grid[0] {
      for column in 0..<grid[1] {
        let (y, x) = ((Double(row) + offset) * distance[0], (Double(column) + offset) * distance[1])
        for (width, height) in zip(widths, heights) {
          boxes += [(x - width / 2) / image[1], (y - height / 2) / image[0], (x + width / 2) / image[1], (y + height / 2) / image[0]]
        }
      }
    }
    return [priorBoxes(boxes, clips: clips, variance: variance)]
  }
}

extension Attributes {
  /// The `variance` of prior boxes: 1 or 4 numbers.
  fileprivate func boxVariance() throws -> [Double] {
    let variance = try doubles("variance", default: [])
    guard [0, 1, 4].contains(variance.count) else {
      throw OVError(.invalidModel, "variance has \(variance.count) elements", suggestion: "it can have 0, 1 or 4")
    }
    return variance.isEmpty ? [0.1] : variance
  }
}

extension Operands {
  /// The output type of an operator that makes `boxes` prior boxes around each cell.
  fileprivate func priorBoxType(boxes: Int) throws -> ValueType {
    try require(2...2)
    for (index, name) in ["the grid's size", "the image's size"].enumerated() {
      guard elementType(index).isInteger || elementType(index).isFloatingPoint || elementType(index) == .dynamic else {
        throw OVError(.invalidModel, "\(name) has the element type \(elementType(index))")
      }
      _ = try extents(index, rank: 1, name)[0].agreeing(with: 2, "the elements of \(name)")
      if let size = ints(index), !size.allSatisfy({ $0 > 0 }) { throw OVError(.invalidModel, "\(name) is \(size)") }
    }
    let grid = dimensions(0) ?? [.dynamic, .dynamic]
    return ValueType(.f32, PartialShape([2, grid[0] * grid[1] * Dimension(4 * boxes)]))
  }
}

/// The output tensor of prior boxes: the boxes, and for each the variance.
private func priorBoxes(_ boxes: [Double], clips: Bool, variance: [Double]) -> Tensor {
  let clipped = clips ? boxes.map { min(max($0, 0), 1) } : boxes
  return Tensor(.f32, shape: [2, boxes.count], doubles: clipped + boxes.indices.map { variance[$0 % variance.count] })
}
