import KernelCore
import Kernels

extension Interpolate: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  /// Height and width of images, with at most two taps an axis.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let image = ImageOperands(node, builder, [.f32, .u8, .i8]), image.spatialRank == 2,
      !(padsBegin + padsEnd).contains(where: { $0 != 0 }),
      image.inputShape[..<2] == image.outputShape[..<2]
    else { return false }
    let values = try node.inputs.indices.map { $0 == 0 ? nil : try builder.constant(node.inputs[$0]) }
    guard values.dropFirst().allSatisfy({ $0 != nil }) else { return false }
    let operands = Operands(types: node.inputs.map { builder.model.type(of: $0) }, constant: { values[$0] })
    let resampling = try resampling(operands, from: image.inputShape, to: image.outputShape)
    guard let rows = taps(resampling, axis: 2, image), let columns = taps(resampling, axis: 3, image) else { return false }
    var source = builder.input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) { source = builder.input(0, of: node, in: .channelsLast(rank: 4)) }
    let target = image.target(OutputID(node.id), residual: nil, builder)
    let (from, to) = (image.strides(source), image.strides(target.computed))
    let geometry = InterpolationGeometry(
      batch: image.inputShape[0], channels: image.inputShape[1], outputHeight: image.outputHeight, outputWidth: image.outputWidth,
      inputBatchStride: from.batch, inputRowStride: from.row, inputPixelStride: from.pixel, outputBatchStride: to.batch,
      outputRowStride: to.row, outputPixelStride: to.pixel)
    let isNearest = resampling.rules.mode == .nearest
    if source.elementType != .f32 {
      guard isNearest else { return false }
      emitNearest(rows.map { Int($0.low) * from.row }, columns.map { Int($0.low) * from.pixel }, image, source, target.computed, builder)
      target.finish(builder)
      return true
    }
    let kernel = InterpolationKernels.function(for: isNearest ? .nearest : .bilinear, features: builder.environment.features)
    let (x, y) = (Place(source), Place(target.computed))
    let count = image.outputShape.elementCount
    builder.emit(
      kernel: kernel.name, isParallel: count >= ElementLoops.parallelThreshold, operations: (isNearest ? 0 : 7) * count, reads: [source],
      writes: [target.computed]
    ) { memory, worker, workers in
      withUnsafePointer(to: geometry) { geometry in
        rows.withUnsafeBufferPointer { rows in
          columns.withUnsafeBufferPointer { columns in
            kernel.run(
              geometry, rows.baseAddress!, columns.baseAddress!, memory.address(x).assumingMemoryBound(to: Float.self),
              memory.address(y).assumingMemoryBound(to: Float.self), worker, workers)
          }
        }
      }
    }
    target.finish(builder)
    return true
  }

  /// Copies the channels of the nearest pixel to each one, for images of bytes.
  ///
  /// `rows`, `columns`: where the nearest row, and in it the nearest pixel, begins.
  private func emitNearest(
    _ rows: [Int], _ columns: [Int], _ image: ImageOperands, _ source: View, _ target: View, _ builder: PlanBuilder
  ) {
    let (from, to, channels) = (image.strides(source), image.strides(target), image.inputShape[1])
    let (x, y) = (Place(source), Place(target))
    let height = image.outputHeight
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

  /// What each position of an output axis is made of; `nil` when that is more than two elements.
  private func taps(_ resampling: Resampling, axis: Int, _ image: ImageOperands) -> [InterpolationTap]? {
    let (length, target) = (image.inputShape[axis], image.outputShape[axis])
    guard let position = resampling.axes.firstIndex(of: axis) else {
      return (0..<target).map { InterpolationTap(low: Int32($0), high: Int32($0), lowWeight: 1, highWeight: 0) }
    }
    if resampling.rules.mode == .nearest {
      return (0..<target).map { x in
        let index = Int32(resampling.nearestIndex(position, x, from: length, to: target))
        return InterpolationTap(low: index, high: index, lowWeight: 1, highWeight: 0)
      }
    }
    var result: [InterpolationTap] = []
    for x in 0..<target {
      let taps = resampling.taps(position, x, from: length, to: target).filter { $0.weight != 0 }
      guard let first = taps.first, taps.count <= 2 else { return nil }
      let last = taps.count == 2 ? taps[1] : Resampling.Tap(index: first.index, weight: 0)
      result.append(
        InterpolationTap(
          low: Int32(first.index), high: Int32(last.index), lowWeight: Float(first.weight), highWeight: Float(last.weight)))
    }
    return result
  }
}
