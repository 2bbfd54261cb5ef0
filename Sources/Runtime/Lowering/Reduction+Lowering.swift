import KernelCore
import Kernels

extension Reduction: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = builder.model.type(of: node.inputs[0])
    guard let axes = try builder.constant(node.inputs[1])?.ints(), let shape = type.shape.shape, !shape.contains(0) else { return false }
    let operation = type.elementType == .f32 ? Reduction.kernels[node.type] : nil
    // Sums of 32 bits wrap around, their mean would show it.
    let isNarrowMean = node.type == "ReduceMean" && type.elementType != .i64
    let integerOperation = !isNarrowMean && [.i32, .i64, .boolean].contains(type.elementType) ? Reduction.integerKernels[node.type] : nil
    guard operation != nil || integerOperation != nil else { return false }
    let reduced = Set(try normalizedAxes(axes, rank: shape.count))
    let span = builder.span(0, of: node, axes: reduced)
    // The kept axes stay in the operand's order; without keep_dims they move up.
    let kept = shape.indices.filter { keepDims || !reduced.contains($0) }
    let order = AxisOrder(axes: span.view.order.axes.compactMap { kept.firstIndex(of: $0) })
    let target = builder.target(OutputID(node.id), order: order)
    if let operation {
      builder.emitReduction(operation, span, to: target.computed)
    } else {
      builder.emitReduction(integerOperation!, span, to: target.computed)
    }
    target.finish(builder)
    return true
  }

  private static let kernels: [String: ReductionOperation] = [
    "ReduceSum": .sum, "ReduceMean": .mean, "ReduceMax": .maximum, "ReduceMin": .minimum, "ReduceProd": .product, "ReduceL1": .l1,
    "ReduceL2": .l2,
  ]
  private static let integerKernels: [String: IntegerReductionOperation] = [
    "ReduceSum": .sum, "ReduceMean": .mean, "ReduceMax": .maximum, "ReduceMin": .minimum, "ReduceProd": .product,
    "ReduceLogicalAnd": .logicalAnd, "ReduceLogicalOr": .logicalOr,
  ]
}

extension CumSum: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = node.outputs[0].type
    guard let element = KernelElement(type.elementType), [.f32, .i32, .i64].contains(element), let shape = type.shape.shape,
      !shape.contains(0), !shape.isEmpty
    else {
      return false
    }
    var axis = 0
    if node.inputs.count > 1 {
      guard let axes = try builder.constant(node.inputs[1])?.ints() else { return false }
      axis = axes.first ?? 0
    }
    let span = builder.span(0, of: node, axes: [try normalizedAxis(axis, rank: shape.count)])
    let target = builder.target(OutputID(node.id), order: span.view.order)
    let sum = CumulativeSum(outer: span.outer, extent: span.middle, inner: span.inner, isExclusive: exclusive, isReverse: reverse)
    let (from, to) = (Place(span.view), Place(target.computed))
    let elementType = type.elementType
    let count = span.view.elementCount
    builder.emit(
      kernel: "cumsum_\(elementType)", precision: elementType, isParallel: count >= ElementLoops.parallelThreshold, operations: count,
      reads: [span.view], writes: [target.computed]
    ) { memory, worker, workers in
      sum.run(element, memory.address(from), memory.address(to), worker: worker, workers: workers)
    }
    target.finish(builder)
    return true
  }
}

extension PlanBuilder {
  fileprivate func emitReduction(_ operation: ReductionOperation, _ span: AxisSpan, to target: View) {
    let kernel = ReductionKernels.function(for: operation, features: environment.features)
    let (from, to) = (Place(span.view), Place(target))
    let (outer, middle, inner) = (span.outer, span.middle, span.inner)
    let count = span.view.elementCount
    emit(
      kernel: kernel.name, isParallel: count >= ElementLoops.parallelThreshold, operations: count, reads: [span.view], writes: [target]
    ) { memory, worker, workers in
      kernel.run(memory.floats(from), memory.floats(to), outer, middle, inner, worker, workers)
    }
  }

  fileprivate func emitReduction(_ operation: IntegerReductionOperation, _ span: AxisSpan, to target: View) {
    let reduction = IntegerReduction(operation, outer: span.outer, reduced: span.middle, inner: span.inner)
    let (from, to) = (Place(span.view), Place(target))
    let count = span.view.elementCount
    let elementType = span.view.elementType
    let element = KernelElement(elementType)!
    emit(
      kernel: "reduction_\(elementType)_\(operation.rawValue)", precision: elementType,
      isParallel: count >= ElementLoops.parallelThreshold, operations: count, reads: [span.view], writes: [target]
    ) { memory, worker, workers in
      reduction.run(element, memory.address(from), memory.address(to), worker: worker, workers: workers)
    }
  }
}
