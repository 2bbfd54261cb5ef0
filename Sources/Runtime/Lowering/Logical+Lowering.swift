import KernelCore
import Kernels

extension Select: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if case .pdpd = broadcast { return false }
    let type = node.outputs[0].type
    guard !type.elementType.isPacked else { return false }
    let views = (0..<3).map { builder.input($0, of: node) }
    let output = OutputID(node.id)
    let operand =
      builder.isPlaced(output) ? nil : [1, 2].first { views[$0].shape == type.shape.shape && builder.canOverwrite($0, of: node) }
    let target: View
    if let operand {
      target = views[operand]
      builder.bind(output, to: target)
    } else {
      target = builder.allocate(output)
    }
    // In the order of the target's memory, so that neighbours are walked as neighbours.
    let axes = target.order.axes
    let strides = views.map { view in axes.map { axis in view.broadcastStrides(to: target.shape)[axis] } }
    guard
      let plan = SelectPlan(
        shape: axes.map { target.shape[$0] }, conditionStrides: strides[0], thenStrides: strides[1], elseStrides: strides[2],
        outputStrides: axes.map { target.strides[$0] }, elementSize: target.elementSize)
    else { preconditionFailure("the rank of a lowered node is limited") }
    let (condition, then, otherwise, to) = (Place(views[0]), Place(views[1]), Place(views[2]), Place(target))
    builder.emit(
      kernel: "select_x\(8 * target.elementSize)", precision: type.elementType,
      isParallel: target.elementCount >= ElementLoops.parallelThreshold, operations: target.elementCount, reads: views, writes: [target]
    ) { memory, worker, workers in
      plan.run(
        condition: memory.address(condition), then: memory.address(then), else: memory.address(otherwise), output: memory.address(to),
        worker: worker, workers: workers)
    }
    return true
  }
}

extension PlanBuilder {
  /// Lowers a node that compares each element with zero: `LogicalNot`, a conversion to booleans.
  func lowerComparisonWithZero(_ operation: BinaryOperation, _ node: Node) throws -> Bool {
    let source = input(0, of: node)
    guard KernelElement(source.elementType) != nil else { return false }
    return emitBinary(operation, source, constantView(Tensor(source.elementType, shape: [], ints: [0])), node, canOverwrite: [])
  }
}
