import KernelCore
import Kernels

extension Convolution: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    let output = OutputID(node.id)
    guard let image = ImageOperands(node, builder), let weights = try builder.weights(1, of: node), let type = WeightType(weights.elementType)
    else { return false }
    let kernel = Array(weights.shape[(isGrouped ? 3 : 2)...])
    let (y, x) = (image.spatialRank - 2, image.spatialRank - 1)
    let groups = isGrouped ? weights.shape[0] : 1
    let inputChannels = image.inputShape[1]
    var parameters = ConvolutionParameters(
      batch: image.inputShape[0], groups: groups, inputChannels: inputChannels, outputChannels: image.outputShape[1],
      inputHeight: image.inputHeight, inputWidth: image.inputWidth, outputHeight: image.outputHeight, outputWidth: image.outputWidth,
      kernelHeight: y < 0 ? 1 : kernel[y], kernelWidth: kernel[x])
    parameters.strideWidth = window.stride(x)
    parameters.dilationWidth = window.dilation(x)
    parameters.padLeft = window.padding(input: image.inputWidth, kernel: kernel[x], axis: x).begin
    if y >= 0 {
      parameters.strideHeight = window.stride(y)
      parameters.dilationHeight = window.dilation(y)
      parameters.padTop = window.padding(input: image.inputHeight, kernel: kernel[y], axis: y).begin
    }
    let fused = try FusedEpilogue(node, builder, channels: parameters.outputChannels, channelAxis: 1)
    // Few channels are gathered from planes as they are; many are worth a change of layout.
    var source = builder.input(0, of: node)
    if inputChannels > 1 && source.strides[1] != 1 && inputChannels > 4 {
      source = builder.input(0, of: node, in: .channelsLast(rank: source.shape.count))
    }
    let residual = image.residual(fused, builder)
    let target = image.target(output, residual: residual.flatMap { builder.canOverwrite($0.index, of: node) ? $0.view : nil }, builder)
    let convolution = ConvolutionF32(
      parameters, inputStrides: image.strides(source), outputStrides: image.strides(target.computed),
      residualStrides: residual.map { image.strides($0.view) }, epilogue: fused.epilogue, weightType: type,
      workers: builder.environment.workers, features: builder.environment.features)
    let packed = builder.derivedConstant(
      from: node.inputs[1], kind: "\(convolution.kernelName) \(type)", byteCount: convolution.packedWeightsByteCount
    ) { bytes in
      weights.withUnsafeBytes { convolution.packWeights(from: $0.baseAddress!, type, into: bytes) }
    }
    let scratch = builder.scratch(convolution.scratchByteCount)
    let places = ImagePlaces(
      input: Place(source), weights: Place(packed), bias: fused.bias.map { Place($0) }, residual: residual.map { Place($0.view) },
      output: Place(target.computed), scratch: Place(scratch))
    builder.emit(
      kernel: convolution.kernelName, isParallel: builder.environment.workers > 1, operations: 2 * parameters.multiplyAdditions,
      reads: [source, packed] + [fused.bias, residual?.view].compactMap { $0 }, writes: [target.computed, scratch]
    ) { memory, worker, workers in
      convolution.run(
        input: places.floats(memory, places.input), weights: memory.address(places.weights), bias: places.bias.map { places.floats(memory, $0) },
        residual: places.residual.map { places.floats(memory, $0) }, output: places.floats(memory, places.output),
        scratch: memory.address(places.scratch), worker: worker, workers: workers)
    }
    target.finish(builder)
    return true
  }
}

extension ConvolutionBackpropData: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { false }
}

/// Where the operands of an image kernel lie.
struct ImagePlaces: Sendable {
  let input: Place
  let weights: Place
  let bias: Place?
  let residual: Place?
  let output: Place
  let scratch: Place

  @inline(__always) func floats(_ memory: StepMemory, _ place: Place) -> UnsafeMutablePointer<Float> {
    memory.address(place).assumingMemoryBound(to: Float.self)
  }
}

extension WeightType {
  init?(_ type: ElementType) {
    switch type {
    case .f32: self = .f32
    case .f16: self = .f16
    default: return nil
    }
  }
}

/// The shapes and strides of a node that turns images of one or two spatial axes into images; a single axis is a row of height 1.
struct ImageOperands {
  let inputShape: Shape
  let outputShape: Shape

  /// `nil` when the data are not `f32` images of one or two spatial axes, or are empty.
  init?(_ node: Node, _ builder: PlanBuilder) {
    let (from, to) = (builder.model.type(of: node.inputs[0]), node.outputs[0].type)
    guard from.elementType == .f32, let input = from.shape.shape, let output = to.shape.shape, (3...4).contains(input.count),
      input.count == output.count, !input.contains(0), !output.contains(0)
    else { return nil }
    inputShape = input
    outputShape = output
  }

  var spatialRank: Int { inputShape.count - 2 }
  var inputHeight: Int { spatialRank == 2 ? inputShape[2] : 1 }
  var inputWidth: Int { inputShape.last! }
  var outputHeight: Int { spatialRank == 2 ? outputShape[2] : 1 }
  var outputWidth: Int { outputShape.last! }

  /// A view's strides in the kernels' terms.
  func strides(_ view: View) -> ImageStrides {
    let row = spatialRank == 2 ? view.strides[2] : 0
    return ImageStrides(batch: view.strides[0], row: row, pixel: view.strides.last!, channel: view.shape[1] == 1 ? 1 : view.strides[1])
  }

  /// Whether a view's channels are neighbours.
  static func hasNeighbouringChannels(_ view: View) -> Bool { view.shape[1] == 1 || view.strides[1] == 1 }

  /// The residual in a layout that kernels take.
  func residual(_ fused: FusedEpilogue, _ builder: PlanBuilder) -> (view: View, index: Int)? {
    guard let residual = fused.residual else { return nil }
    if ImageOperands.hasNeighbouringChannels(residual.view) { return residual }
    let copy = builder.temporary(.f32, residual.view.shape, order: .channelsLast(rank: residual.view.shape.count))
    builder.emitCopy(from: residual.view, to: copy)
    return (copy, residual.index)
  }

  /// Where the kernel writes, and where the value is to lie when that is elsewhere.
  struct Target {
    let computed: View
    let final: View

    func finish(_ builder: PlanBuilder) {
      if computed != final { builder.emitCopy(from: computed, to: final) }
    }
  }

  /// Memory for the output: the residual's own when it dies here, the place in a Concat, or channels-last memory.
  func target(_ output: OutputID, residual: View?, _ builder: PlanBuilder) -> Target {
    if let residual, !builder.isPlaced(output), residual.shape == outputShape {
      builder.bind(output, to: residual)
      return Target(computed: residual, final: residual)
    }
    let order = AxisOrder.channelsLast(rank: outputShape.count)
    let final = builder.allocate(output, order: order)
    if ImageOperands.hasNeighbouringChannels(final) { return Target(computed: final, final: final) }
    return Target(computed: builder.temporary(.f32, outputShape, order: order), final: final)
  }
}
