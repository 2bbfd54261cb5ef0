/// Repeats the data along axes until it has the target shape.
struct Broadcast: Operator {
  enum Mode: String, CaseIterable { case none, explicit, numpy, pdpd, bidirectional }
  let mode: Mode
  /// `pdpd`: where the data is aligned within the target; −1 is at its end.
  private let axis: Int

  init(_ node: Node) throws {
    let mode = try node.attributes.choice("mode", default: Mode.numpy)
    guard mode != .bidirectional || node.version(among: [1, 3]) == 3 else {
      throw OVError(.invalidModel, "mode is bidirectional", suggestion: "Broadcast has that mode from opset3 on")
    }
    self.mode = mode == .none ? .explicit : mode
    axis = try node.attributes.int("axis", default: -1)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(mode == .explicit ? 3...3 : 2...3)
    let type = operands.elementType(0)
    let data = operands.shape(0)
    guard let extents = operands.dimensions(1) else {
      if let ints = operands.ints(1) { throw invalid("the target shape \(ints) has a negative extent") }
      return [ValueType(type, .dynamic)]
    }
    let target = PartialShape(extents)
    if mode == .bidirectional { return [ValueType(type, try .broadcast(data, target))] }
    guard let dimensions = data.dimensions else { return [ValueType(type, target)] }
    let axesValue = mode == .explicit ? operands.ints(2) : nil
    guard mode != .explicit || axesValue != nil else { return [ValueType(type, target)] }
    let axes = try targetAxes(dimensions, rank: extents.count, mapping: axesValue ?? [])
    var result = extents
    for (own, axis) in zip(dimensions, axes) {
      guard own.contains(1) || own.merged(with: extents[axis]) != nil else {
        throw invalid("the shape \(data) cannot be broadcast to \(target)")
      }
      // An extent above 1 is the target's.
      if own.lowerBound > 1 { result[axis] = extents[axis].merged(with: own) ?? extents[axis] }
    }
    return [ValueType(type, PartialShape(result))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let mapping = mode == .explicit ? operands[2].ints() : []
    let axes = try targetAxes(data.shape.map { Dimension($0) }, rank: shape.count, mapping: mapping)
    var strides = [Int](repeating: 0, count: shape.count)
    for (own, axis) in zip(data.shape.indices, axes) where data.shape[own] != 1 { strides[axis] = data.shape.rowMajorStrides[own] }
    return [data.gathered(shape: shape, strides: strides)]
  }

  /// The axis of the result that each axis of the data becomes; fewer than the data has when trailing axes of 1 are dropped.
  private func targetAxes(_ data: [Dimension], rank: Int, mapping: [Int]) throws -> [Int] {
    if mode == .explicit {
      guard mapping.count == data.count else { throw invalid("axes_mapping \(mapping) does not map \(data.count) axes") }
      guard zip(mapping, mapping.dropFirst()).allSatisfy({ $0 < $1 }), mapping.allSatisfy({ (0..<rank).contains($0) }) else {
        throw invalid("axes_mapping \(mapping) is not an ascending list of the target's \(rank) axes")
      }
      return mapping
    }
    let start = mode == .pdpd && axis != -1 ? axis : rank - data.count
    var count = data.count
    while mode == .pdpd, count > 0, start + count > rank, data[count - 1].length == 1 { count -= 1 }
    guard start >= 0, start + count <= rank else {
      throw invalid("data of rank \(data.count) cannot be broadcast to rank \(rank)")
    }
    return Array(start..<(start + count))
  }
}
