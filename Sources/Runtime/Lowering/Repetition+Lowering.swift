import KernelCore
import Kernels

extension Tile: LowerableOperator {
  /// One copy in which each axis is a pair of the repeats, which do not move in the operand, and its extent.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let source = builder.input(0, of: node)
    guard !source.elementType.isPacked, !source.shape.contains(0), !shape.contains(0) else { return false }
    let missing = shape.count - source.shape.count
    var pairs = Shape()
    var strides: [Int] = []
    for axis in shape.indices {
      let (extent, stride) = axis < missing ? (1, 0) : (source.shape[axis - missing], source.strides[axis - missing])
      pairs += [shape[axis] / extent, extent]
      strides += [0, stride]
    }
    guard pairs.count(where: { $0 != 1 }) <= LoopNest<2>.maximumRank else { return false }
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: shape.count))
    var repeated = source
    (repeated.shape, repeated.strides) = (pairs, strides)
    builder.emitCopy(from: repeated, to: target.computed.reshaped(to: pairs)!)
    target.finish(builder)
    return true
  }
}

extension Pad: MovementOperator {
  /// A constant border is copied from a single element; of other borders every element has its own place.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard isConstant else { return try lowerMovement(node, builder) }
    let shape = node.outputs[0].type.shape.shape!
    let source = builder.input(0, of: node)
    guard !source.elementType.isPacked, !shape.contains(0), !source.shape.contains(0),
      let begin = try builder.constant(node.inputs[1])?.ints(), let end = try builder.constant(node.inputs[2])?.ints()
    else { return false }
    let fill: View
    if node.inputs.count > 3 {
      fill = builder.denseInput(3, of: node)
    } else {
      fill = builder.constantView(try Tensor(source.elementType, shape: []))
    }
    var inner = source
    for axis in shape.indices {
      let count = source.shape[axis] + min(0, begin[axis]) + min(0, end[axis])
      guard count > 0 else { return false }
      inner = inner.sliced(axis: axis, start: max(0, -begin[axis]), count: count)
    }
    let target = builder.target(OutputID(node.id), order: source.isContiguous(source.order) ? source.order : .rowMajor(rank: shape.count))
    // What is left of the target when the borders of the axes so far are filled.
    var rest = target.computed
    for axis in shape.indices {
      for (start, count) in [(0, begin[axis]), (rest.shape[axis] - end[axis], end[axis])] where count > 0 {
        var border = fill
        let place = rest.sliced(axis: axis, start: start, count: count)
        (border.shape, border.strides) = (place.shape, [Int](repeating: 0, count: shape.count))
        builder.emitCopy(from: border, to: place)
      }
      rest = rest.sliced(axis: axis, start: max(0, begin[axis]), count: inner.shape[axis])
    }
    builder.emitCopy(from: inner, to: rest)
    target.finish(builder)
    return true
  }

  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }
}
