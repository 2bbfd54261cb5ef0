import KernelCore
import Kernels

extension Interpolate: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  /// Height and width of images, the nearest pixel also of bytes; anything else axis by axis.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let types = node.inputs.map { builder.model.type(of: $0) }
    let values = try node.inputs.indices.map { $0 == 0 ? nil : try builder.constant(node.inputs[$0]) }
    guard let shape = types[0].shape.shape, let outputShape = node.outputs[0].type.shape.shape, !shape.contains(0),
      !outputShape.contains(0), !(padsBegin + padsEnd).contains(where: { $0 != 0 }), values.dropFirst().allSatisfy({ $0 != nil })
    else { return false }
    let resampling = try resampling(Operands(types: types, constant: { values[$0] }), from: shape, to: outputShape)
    let isFloat = types[0].elementType == .f32
    guard let image = ImageOperands(node, builder, [.f32, .u8, .i8]), image.spatialRank == 2, shape[..<2] == outputShape[..<2],
      isFloat || resampling.rules.mode == .nearest
    else { return lowerAxes(resampling, node, builder, from: shape, to: outputShape) }
    var source = builder.input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) { source = builder.input(0, of: node, in: .channelsLast(rank: 4)) }
    let target = image.target(OutputID(node.id), residual: nil, builder)
    if isFloat {
      emitResize(resampling, image, source, target.computed, builder)
    } else {
      emitNearest(resampling, image, source, target.computed, builder)
    }
    target.finish(builder)
    return true
  }

  /// One axis after the other, in double precision in between.
  private func lowerAxes(
    _ resampling: Resampling, _ node: Node, _ builder: PlanBuilder, from shape: Shape, to outputShape: Shape
  ) -> Bool {
    let elementType = node.outputs[0].type.elementType
    guard let element = KernelElement(rawValue: elementType.rawValue), [.f32, .f16, .i32, .u8, .i8].contains(element) else { return false }
    let steps = resampling.order.filter { axis in
      (0..<outputShape[axis]).contains { x in resampling.weightedIndices(axis, x, shape, outputShape).map(\.index) != [x] }
    }
    let count = max(shape.elementCount, outputShape.elementCount)
    var source = builder.denseInput(0, of: node)
    let target = builder.target(OutputID(node.id), order: .rowMajor(rank: shape.count))
    if steps.isEmpty { builder.emitCopy(from: source, to: target.computed) }
    var current = shape
    for (number, axis) in steps.enumerated() {
      let taps = (0..<outputShape[axis]).map { x in resampling.doubleTaps(axis, x, shape, outputShape) }
      let plan = AxisResampling(
        outer: current[..<axis].reduce(1, *), extent: current[axis], inner: current[(axis + 1)...].reduce(1, *), taps: taps)
      current[axis] = outputShape[axis]
      let (isFirst, isLast) = (number == 0, number == steps.count - 1)
      let result = isLast ? target.computed : builder.temporary(.f64, current)
      let rounding = resampling.rounding(elementType, isLast: isLast)
      let (x, y) = (Place(source), Place(result))
      builder.emit(
        kernel: "resample_\(element.rawValue)_axis", precision: elementType, isParallel: count >= ElementLoops.parallelThreshold,
        operations: plan.operations, reads: [source], writes: [result]
      ) { memory, worker, workers in
        plan.run(
          element, memory.address(x), isWideInput: !isFirst, memory.address(y), isWideOutput: !isLast, rounding, worker: worker,
          workers: workers)
      }
      source = result
    }
    target.finish(builder)
    return true
  }

  private func emitResize(
    _ resampling: Resampling, _ image: ImageOperands, _ source: View, _ target: View, _ builder: PlanBuilder
  ) {
    let (from, to) = (image.strides(source), image.strides(target))
    let geometry = ResamplingGeometry(
      batch: image.inputShape[0], channels: image.inputShape[1], inputWidth: image.inputWidth, outputHeight: image.outputHeight,
      outputWidth: image.outputWidth, inputBatchStride: from.batch, inputRowStride: from.row, inputPixelStride: from.pixel,
      outputBatchStride: to.batch, outputRowStride: to.row, outputPixelStride: to.pixel)
    func taps(_ axis: Int) -> ResamplingTaps {
      ResamplingTaps((0..<image.outputShape[axis]).map { resampling.weightedIndices(axis, $0, image.inputShape, image.outputShape) })
    }
    let plan = ResizePlan(geometry, rows: taps(2), columns: taps(3))
    let kernel = ResamplingKernels.function(features: builder.environment.features)
    let scratch = builder.scratch(plan.scratchByteCount * builder.environment.workers)
    let (x, y, z) = (Place(source), Place(target), Place(scratch))
    let count = image.outputShape.elementCount
    builder.emit(
      kernel: kernel.name, isParallel: count >= ElementLoops.parallelThreshold, operations: plan.operations, reads: [source],
      writes: [target, scratch]
    ) { memory, worker, workers in
      plan.run(
        kernel, input: memory.floats(x), output: memory.floats(y), scratch: memory.address(z), worker: worker, workers: workers)
    }
  }

  /// Copies the channels of the nearest pixel to each one, for images of bytes.
  private func emitNearest(_ resampling: Resampling, _ image: ImageOperands, _ source: View, _ target: View, _ builder: PlanBuilder) {
    let (from, to, channels) = (image.strides(source), image.strides(target), image.inputShape[1])
    let (x, y) = (Place(source), Place(target))
    let height = image.outputHeight
    func offsets(_ axis: Int, _ stride: Int) -> [Int] {
      (0..<image.outputShape[axis]).map { stride * resampling.weightedIndices(axis, $0, image.inputShape, image.outputShape)[0].index }
    }
    let (rows, columns) = (offsets(2, from.row), offsets(3, from.pixel))
    let lines = image.inputShape[0] * height
    builder.emit(
      kernel: "interpolate_nearest_x8", precision: source.elementType,
      isParallel: image.outputShape.elementCount >= ElementLoops.parallelThreshold, reads: [source], writes: [target]
    ) { memory, worker, workers in
      let (start, end) = share(of: lines, worker: worker, workers: workers)
      for line in start..<max(start, end) {
        let (batch, row) = (line / height, line % height)
        let input = memory.address(x) + batch * from.batch + rows[row]
        var output = memory.address(y) + batch * to.batch + row * to.row
        for column in columns {
          output.copyMemory(from: input + column, byteCount: channels)
          output += to.pixel
        }
      }
    }
  }
}

extension Resampling {
  /// What position `x` of an axis of the output is made of.
  fileprivate func weightedIndices(_ axis: Int, _ x: Int, _ input: Shape, _ output: Shape) -> [(index: Int, weight: Float)] {
    doubleTaps(axis, x, input, output).map { ($0.index, Float($0.weight)) }
  }

  fileprivate func doubleTaps(_ axis: Int, _ x: Int, _ input: Shape, _ output: Shape) -> [(index: Int, weight: Double)] {
    guard let position = axes.firstIndex(of: axis) else { return [(x, 1)] }
    if rules.mode == .nearest { return [(nearestIndex(position, x, from: input[axis], to: output[axis]), 1)] }
    return taps(position, x, from: input[axis], to: output[axis]).filter { $0.weight != 0 }.map { ($0.index, $0.weight) }
  }
}

extension GridSample: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let image = ImageOperands(node, builder), image.spatialRank == 2, builder.model.type(of: node.inputs[1]).elementType == .f32
    else { return false }
    let source = builder.input(0, of: node, in: .channelsLast(rank: 4))
    let grid = builder.denseInput(1, of: node)
    let target = builder.target(OutputID(node.id), order: .channelsLast(rank: 4))
    let plan = GridSamplingPlan(
      mode: mode, padding: paddingMode, alignsCorners: alignsCorners, batch: image.inputShape[0], channels: image.inputShape[1],
      height: image.inputHeight, width: image.inputWidth, points: image.outputHeight * image.outputWidth)
    let kernel = ResamplingKernels.function(features: builder.environment.features)
    let (x, y, z) = (Place(source), Place(grid), Place(target.computed))
    builder.emit(
      kernel: "grid_sample_" + kernel.name, isParallel: image.outputShape.elementCount >= ElementLoops.parallelThreshold,
      reads: [source, grid], writes: [target.computed]
    ) { memory, worker, workers in
      plan.run(
        kernel, input: memory.floats(x), grid: memory.floats(y), output: memory.floats(z), worker: worker, workers: workers)
    }
    target.finish(builder)
    return true
  }
}
