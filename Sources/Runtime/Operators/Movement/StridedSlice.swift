/// Takes `begin:end:stride` along the leading axes, with masks that open bounds, insert or remove axes, or skip axes.
struct StridedSlice: RegionOperator {
  private let openBegins: Set<Int>
  private let openEnds: Set<Int>
  private let newAxes: Set<Int>
  private let shrunkAxes: Set<Int>
  private let ellipsis: Int?

  /// What one position of the bounds, or the ellipsis, does to one axis.
  private enum Step {
    case keep(axis: Int)
    case slice(axis: Int, position: Int)
    case shrink(axis: Int, position: Int)
    case insert
  }

  init(_ node: Node) throws {
    func positions(_ name: String) throws -> Set<Int> {
      Set(try node.attributes.ints(name, default: []).enumerated().filter { $0.element == 1 }.map(\.offset))
    }
    openBegins = try positions("begin_mask")
    openEnds = try positions("end_mask")
    newAxes = try positions("new_axis_mask")
    shrunkAxes = try positions("shrink_axis_mask")
    let ellipses = try positions("ellipsis_mask")
    guard ellipses.count <= 1 else { throw OVError(.invalidModel, "ellipsis_mask has more than one ellipsis") }
    ellipsis = ellipses.first
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...4)
    let type = operands.elementType(0)
    let begin = operands.ints(1)
    let end = operands.ints(2)
    let counts = (1..<operands.count).compactMap { operands.ints($0)?.count ?? operands.shape($0).shape?.checkedElementCount }
    guard Set(counts).count <= 1 else { throw invalid("begin, end and strides have different lengths") }
    guard let dimensions = operands.shape(0).dimensions, let count = counts.first else { return [ValueType(type, .dynamic)] }
    let strides = operands.has(3) ? operands.ints(3) : [Int](repeating: 1, count: count)
    var result: [Dimension] = []
    for step in try steps(count: count, rank: dimensions.count) {
      switch step {
      case .keep(let axis): result.append(dimensions[axis])
      case .insert: result.append(1)
      case .shrink(let axis, let position):
        if let begin, let extent = dimensions[axis].length { _ = try index(begin, position, extent: extent) }
      case .slice(let axis, let position):
        guard let strides, let first = openBegins.contains(position) ? 0 : begin?[position],
          let last = openEnds.contains(position) ? 0 : end?[position]
        else {
          result.append(Dimension(lowerBound: 0, upperBound: dimensions[axis].upperBound))
          continue
        }
        let (start, stop) = bounds(first, last, stride: strides[position], position)
        result.append(try SliceRange.count(start: start, stop: stop, step: strides[position], of: dimensions[axis]))
      }
    }
    return [ValueType(type, PartialShape(result))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let region = try region(of: data.shape, strides: data.shape.rowMajorStrides, bounds: Array(operands[1...]))
    return [data.gathered(shape: region.shape, strides: region.strides, start: region.start)]
  }

  func region(of data: Shape, strides own: [Int], bounds operands: [Tensor]) throws -> Region {
    let (begin, end) = (operands[0].ints(), operands[1].ints())
    let strides = operands.count > 2 ? operands[2].ints() : [Int](repeating: 1, count: begin.count)
    var shape = Shape()
    var steps: [Int] = []
    var offset = 0
    for step in try self.steps(count: begin.count, rank: data.count) {
      switch step {
      case .keep(let axis):
        shape.append(data[axis])
        steps.append(own[axis])
      case .insert:
        shape.append(1)
        steps.append(0)
      case .shrink(let axis, let position):
        offset += try index(begin, position, extent: data[axis]) * own[axis]
      case .slice(let axis, let position):
        let (start, stop) = bounds(begin[position], end[position], stride: strides[position], position)
        let range = try SliceRange(start: start, stop: stop, step: strides[position], extent: data[axis])
        offset += range.start * own[axis]
        shape.append(range.count)
        steps.append(range.step * own[axis])
      }
    }
    return (shape, steps, offset)
  }

  /// What happens to each axis, in the order of the result.
  private func steps(count: Int, rank: Int) throws -> [Step] {
    let inserted = (0..<count).count { newAxes.contains($0) && $0 != ellipsis }
    let consumed = count - inserted - (ellipsis.map { $0 < count } == true ? 1 : 0)
    guard consumed <= rank else { throw invalid("there are bounds for \(consumed) axes, the data has \(rank)") }
    var steps: [Step] = []
    var axis = 0
    for position in 0..<count {
      if position == ellipsis {
        for _ in 0..<(rank - consumed) {
          steps.append(.keep(axis: axis))
          axis += 1
        }
      } else if newAxes.contains(position) {
        steps.append(.insert)
      } else {
        steps.append(shrunkAxes.contains(position) ? .shrink(axis: axis, position: position) : .slice(axis: axis, position: position))
        axis += 1
      }
    }
    while axis < rank {
      steps.append(.keep(axis: axis))
      axis += 1
    }
    return steps
  }

  private func bounds(_ begin: Int, _ end: Int, stride: Int, _ position: Int) -> (start: Int, stop: Int) {
    let forwards = stride > 0
    return (
      openBegins.contains(position) ? (forwards ? 0 : Int.max) : begin,
      openEnds.contains(position) ? (forwards ? Int.max : Int.min) : end
    )
  }

  /// The element that remains of a shrunk axis.
  private func index(_ begin: [Int], _ position: Int, extent: Int) throws -> Int {
    let index = openBegins.contains(position) ? 0 : begin[position]
    guard index >= -extent, index < extent else { throw invalid("index \(index) is out of range for an extent of \(extent)") }
    return index < 0 ? index + extent : index
  }
}
