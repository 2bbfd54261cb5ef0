import KernelCore
import Kernels

extension Gather: LowerableOperator {
  /// Copies whole rows by index. A table that the IR stores as `f16` is widened row by row.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let indexType = builder.model.type(of: node.inputs[1]).elementType
    guard batchDims == 0, fillsOutOfRange, indexType == .i64 || indexType == .i32, let axes = try builder.constant(node.inputs[2])?.ints(),
      let output = node.outputs[0].type.shape.shape, !output.contains(0), !node.outputs[0].type.elementType.isPacked
    else { return false }
    let shape = builder.model.type(of: node.inputs[0]).shape.shape!
    let axis = try normalizedAxis(axes[0], rank: shape.count)
    if axis == 0, shape.count == 2, try lowerCompressed(node, builder, hasWideIndices: indexType == .i64, output) { return true }
    let table: View
    if let stored = try builder.weights(0, of: node), stored.elementType == .f16, node.outputs[0].type.elementType == .f32 {
      table = builder.constantView(stored)
    } else {
      table = builder.denseInput(0, of: node)
    }
    let indices = builder.denseInput(1, of: node)
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: output.count))
    let rows = GatherRows(
      outer: shape[..<axis].reduce(1, *), extent: shape[axis], block: shape[(axis + 1)...].reduce(1, *), count: indices.elementCount,
      elementSize: table.elementSize, widens: table.elementType == .f16 && target.computed.elementType == .f32,
      hasWideIndices: indexType == .i64)
    let (from, by, to) = (Place(table), Place(indices), Place(target.computed))
    builder.emit(
      kernel: rows.widens ? "gather_f16_f32" : "gather", precision: target.computed.elementType,
      isParallel: target.computed.elementCount >= ElementLoops.parallelThreshold, reads: [table, indices], writes: [target.computed]
    ) { memory, worker, workers in
      rows.run(memory.address(from), memory.address(by), memory.address(to), worker, workers)
    }
    target.finish(builder)
    return true
  }
}

/// Rows of a table laid one after the other as indices name them; zeros where an index is out of range.
private struct GatherRows: Sendable {
  let outer: Int
  let extent: Int
  let block: Int
  let count: Int
  let elementSize: Int
  let widens: Bool
  let hasWideIndices: Bool

  func run(
    _ table: UnsafeMutableRawPointer, _ indices: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) {
    let (start, end) = share(of: outer * count, worker: worker, workers: workers)
    let targetBytes = block * (widens ? 4 : elementSize)
    for row in start..<max(start, end) {
      let position = row % count
      var index =
        hasWideIndices
        ? Int(indices.load(fromByteOffset: 8 * position, as: Int64.self)) : Int(indices.load(fromByteOffset: 4 * position, as: Int32.self))
      if index < 0 { index &+= extent }
      let place = target + row * targetBytes
      guard index >= 0, index < extent else {
        place.initializeMemory(as: UInt8.self, repeating: 0, count: targetBytes)
        continue
      }
      let source = table + (row / count * extent + index) * block * elementSize
      if widens {
        let halves = source.assumingMemoryBound(to: Float16.self)
        let floats = place.assumingMemoryBound(to: Float.self)
        for i in 0..<block { floats[i] = Float(halves[i]) }
      } else {
        place.copyMemory(from: source, byteCount: targetBytes)
      }
    }
  }
}
