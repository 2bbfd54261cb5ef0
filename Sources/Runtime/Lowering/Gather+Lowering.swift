import KernelCore
import Kernels

extension Gather: LowerableOperator {
  /// Copies whole rows by index. A table that the IR stores as `f16` is widened row by row.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let type = node.outputs[0].type
    guard builder.hasIndices(1, of: node), let axes = try builder.constant(node.inputs[2])?.ints(), let output = type.shape.shape,
      !output.contains(0), !type.elementType.isPacked
    else { return false }
    let shape = builder.model.type(of: node.inputs[0]).shape.shape!
    let indexShape = builder.model.type(of: node.inputs[1]).shape.shape!
    let (axis, batch) = try axes.gatherAxis(batchDims, dataRank: shape.count, indicesRank: indexShape.count)
    if shape.contains(0) { return false }
    let isWide = builder.model.type(of: node.inputs[1]).elementType == .i64
    if axis == 0, batch == 0, shape.count == 2, fillsOutOfRange, try lowerCompressed(node, builder, hasWideIndices: isWide, output) {
      return true
    }
    let table: View
    if let stored = try builder.weights(0, of: node), stored.elementType == .f16, type.elementType == .f32 {
      table = builder.constantView(stored)
    } else {
      table = builder.denseInput(0, of: node)
    }
    let indices = builder.denseInput(1, of: node)
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: output.count))
    let rows = GatherRows(
      batches: shape[..<batch].reduce(1, *), outer: shape[batch..<axis].reduce(1, *), extent: shape[axis],
      count: indexShape[batch...].reduce(1, *), rowBytes: shape[(axis + 1)...].reduce(1, *) * table.elementSize,
      hasWideIndices: indices.elementType == .i64, fillsOutOfRange: fillsOutOfRange)
    let widens = table.elementType == .f16 && target.computed.elementType == .f32
    let widen = ConversionKernels.function(for: .f16ToF32, features: builder.environment.features).run
    let (from, by, to) = (Place(table), Place(indices), Place(target.computed))
    let check = IndexCheck(indices, extents: [shape[axis]], node)
    builder.emit(
      kernel: widens ? "gather_f16_f32" : "gather_x\(8 * table.elementSize)", precision: target.computed.elementType,
      isParallel: target.computed.elementCount >= ElementLoops.parallelThreshold, reads: [table, indices], writes: [target.computed]
    ) { memory, worker, workers in
      let (data, index, result) = (memory.address(from), memory.address(by), memory.address(to))
      let isDone =
        widens
        ? rows.runWidening(data, index, result, widen: widen, worker: worker, workers: workers)
        : rows.run(data, index, result, worker: worker, workers: workers)
      if !isDone { check.fail(memory) }
    }
    target.finish(builder)
    return true
  }
}

extension GatherElements: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = builder.model.type(of: node.inputs[0]).shape.shape!
    let output = node.outputs[0].type.shape.shape!
    guard builder.hasIndices(1, of: node), builder.canIndex(0, of: node), !output.contains(0) else { return false }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard let form = IndexOffsets.Form(elements: output, of: shape, axis: axis) else { return false }
    builder.emitGather(form, blockSize: 1, node)
    return true
  }
}

extension GatherND: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = builder.model.type(of: node.inputs[0]).shape.shape!
    let indices = builder.model.type(of: node.inputs[1]).shape.shape!
    guard builder.hasIndices(1, of: node), builder.canIndex(0, of: node), !node.outputs[0].type.shape.shape!.contains(0),
      shape[..<batchDims] == indices[..<batchDims]
    else { return false }
    let form = IndexOffsets.Form(tuples: indices, of: shape, batchDims: batchDims)
    let block = shape[(batchDims + indices.last!)...].reduce(1, *)
    builder.emitGather(form, blockSize: block, node)
    return true
  }
}

// MARK: Scattering

extension ScatterUpdate: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let indices = builder.model.type(of: node.inputs[1]).shape.shape!
    guard builder.hasIndices(1, of: node), builder.canIndex(0, of: node), !indices.contains(0),
      let axes = try builder.constant(node.inputs[3])?.ints()
    else { return false }
    let axis = try normalizedAxis(axes[0], rank: shape.count)
    let outer = shape[..<axis].reduce(1, *)
    let form = IndexOffsets.Form.rows(outer: outer, extent: shape[axis], count: indices.reduce(1, *))
    return builder.emitScatter(form, blockSize: shape[(axis + 1)...].reduce(1, *), groups: outer, .none, node)
  }
}

extension ScatterElementsUpdate: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let indices = builder.model.type(of: node.inputs[1]).shape.shape!
    guard builder.hasIndices(1, of: node), builder.canIndex(0, of: node), !indices.contains(0), includesData || reduction == .none,
      let axes = try builder.constant(node.inputs[3])?.ints()
    else { return false }
    let axis = try normalizedAxis(axes[0], rank: shape.count)
    guard let form = IndexOffsets.Form(elements: indices, of: shape, axis: axis) else { return false }
    return builder.emitScatter(form, blockSize: 1, groups: shape[..<axis].reduce(1, *), reduction, node)
  }
}

extension ScatterNDUpdate: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let shape = node.outputs[0].type.shape.shape!
    let indices = builder.model.type(of: node.inputs[1]).shape.shape!
    guard builder.hasIndices(1, of: node), builder.canIndex(0, of: node), !indices.contains(0) else { return false }
    let form = IndexOffsets.Form(tuples: indices, of: shape, batchDims: 0)
    return builder.emitScatter(form, blockSize: shape[indices.last!...].reduce(1, *), groups: 1, reduction, node)
  }
}

extension IndexOffsets.Form {
  /// Indices that stand in for the position on one axis, where the other extents are the data's.
  fileprivate init?(elements indices: Shape, of data: Shape, axis: Int) {
    guard data.indices.allSatisfy({ $0 == axis || indices[$0] == data[$0] }) else { return nil }
    self = .elements(
      outer: data[..<axis].reduce(1, *), extent: data[axis], count: indices[axis], inner: data[(axis + 1)...].reduce(1, *))
  }

  /// Tuples of positions in the axes behind the batch's.
  fileprivate init(tuples indices: Shape, of data: Shape, batchDims: Int) {
    let size = indices.last!
    let extents = Array(data[batchDims..<(batchDims + size)])
    self = .tuples(
      batch: data[..<batchDims].reduce(1, *), count: indices[batchDims...].dropLast().reduce(1, *), extents: extents,
      strides: extents.rowMajorStrides, batchStride: extents.reduce(1, *))
  }
}

/// Says which index of an operand is out of range, when a kernel has found that one is.
private struct IndexCheck: Sendable {
  private let place: Place
  private let count: Int
  private let isWide: Bool
  private let extents: [Int]
  private let location: OVError.Location

  init(_ indices: View, extents: [Int], _ node: Node) {
    place = Place(indices)
    count = indices.elementCount
    isWide = indices.elementType == .i64
    self.extents = extents
    location = node.location
  }

  func fail(_ memory: StepMemory) {
    let base = memory.address(place)
    for i in 0..<count {
      let index =
        isWide ? Int(base.load(fromByteOffset: 8 * i, as: Int64.self)) : Int(base.load(fromByteOffset: 4 * i, as: Int32.self))
      do { _ = try normalizedIndex(index, extent: extents[i % extents.count]) } catch {
        return memory.failure.record((error as? OVError ?? OVError(.internalFailure, "\(error)")).located(at: location))
      }
    }
  }
}

extension PlanBuilder {
  /// Whether an operand holds indices of a type that kernels read.
  fileprivate func hasIndices(_ index: Int, of node: Node) -> Bool {
    [.i32, .i64].contains(model.type(of: node.inputs[index]).elementType)
  }

  /// Whether an operand's elements can be moved one by one, and there are any.
  fileprivate func canIndex(_ index: Int, of node: Node) -> Bool {
    let type = model.type(of: node.inputs[index])
    return !type.elementType.isPacked && !type.shape.shape!.contains(0)
  }

  /// Emits the step that collects blocks of the node's first operand where the second points, and binds its output.
  fileprivate func emitGather(_ form: IndexOffsets.Form, blockSize: Int, _ node: Node) {
    let data = denseInput(0, of: node)
    let indices = denseInput(1, of: node)
    let offsets = IndexOffsets(form, hasWideIndices: indices.elementType == .i64)
    let movement = BlockMovement(offsets, blockBytes: blockSize * data.elementSize)
    let target = target(OutputID(node.id), order: .rowMajor(rank: node.outputs[0].type.shape.rank!))
    let (from, by, to) = (Place(data), Place(indices), Place(target.computed))
    let check = IndexCheck(indices, extents: offsets.extents, node)
    emit(
      kernel: "gather_x\(8 * data.elementSize)", precision: data.elementType,
      isParallel: target.computed.elementCount >= ElementLoops.parallelThreshold, reads: [data, indices], writes: [target.computed]
    ) { memory, worker, workers in
      if !movement.gather(memory.address(from), memory.address(by), memory.address(to), worker: worker, workers: workers) {
        check.fail(memory)
      }
    }
    target.finish(self)
  }

  /// Emits the steps that copy the node's first operand, unless it may be overwritten, and combine it with the third where the
  /// second points; binds the output.
  ///
  /// - Returns: `false` where there is no kernel for the reduction.
  fileprivate func emitScatter(
    _ form: IndexOffsets.Form, blockSize: Int, groups: Int, _ reduction: ScatterReduction, _ node: Node
  ) -> Bool {
    let type = node.outputs[0].type
    // A mean is a sum first.
    let combination = reduction == .mean ? .sum : ScatterCombination(rawValue: reduction.rawValue)
    guard reduction == .none || (combination != nil && [.f32, .i32, .i64].contains(type.elementType)) else { return false }
    let output = OutputID(node.id)
    let data = input(0, of: node)
    let target: ImageOperands.Target
    if data.isDense && !isPlaced(output) && canOverwrite(0, of: node) {
      bind(output, to: data)
      target = ImageOperands.Target(computed: data, final: data)
    } else {
      target = self.target(output, order: .rowMajor(rank: type.shape.rank!))
      emitCopy(from: data, to: target.computed)
    }
    let indices = denseInput(1, of: node)
    let updates = denseInput(2, of: node)
    let offsets = IndexOffsets(form, hasWideIndices: indices.elementType == .i64)
    let movement = BlockMovement(offsets, blockBytes: blockSize * data.elementSize, groups: groups)
    let (from, by, to) = (Place(updates), Place(indices), Place(target.computed))
    let check = IndexCheck(indices, extents: offsets.extents, node)
    let elementType = type.elementType
    emit(
      kernel: "scatter_\(combination == nil ? "x\(8 * data.elementSize)" : "\(elementType)_\(reduction)")", precision: elementType,
      isParallel: updates.elementCount >= ElementLoops.parallelThreshold, reads: [updates, indices, target.computed],
      writes: [target.computed]
    ) { memory, worker, workers in
      let (source, places, result) = (memory.address(from), memory.address(by), memory.address(to))
      let isValid: Bool
      if let combination, let element = KernelElement(elementType) {
        isValid = movement.scatter(element, combination, source, places, result, worker: worker, workers: workers)
      } else {
        isValid = movement.scatter(source, places, result, worker: worker, workers: workers)
      }
      if !isValid { check.fail(memory) }
    }
    if reduction == .mean {
      let counts = scratch(4 * target.computed.elementCount / blockSize)
      let number = Place(counts)
      let element = KernelElement(elementType)!
      emit(
        kernel: "average_\(elementType)", precision: elementType, isParallel: updates.elementCount >= ElementLoops.parallelThreshold,
        reads: [indices, target.computed], writes: [target.computed, counts]
      ) { memory, worker, workers in
        movement.average(
          element, memory.address(by), memory.address(to), counts: memory.address(number).assumingMemoryBound(to: Int32.self),
          worker: worker, workers: workers)
      }
    }
    target.finish(self)
    return true
  }
}
