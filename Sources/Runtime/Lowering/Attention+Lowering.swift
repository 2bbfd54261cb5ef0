import KernelCore
import Kernels

extension ScaledDotProductAttention: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard node.outputs[0].type.elementType == .f32, let shape = node.outputs[0].type.shape.shape, !shape.contains(0), !causal,
      let scale = try scale(node, builder)
    else { return false }
    let operands = (0..<3).map { index -> MatrixOperand in
      MatrixOperand(builder.input(index, of: node), transposed: index == 1) ?? MatrixOperand(
        builder.denseInput(index, of: node), transposed: index == 1)!
    }
    let scores = builder.temporary(.f32, Array(shape.dropLast(2)) + [operands[0].rows, operands[1].columns])
    guard operands[0].columns == operands[1].rows, operands[2].rows == scores.shape.last! else { return false }
    builder.emitBatchedProduct(operands[0], operands[1], FusedEpilogue(), c: scores)
    if scale != 1 { builder.emitUnary(ElementwiseFunction(.affine, scale, 0), from: scores, to: scores) }
    if node.inputs.count > 3, !builder.input(3, of: node).shape.isEmpty {
      builder.emitBinary(.add, scores, additiveMask(node, builder), to: scores)
    }
    let kernel = SoftmaxKernels.function(isLogarithmic: false, features: builder.environment.features)
    let (place, keys) = (Place(scores), scores.shape.last!)
    let rows = scores.elementCount / keys
    builder.emit(
      kernel: kernel.name, isParallel: scores.elementCount >= ElementLoops.parallelThreshold, operations: 4 * scores.elementCount,
      reads: [scores], writes: [scores]
    ) { memory, worker, workers in
      let values = memory.floats(place)
      kernel.run(values, values, rows, keys, 1, worker, workers)
    }
    let target = builder.allocate(OutputID(node.id), order: preferredOrder(node, [], rank: shape.count))
    let last = shape.count - 1
    if target.strides[last] == 1 || shape[last] == 1 {
      builder.emitBatchedProduct(MatrixOperand(scores, transposed: false)!, operands[2], FusedEpilogue(), c: target)
    } else {
      let computed = builder.temporary(.f32, shape)
      builder.emitBatchedProduct(MatrixOperand(scores, transposed: false)!, operands[2], FusedEpilogue(), c: computed)
      builder.emitCopy(from: computed, to: target)
    }
    return true
  }

  /// Heads outside positions is how the operation sees its operands; the projections around it keep all heads of a position
  /// together, and reading and writing them there saves both transposes.
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? {
    rank == 4 ? AxisOrder(axes: [0, 2, 1, 3]) : nil
  }

  /// The factor of the products; `nil` when it is not known.
  private func scale(_ node: Node, _ builder: PlanBuilder) throws -> Float? {
    if node.inputs.count > 4 { return try builder.constant(node.inputs[4]).map { Float($0.doubles()[0]) } }
    let features = builder.input(0, of: node).shape.last!
    return Float(1 / Double(features).squareRoot())
  }

  /// The mask as numbers to add: 0 where a boolean mask lets a key take part, −∞ elsewhere.
  private func additiveMask(_ node: Node, _ builder: PlanBuilder) -> View {
    let mask = builder.denseInput(3, of: node)
    guard mask.elementType == .boolean else { return mask }
    let numbers = builder.temporary(.f32, mask.shape)
    let (from, to, count) = (Place(mask), Place(numbers), mask.elementCount)
    builder.emit(kernel: "mask_f32", operations: count, reads: [mask], writes: [numbers]) { memory, _, _ in
      let source = memory.address(from).assumingMemoryBound(to: UInt8.self)
      let target = memory.floats(to)
      for i in 0..<count { target[i] = source[i] != 0 ? 0 : -.infinity }
    }
    return numbers
  }
}
