import KernelCore
import Kernels

extension Convolution: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let image = ImageOperands(node, builder), let weights = try builder.scaledWeights(1, of: node), weights.storedType != nil
    else { return false }
    let parameters = parameters(image, weights: weights.tensor.shape)
    let type = weights.packedType(builder.environment.precision)
    let expectedRuns = builder.environment.expectedInferences
    return try builder.emitConvolution(parameters, image, node, weights, type) {
      input, output, residual, epilogue, workers, features in
      ConvolutionF32(
        parameters, inputStrides: input, outputStrides: output, residualStrides: residual, epilogue: epilogue, weightType: type,
        workers: workers, features: features, expectedRuns: expectedRuns,
        readsStoredWeights: weights.areStoredHalves ? nil : false)
    }
  }
}

extension Convolution {
  /// The convolution in the kernels' terms.
  func parameters(_ image: ImageOperands, weights: Shape) -> ConvolutionParameters {
    let kernel = Array(weights[(isGrouped ? 3 : 2)...])
    let (y, x) = (image.spatialRank - 2, image.spatialRank - 1)
    var parameters = ConvolutionParameters(
      batch: image.inputShape[0], groups: isGrouped ? weights[0] : 1, inputChannels: image.inputShape[1],
      outputChannels: image.outputShape[1], inputHeight: image.inputHeight, inputWidth: image.inputWidth, outputHeight: image.outputHeight,
      outputWidth: image.outputWidth, kernelHeight: y < 0 ? 1 : kernel[y], kernelWidth: kernel[x])
    parameters.strideWidth = window.stride(x)
    parameters.dilationWidth = window.dilation(x)
    parameters.padLeft = window.padding(input: image.inputWidth, kernel: kernel[x], axis: x).begin
    if y >= 0 {
      parameters.strideHeight = window.stride(y)
      parameters.dilationHeight = window.dilation(y)
      parameters.padTop = window.padding(input: image.inputHeight, kernel: kernel[y], axis: y).begin
    }
    return parameters
  }
}

extension ConvolutionBackpropData: LowerableOperator {
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { .channelsLast(rank: rank) }

  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let image = ImageOperands(node, builder), let tensor = try builder.weights(1, of: node) else { return false }
    let weights = ScaledWeights(tensor: tensor, factors: nil)
    guard weights.storedType != nil else { return false }
    let type = weights.packedType(builder.environment.precision)
    let kernel = Array(tensor.shape[(isGrouped ? 3 : 2)...])
    let (y, x) = (image.spatialRank - 2, image.spatialRank - 1)
    let hasShape = node.ownInputCount > 2
    func pad(_ axis: Int, _ input: Int, _ output: Int) -> Int {
      hasShape || window.autoPad == .explicit ? padBegin(input: input, output: output, kernel: kernel[axis], axis: axis) : 0
    }
    var parameters = ConvolutionParameters(
      batch: image.inputShape[0], groups: isGrouped ? tensor.shape[0] : 1, inputChannels: image.inputShape[1],
      outputChannels: image.outputShape[1], inputHeight: image.inputHeight, inputWidth: image.inputWidth, outputHeight: image.outputHeight,
      outputWidth: image.outputWidth, kernelHeight: y < 0 ? 1 : kernel[y], kernelWidth: kernel[x])
    parameters.strideWidth = window.stride(x)
    parameters.dilationWidth = window.dilation(x)
    parameters.padLeft = pad(x, image.inputWidth, image.outputWidth)
    if y >= 0 {
      parameters.strideHeight = window.stride(y)
      parameters.dilationHeight = window.dilation(y)
      parameters.padTop = pad(y, image.inputHeight, image.outputHeight)
    }
    return try builder.emitConvolution(parameters, image, node, weights, type) { input, output, residual, epilogue, workers, features in
      TransposedConvolutionF32(
        parameters, inputStrides: input, outputStrides: output, residualStrides: residual, epilogue: epilogue, weightType: type,
        workers: workers, features: features)
    }
  }
}

/// A convolution kernel with everything bound but the addresses.
protocol BoundConvolution: Sendable {
  var kernelName: String { get }
  var packedWeightsByteCount: Int { get }
  /// Whether it runs with weights as the model stores them instead of packed ones.
  var readsStoredWeights: Bool { get }
  var scratchByteCount: Int { get }
  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer)
  func run(
    input: UnsafePointer<Float>, weights: UnsafeRawPointer, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int)
}

extension ConvolutionF32: BoundConvolution {}
extension TransposedConvolutionF32: BoundConvolution {
  var readsStoredWeights: Bool { false }
}

extension PlanBuilder {
  /// Emits a convolution that `bind` makes for the layouts of the operands.
  func emitConvolution<Bound: BoundConvolution>(
    _ parameters: ConvolutionParameters, _ image: ImageOperands, _ node: Node, _ weights: ScaledWeights, _ type: WeightType,
    bind: (ImageStrides, ImageStrides, ImageStrides?, Epilogue, Int, CPUFeatures) -> Bound
  ) throws -> Bool {
    let fused = try FusedEpilogue(node, self, channels: parameters.outputChannels, channelAxis: 1)
    // Few channels are gathered from planes as they are; many are worth a change of layout.
    var source = input(0, of: node)
    if !ImageOperands.hasNeighbouringChannels(source) && parameters.inputChannels > 4 {
      source = input(0, of: node, in: .channelsLast(rank: source.shape.count))
    }
    let residual = image.residual(fused.residual, self)
    let target = image.target(OutputID(node.id), residual: residual.flatMap { canOverwrite($0.index, of: node) ? $0.view : nil }, self)
    let convolution = bind(
      image.strides(source), image.strides(target.computed), residual.map { image.strides($0.view) }, fused.epilogue, environment.workers,
      environment.features)
    let kernelWeights =
      convolution.readsStoredWeights
      ? constantView(weights.tensor)
      : derivedConstant(
        from: node.inputs[1], kind: "\(convolution.kernelName) \(type)", byteCount: convolution.packedWeightsByteCount
      ) { bytes in
        weights.withSource { convolution.packWeights($0, into: bytes) }
      }
    let scratch = scratch(convolution.scratchByteCount)
    let places = ImagePlaces(
      input: Place(source), weights: Place(kernelWeights), bias: fused.bias.map { Place($0) }, residual: residual.map { Place($0.view) },
      output: Place(target.computed), scratch: Place(scratch))
    emit(
      kernel: convolution.kernelName, isParallel: environment.workers > 1, operations: 2 * parameters.multiplyAdditions,
      reads: [source, kernelWeights] + [fused.bias, residual?.view].compactMap { $0 }, writes: [target.computed, scratch]
    ) { memory, worker, workers in
      convolution.run(
        input: memory.floats(places.input), weights: memory.address(places.weights),
        bias: places.bias.map { memory.floats($0) },
        residual: places.residual.map { memory.floats($0) }, output: memory.floats(places.output),
        scratch: memory.address(places.scratch), worker: worker, workers: workers)
    }
    target.finish(self)
    return true
  }
}

/// Where the operands of an image kernel lie.
struct ImagePlaces: Sendable {
  let input: Place
  let weights: Place
  let bias: Place?
  let residual: Place?
  let output: Place
  let scratch: Place
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

  /// `nil` when the data are not images of one or two spatial axes with elements of one of `types`, or are empty.
  init?(_ node: Node, _ builder: PlanBuilder, _ types: Set<ElementType> = [.f32]) {
    let (from, to) = (builder.model.type(of: node.inputs[0]), node.outputs[0].type)
    guard types.contains(from.elementType), let input = from.shape.shape, let output = to.shape.shape, (3...4).contains(input.count),
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
  func residual(_ residual: (view: View, index: Int)?, _ builder: PlanBuilder) -> (view: View, index: Int)? {
    guard let residual else { return nil }
    if ImageOperands.hasNeighbouringChannels(residual.view) { return residual }
    let copy = builder.temporary(residual.view.elementType, residual.view.shape, order: .channelsLast(rank: residual.view.shape.count))
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
    return Target(computed: builder.temporary(final.elementType, outputShape, order: order), final: final)
  }
}
