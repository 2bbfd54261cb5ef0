// Operators that only look at their operand's bytes another way: no step is emitted where strides can express the output.

extension Reshape: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { builder.lowerReshape(node) }
}

extension Squeeze: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { builder.lowerReshape(node) }
}

extension Unsqueeze: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { builder.lowerReshape(node) }
}

extension Transpose: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let axes = try builder.constant(node.inputs[1])?.ints() else { return false }
    let source = builder.input(0, of: node)
    guard !source.elementType.isPacked else { return false }
    let order = axes.isEmpty ? Array(source.shape.indices.reversed()) : try normalizedAxes(axes, rank: source.shape.count)
    builder.bind(OutputID(node.id), to: source.permuted(order))
    return true
  }

  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { nil }
}

extension Split: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try builder.lowerSplit(node) }
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }
}

extension VariadicSplit: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try builder.lowerSplit(node) }
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }
}

extension Concat: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let output = OutputID(node.id)
    let shape = node.outputs[0].type.shape.shape!
    guard !node.outputs[0].type.elementType.isPacked else { return false }
    let axis = try normalizedAxis(axis, rank: shape.count)
    // Allocated already when an operand was written straight into it.
    let whole = builder.placed(output) ?? builder.allocate(output)
    var start = 0
    for index in node.inputs.indices {
      let source = builder.input(index, of: node)
      let part = whole.sliced(axis: axis, start: start, count: source.shape[axis])
      if source != part && source.elementCount > 0 { builder.emitCopy(from: source, to: part) }
      start += source.shape[axis]
    }
    return true
  }

  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands.lazy.compactMap { $0 }.first }
}

extension PlanBuilder {
  /// Binds the output to its operand's bytes under another shape, copied into row-major order first where it must be.
  func lowerReshape(_ node: Node) -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let source = input(0, of: node)
    let output = OutputID(node.id)
    if source.elementType.isPacked { return false }
    if let view = source.reshaped(to: shape) {
      bind(output, to: view)
    } else {
      bind(output, to: denseInput(0, of: node).reshaped(to: shape)!)
    }
    return true
  }

  /// Binds each output to its part of the operand.
  func lowerSplit(_ node: Node) throws -> Bool {
    let source = input(0, of: node)
    guard !source.elementType.isPacked, let axes = try constant(node.inputs[1])?.ints() else { return false }
    let axis = try normalizedAxis(axes[0], rank: source.shape.count)
    var start = 0
    for (index, output) in node.outputs.enumerated() {
      let count = output.type.shape.shape![axis]
      bind(OutputID(node.id, index), to: source.sliced(axis: axis, start: start, count: count))
      start += count
    }
    return true
  }
}

extension Slice: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try builder.lowerRegion(self, node) }
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }
}

extension StridedSlice: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try builder.lowerRegion(self, node) }
}

extension Broadcast: ViewingOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard mode != .explicit else { return false }
    let source = builder.input(0, of: node)
    let shape = node.outputs[0].type.shape.shape!
    guard !source.elementType.isPacked, mode != .pdpd || source.shape.count == shape.count else { return false }
    var view = source
    view.strides = source.broadcastStrides(to: shape)
    view.shape = shape
    builder.bind(OutputID(node.id), to: view)
    return true
  }
}

extension PlanBuilder {
  /// Binds the output to the part of the operand's bytes that it is.
  func lowerRegion(_ op: some RegionOperator, _ node: Node) throws -> Bool {
    let source = input(0, of: node)
    let bounds = try node.inputs.dropFirst().map { try constant($0) }
    guard !source.elementType.isPacked, bounds.allSatisfy({ $0 != nil }) else { return false }
    let region = try op.region(of: source.shape, strides: source.strides, bounds: bounds.map { $0! })
    guard region.strides.allSatisfy({ $0 >= 0 }) else { return false }
    var view = source
    view.shape = region.shape
    view.strides = region.strides
    view.byteOffset += region.start * source.elementSize
    bind(OutputID(node.id), to: view)
    return true
  }
}
