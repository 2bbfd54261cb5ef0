import KernelCore
import Kernels

extension IntegerAvgPool: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let isDilated = average.pooling.kernel.indices.contains { average.pooling.window.dilation($0) > 1 }
    guard average.excludePad || !isDilated,
      let grid = try QuantizedGrid(
        builder.model.type(of: node.inputs[0]).elementType, scale: node.inputs[1], zeroPoint: node.inputs[2], builder),
      let fused = try FusedIntegerEpilogue(node, builder, channels: 1, channelAxis: 0)
    else { return false }
    // Multipliers as they are, not the quotient of the scales: it decides the many ties that averages have.
    let quantize = try node.postOperations.first.map { try builder.constant(node.inputs[$0.operands[0]])!.doubles()[0] }
    return builder.lowerIntegerPooling(
      average.pooling, average.excludePad ? .averageExcludingPad : .averageIncludingPad, node, from: grid, to: fused.epilogue.output,
      multiplier: quantize.map { grid.scale * Float($0) })
  }
}

extension PlanBuilder {
  /// Emits a pooling of channels-last images of 8-bit integers.
  func lowerIntegerPooling(
    _ window: Pooling, _ operation: PoolingOperation, _ node: Node, from grid: QuantizedGrid, to format: ActivationFormat,
    multiplier: Float? = nil
  ) -> Bool {
    guard let image = ImageOperands(node, self, [.u8, .i8]) else { return false }
    var source = input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) { source = input(0, of: node, in: .channelsLast(rank: source.shape.count)) }
    let target = image.target(OutputID(node.id), residual: nil, self)
    var pooling = IntegerPooling(
      PoolingGeometry(window, image, from: image.strides(source), to: image.strides(target.computed)), input: grid, output: format)
    if let multiplier { pooling.multiplier = multiplier }
    let work = pooling
    let kernel = IntegerPoolingKernels.function(for: operation, features: environment.features)
    let (x, y) = (Place(source), Place(target.computed))
    emit(
      kernel: kernel.name, precision: .i8, isParallel: image.outputShape.elementCount >= ElementLoops.parallelThreshold,
      operations: image.outputShape.elementCount * window.kernel.reduce(1, *), reads: [source], writes: [target.computed]
    ) { memory, worker, workers in
      withUnsafePointer(to: work) { kernel.run($0, memory.address(x), memory.address(y), worker, workers) }
    }
    target.finish(self)
    return true
  }
}
