import KernelCore
import Kernels

extension TopK: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = node.outputs[0].type
    let data = builder.model.type(of: node.inputs[0]).shape.shape!
    let shape = type.shape.shape!
    guard let element = KernelElement(rawValue: type.elementType.rawValue), [.f32, .f16, .i32, .i64].contains(element), !data.contains(0)
    else { return false }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard data[axis] < Int(Int32.max) else { return false }
    let plan = TopKPlan(
      outer: data[..<axis].reduce(1, *), extent: data[axis], inner: data[(axis + 1)...].reduce(1, *), count: shape[axis],
      takesGreatest: takesGreatest, sortsByIndex: sortsByIndex, hasWideIndices: indexType == .i64)
    let kernel = TopKKernels.function(features: builder.environment.features)
    let source = builder.denseInput(0, of: node)
    let values = builder.target(OutputID(node.id), order: .rowMajor(rank: shape.count))
    let indices = builder.target(OutputID(node.id, 1), order: .rowMajor(rank: shape.count))
    let scratch = builder.scratch(plan.scratchByteCount(element) * builder.environment.workers)
    let (x, y, z, w) = (Place(source), Place(values.computed), Place(indices.computed), Place(scratch))
    builder.emit(
      kernel: kernel.name(element), precision: type.elementType, isParallel: source.elementCount >= ElementLoops.parallelThreshold,
      operations: source.elementCount, reads: [source], writes: [values.computed, indices.computed, scratch]
    ) { memory, worker, workers in
      plan.run(
        kernel, element, memory.address(x), memory.address(y), memory.address(z), scratch: memory.address(w), worker: worker,
        workers: workers)
    }
    values.finish(builder)
    indices.finish(builder)
    return true
  }
}
