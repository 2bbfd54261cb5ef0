import KernelCore
import Kernels

extension MaxPool: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if node.outputs.count > 1 && !builder.model.users(of: OutputID(node.id, 1)).isEmpty { return false }
    return builder.lowerPooling(pooling, .maximum, node)
  }
}

extension AvgPool: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let isDilated = pooling.kernel.indices.contains { pooling.window.dilation($0) > 1 }
    if isDilated && !excludePad { return false }
    return builder.lowerPooling(pooling, excludePad ? .averageExcludingPad : .averageIncludingPad, node)
  }
}

extension PlanBuilder {
  /// Emits a pooling of channels-last images.
  func lowerPooling(_ pooling: Pooling, _ operation: PoolingOperation, _ node: Node) -> Bool {
    if let grid = QuantizedGrid.ofIntegers(model.type(of: node.inputs[0]).elementType) {
      // The greatest integer stands for the greatest number, whatever the grid.
      return operation == .maximum && lowerIntegerPooling(pooling, operation, node, from: grid, to: .quantized(grid))
    }
    guard let image = ImageOperands(node, self) else { return false }
    var source = input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) { source = input(0, of: node, in: .channelsLast(rank: source.shape.count)) }
    let target = image.target(OutputID(node.id), residual: nil, self)
    let geometry = PoolingGeometry(pooling, image, from: image.strides(source), to: image.strides(target.computed))
    let kernel = PoolingKernels.function(for: operation, features: environment.features)
    let (x, y) = (Place(source), Place(target.computed))
    emit(
      kernel: kernel.name, isParallel: image.outputShape.elementCount >= ElementLoops.parallelThreshold,
      operations: image.outputShape.elementCount * pooling.kernel.reduce(1, *), reads: [source], writes: [target.computed]
    ) { memory, worker, workers in
      withUnsafePointer(to: geometry) { kernel.run($0, memory.floats(x), memory.floats(y), worker, workers) }
    }
    target.finish(self)
    return true
  }
}

extension PoolingGeometry {
  /// The windows of a pooling of images that lie with these strides.
  init(_ pooling: Pooling, _ image: ImageOperands, from: ImageStrides, to: ImageStrides) {
    func axis(_ spatial: Int, _ input: Int, _ output: Int, _ inputStride: Int, _ outputStride: Int) -> Axis {
      guard spatial >= 0 else {
        return Axis(input: 1, output: 1, kernel: 1, stride: 1, inputStride: inputStride, outputStride: outputStride)
      }
      let pads = pooling.window.padding(input: input, kernel: pooling.kernel[spatial], axis: spatial)
      return Axis(
        input: input, output: output, kernel: pooling.kernel[spatial], stride: pooling.window.stride(spatial),
        dilation: pooling.window.dilation(spatial), padBegin: pads.begin, padEnd: pads.end, inputStride: inputStride,
        outputStride: outputStride)
    }
    self.init(
      batch: image.inputShape[0], channels: image.inputShape[1],
      height: axis(image.spatialRank - 2, image.inputHeight, image.outputHeight, from.row, to.row),
      width: axis(image.spatialRank - 1, image.inputWidth, image.outputWidth, from.pixel, to.pixel), inputBatchStride: from.batch,
      outputBatchStride: to.batch)
  }
}
