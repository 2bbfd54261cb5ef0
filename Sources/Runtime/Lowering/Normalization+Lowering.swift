import KernelCore
import Kernels

extension Softmax: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = node.outputs[0].type
    guard type.elementType == .f32, let shape = type.shape.shape, !shape.contains(0), !shape.isEmpty else { return false }
    let span = builder.span(0, of: node, axes: [try normalizedAxis(axis, rank: shape.count)])
    let kernel = SoftmaxKernels.function(isLogarithmic: isLogarithmic, features: builder.environment.features)
    builder.emitSpan(kernel.name, span, node, operationsPerElement: 4) { _, input, output, outer, middle, inner, worker, workers in
      kernel.run(input, output, outer, middle, inner, worker, workers)
    }
    return true
  }
}

extension MVN: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands[0] }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = node.outputs[0].type
    guard type.elementType == .f32, let shape = type.shape.shape, !shape.contains(0) else { return false }
    let operand = node.inputs.count > 1 ? try builder.constant(node.inputs[1])?.ints() : nil
    guard axes != .operand || operand != nil else { return false }
    // What is fused has a number for each index of the last axis, the one that is normalised.
    let span = builder.span(
      0, of: node, axes: Set(try reducedAxes(shape.count, operand)), areInnermost: !node.postOperations.isEmpty)
    var parameters: [String: View] = [:]
    for post in node.postOperations {
      parameters[post.type] = try builder.channelNumbers(
        node.inputs[post.operands[0]], channels: shape[shape.count - 1], axis: shape.count - 1, rank: shape.count)!
    }
    let (gamma, beta) = (parameters["Multiply"].map { Place($0) }, parameters["Add"].map { Place($0) })
    let operation: NormalizationOperation = normalizeVariance ? (isEpsilonInside ? .layer : .layerEpsilonOutside) : .center
    let kernel = NormalizationKernels.function(for: operation, features: builder.environment.features)
    let epsilon = Float(epsilon)
    builder.emitSpan(kernel.name, span, node, operationsPerElement: 5 + parameters.count, parameters: Array(parameters.values)) {
      memory, input, output, outer, middle, inner, worker, workers in
      kernel.run(
        input, output, gamma.map { memory.floats($0) }, beta.map { memory.floats($0) }, epsilon, outer, middle, inner, worker, workers)
    }
    return true
  }
}

extension PlanBuilder {
  /// Emits a kernel over [outer, middle, inner] whose output has its operand's shape, in place where the operand dies. It reads
  /// `parameters` too.
  func emitSpan(
    _ kernel: String, _ span: AxisSpan, _ node: Node, operationsPerElement: Int, parameters: [View] = [],
    run: @escaping @Sendable (StepMemory, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int, Int, Int) -> Void
  ) {
    let output = OutputID(node.id)
    let target: ImageOperands.Target
    if !isPlaced(output) && span.view == input(0, of: node) && canOverwrite(0, of: node) {
      bind(output, to: span.view)
      target = ImageOperands.Target(computed: span.view, final: span.view)
    } else {
      target = self.target(output, order: span.view.order)
    }
    let (from, to) = (Place(span.view), Place(target.computed))
    let (outer, middle, inner) = (span.outer, span.middle, span.inner)
    let count = span.view.elementCount
    emit(
      kernel: kernel, isParallel: count >= ElementLoops.parallelThreshold, operations: operationsPerElement * count,
      reads: [span.view] + parameters, writes: [target.computed]
    ) { memory, worker, workers in
      run(memory, memory.floats(from), memory.floats(to), outer, middle, inner, worker, workers)
    }
    target.finish(self)
  }
}
