import KernelCore
import Kernels

extension IntegerConvolution: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let image = ImageOperands(node, builder, [.u8, .i8]), let weights = try builder.constant(node.inputs[1]),
      let scale = try builder.constant(node.inputs[2]), let zeroPoint = try builder.inputZeroPoint(node)
    else { return false }
    var parameters = convolution.parameters(image, weights: weights.shape)
    guard let fused = try FusedIntegerEpilogue(node, builder, channels: parameters.outputChannels, channelAxis: 1) else { return false }
    // Few channels are gathered from planes as they are; many are worth a change of layout.
    var source = builder.input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) && parameters.inputChannels > 4 {
      source = builder.input(0, of: node, in: .channelsLast(rank: source.shape.count))
    }
    if parameters.groups == parameters.inputChannels && parameters.groups > 1 && parameters.groupOutputChannels > 1 {
      source = builder.emitRepeatedChannels(source, count: parameters.groupOutputChannels)
      parameters.inputChannels = parameters.outputChannels
      parameters.groups = parameters.outputChannels
    }
    let residual = image.residual(fused.residual, builder)
    let reusable = residual.flatMap { residual in
      residual.view.elementType == node.outputs[0].type.elementType && builder.canOverwrite(residual.index, of: node) ? residual.view : nil
    }
    let target = image.target(OutputID(node.id), residual: reusable, builder)
    let kernel = ConvolutionI8(
      parameters, inputStrides: image.strides(source), outputStrides: image.strides(target.computed),
      residualStrides: residual.map { image.strides($0.view) }, inputType: zeroPoint.type, inputZeroPoint: zeroPoint.value,
      epilogue: fused.epilogue, workers: builder.environment.workers, features: builder.environment.features,
      expectedRuns: builder.environment.expectedInferences)
    let scales = fused.scales(scale, channels: parameters.outputChannels)
    let bias = fused.bias
    let packed = builder.derivedConstant(
      from: node.inputs[2], kind: "\(kernel.kernelName) \(fused.packingKey)", byteCount: kernel.packedWeightsByteCount
    ) { bytes in
      weights.withUnsafeBytes { weights in
        scales.withUnsafeBufferPointer { scales in
          bias.withUnsafePointer {
            kernel.packWeights(
              from: weights.assumingMemoryBound(to: Int8.self).baseAddress!, scales: scales.baseAddress!, bias: $0, into: bytes)
          }
        }
      }
    }
    let scratch = builder.scratch(kernel.scratchByteCount)
    let places = ImagePlaces(
      input: Place(source), weights: Place(packed), bias: nil, residual: residual.map { Place($0.view) }, output: Place(target.computed),
      scratch: Place(scratch))
    builder.emit(
      kernel: kernel.kernelName, precision: .i8, isParallel: builder.environment.workers > 1, operations: 2 * parameters.multiplyAdditions,
      reads: [source, packed] + [residual?.view].compactMap { $0 }, writes: [target.computed, scratch]
    ) { memory, worker, workers in
      kernel.run(
        input: memory.address(places.input), weights: memory.address(places.weights), residual: places.residual.map { memory.address($0) },
        output: memory.address(places.output), scratch: memory.address(places.scratch), worker: worker, workers: workers)
    }
    target.finish(builder)
    return true
  }
}

extension IntegerMatMul: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let weights = try builder.constant(node.inputs[1]), let scale = try builder.constant(node.inputs[2]),
      let zeroPoint = try builder.inputZeroPoint(node), let output = node.outputs[0].type.shape.shape, !output.contains(0),
      output.count >= 2, !weights.shape.contains(0)
    else { return false }
    let depth = weights.shape[matMul.transposeB ? 1 : 0]
    let columns = weights.shape[matMul.transposeB ? 0 : 1]
    guard let fused = try FusedIntegerEpilogue(node, builder, channels: columns, channelAxis: output.count - 1) else { return false }
    let product = ProductViews(node, builder, depth: depth, columns: columns, residual: fused.residual)
    var parameters = GEMMI8Parameters(rows: product.rows, columns: columns, depth: depth)
    parameters.aRowStride = product.a.strides[0]
    parameters.residualRowStride = product.residualRowStride
    parameters.cRowStride = product.c.strides[0]
    let kernel = GEMMI8(
      parameters, inputType: zeroPoint.type, inputZeroPoint: zeroPoint.value, epilogue: fused.epilogue,
      workers: builder.environment.workers, features: builder.environment.features)
    let scales = fused.scales(scale, channels: columns)
    let bias = fused.bias
    let packed = builder.derivedConstant(
      from: node.inputs[2], kind: "\(kernel.kernelName) \(fused.packingKey)", byteCount: kernel.packedWeightsByteCount
    ) { bytes in
      weights.withUnsafeBytes { weights in
        scales.withUnsafeBufferPointer { scales in
          bias.withUnsafePointer {
            kernel.packWeights(
              from: weights.assumingMemoryBound(to: Int8.self).baseAddress!, transposed: matMul.transposeB, scales: scales.baseAddress!,
              bias: $0, into: bytes)
          }
        }
      }
    }
    let scratch = builder.scratch(kernel.scratchByteCount)
    let places = ImagePlaces(
      input: Place(product.a), weights: Place(packed), bias: nil, residual: product.residual.map { Place($0) },
      output: Place(product.c), scratch: Place(scratch))
    builder.emit(
      kernel: kernel.kernelName, precision: .i8, isParallel: builder.environment.workers > 1,
      operations: 2 * product.rows * columns * depth, reads: [product.a, packed] + [product.residual].compactMap { $0 },
      writes: [product.c, scratch]
    ) { memory, worker, workers in
      kernel.run(
        a: memory.address(places.input), b: memory.address(places.weights), residual: places.residual.map { memory.address($0) },
        c: memory.address(places.output), scratch: memory.address(places.scratch), worker: worker, workers: workers)
    }
    product.target.finish(builder)
    return true
  }
}

extension PlanBuilder {
  /// The type of an integer product's first operand, and which of its integers stands for zero.
  fileprivate func inputZeroPoint(_ node: Node) throws -> (type: ActivationType, value: Int32)? {
    guard let integers = QuantizedGrid.ofIntegers(model.type(of: node.inputs[0]).elementType),
      let zeroPoint = try constant(node.inputs[3])?.doubles(), zeroPoint.count == 1, zeroPoint[0] == zeroPoint[0].rounded(),
      zeroPoint[0] >= Double(integers.lowest), zeroPoint[0] <= Double(integers.highest)
    else { return nil }
    return (integers.type, Int32(zeroPoint[0]))
  }
}

extension [Float]? {
  fileprivate func withUnsafePointer(_ body: (UnsafePointer<Float>?) -> Void) {
    if let self { self.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
  }
}

extension PlanBuilder {
  /// An image with each channel repeated `count` times, channels last: what makes a depthwise convolution with several outputs a
  /// channel one with a single output.
  fileprivate func emitRepeatedChannels(_ image: View, count: Int) -> View {
    var source = image
    source.shape.insert(count, at: 2)
    source.strides.insert(0, at: 2)
    let rank = source.shape.count
    let repeated = temporary(image.elementType, source.shape, order: AxisOrder(axes: [0] + Array(3..<rank) + [1, 2]))
    emitCopy(from: source, to: repeated)
    var shape = image.shape
    shape[1] *= count
    return repeated.reshaped(to: shape)!
  }
}
