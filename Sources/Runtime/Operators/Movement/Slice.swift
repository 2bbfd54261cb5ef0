/// Takes `start:stop:step` along some axes; all axes from the first when they are not named.
struct Slice: Operator {
  private let bounds = SliceOperands(start: 1, stop: 2, step: 3, axes: 4)

  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...5)
    return [ValueType(operands.elementType(0), try bounds.shape(operands))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let region = try region(of: data.shape, strides: data.shape.rowMajorStrides, bounds: Array(operands[1...]))
    return [data.gathered(shape: region.shape, strides: region.strides, start: region.start)]
  }
}

extension Slice: RegionOperator {
  func region(of shape: Shape, strides: [Int], bounds operands: [Tensor]) throws -> Region {
    try bounds.region(
      of: shape, strides: strides, start: operands[0], stop: operands[1], step: operands[2], axes: operands.count > 3 ? operands[3] : nil)
  }
}

/// Replaces `start:stop:step` along some axes by the updates.
struct SliceScatter: Operator {
  private let bounds = SliceOperands(start: 2, stop: 3, step: 4, axes: 5)

  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(5...6)
    let type = try operands.commonElementType(0, 1)
    let slice = try bounds.shape(operands)
    guard slice.merged(with: operands.shape(1)) != nil else {
      throw invalid("the updates have the shape \(operands.shape(1)), the slice has \(slice)")
    }
    return [ValueType(type, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0].shape
    let (shape, strides, start) = try bounds.region(
      of: data, strides: data.rowMajorStrides, start: operands[2], stop: operands[3], step: operands[4],
      axes: operands.count > 5 ? operands[5] : nil)
    guard shape == operands[1].shape else { throw invalid("the updates have the shape \(operands[1].shape), the slice has \(shape)") }
    return [operands[0].scattering(operands[1], strides: strides, start: start)]
  }
}

/// Where a slicing operation has its bounds among its operands; the data is the first.
private struct SliceOperands {
  let start: Int
  let stop: Int
  let step: Int
  let axes: Int

  /// The shape of the slice as far as it is known.
  func shape(_ operands: Operands) throws -> PartialShape {
    guard var dimensions = operands.shape(0).dimensions else { return .dynamic }
    for index in [start, stop, step] where operands.shape(index).rank ?? 1 > 1 {
      throw OVError(.invalidModel, "input \(index) of shape \(operands.shape(index)) is not a vector")
    }
    let bounds = [start, stop, step].map { operands.ints($0) }
    let count = bounds.lazy.compactMap { $0?.count }.first ?? operands.shape(start).shape?.checkedElementCount
    let named = operands.has(axes) ? operands.ints(axes) : count.map { Array(0..<$0) }
    guard let named else { return .dynamic(rank: dimensions.count) }
    let sliced = try normalizedAxes(named, rank: dimensions.count)
    for (index, values) in zip([start, stop, step], bounds) {
      guard let given = values?.count ?? operands.shape(index).shape?.checkedElementCount, given != sliced.count else { continue }
      throw OVError(.invalidModel, "input \(index) holds \(given) bounds for \(sliced.count) axes")
    }
    for (i, axis) in sliced.enumerated() {
      if let first = bounds[0], let last = bounds[1], let step = bounds[2] {
        dimensions[axis] = try SliceRange.count(start: first[i], stop: last[i], step: step[i], of: dimensions[axis])
      } else {
        dimensions[axis] = Dimension(lowerBound: 0, upperBound: dimensions[axis].upperBound)
      }
    }
    return PartialShape(dimensions)
  }

  /// The slice as a region of data whose neighbours along each axis are `strides` apart.
  func region(of data: Shape, strides own: [Int], start: Tensor, stop: Tensor, step: Tensor, axes: Tensor?) throws -> Region {
    var (shape, strides, offset) = (data, own, 0)
    let (first, last, step) = (start.ints(), stop.ints(), step.ints())
    let named = axes?.ints() ?? Array(first.indices)
    for (i, axis) in try normalizedAxes(named, rank: shape.count).enumerated() {
      let range = try SliceRange(start: first[i], stop: last[i], step: step[i], extent: shape[axis])
      offset += range.start * strides[axis]
      strides[axis] *= range.step
      shape[axis] = range.count
    }
    return (shape, strides, offset)
  }
}

/// Part of a tensor: its shape, the distance between neighbours along each axis, and the place of its first element.
typealias Region = (shape: Shape, strides: [Int], start: Int)

/// An operator that takes a part of its first operand; the other operands say which.
protocol RegionOperator: Operator {
  /// The part of data whose neighbours along each axis are `strides` apart.
  func region(of shape: Shape, strides: [Int], bounds: [Tensor]) throws -> Region
}
