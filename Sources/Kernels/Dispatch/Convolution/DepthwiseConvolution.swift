import KernelCore

/// A convolution of each channel with a window of its own.
final class DepthwiseConvolution: ConvolutionImplementation {
  private let description: ConvolutionDescription
  private let kernel: DepthwiseKernel

  var kernelName: String { kernel.name }
  var packedWeightsByteCount: Int {
    let p = description.parameters
    return p.kernelHeight * p.kernelWidth * p.inputChannels.roundedUp(to: kernel.lanes) * 4
  }
  var scratchByteCount: Int { 0 }

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == p.inputChannels && p.groups == p.outputChannels && inputStrides.channel == 1
  }

  init(_ description: ConvolutionDescription) {
    let p = description.parameters
    self.description = description
    let table = depthwiseKernels.supported(by: description.features)
    kernel = table.first {
      guard let width = $0.kernelWidth else { return true }
      return $0.lanes == table[0].lanes && width == p.kernelWidth && $0.stride == p.strideWidth && p.dilationWidth == 1
    }!
  }

  func packWeights(from source: UnsafeRawPointer, _ type: WeightType, into packed: UnsafeMutableRawPointer) {
    let p = description.parameters
    let taps = p.kernelHeight * p.kernelWidth
    let lanes = kernel.lanes
    let target = packed.assumingMemoryBound(to: Float.self)
    for channel in 0..<p.inputChannels.roundedUp(to: lanes) {
      for tap in 0..<taps {
        var weight: Float = 0
        if channel < p.inputChannels {
          let index = channel * taps + tap
          weight =
            type == .f32
            ? source.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            : Float(source.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
        }
        target[(channel / lanes * taps + tap) * lanes + channel % lanes] = weight
      }
    }
  }

  func run(_ arguments: ConvolutionArguments) {
    let p = description.parameters
    let lines = p.batch * p.outputHeight
    // Channels are dealt in pieces of whole lines of the cache.
    let piece = max(kernel.lanes, 16)
    let pieces = (p.inputChannels + piece - 1) / piece
    let grid =
      lines >= 8 * arguments.workers
      ? WorkGrid(rowParts: arguments.workers, panelParts: 1)
      : WorkGrid.best(
        workers: arguments.workers, rowUnits: lines, panels: pieces, unitCost: Double(p.outputWidth), rowUnitOverhead: 16,
        panelOverhead: 0)
    let share = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: lines)
    let dealt = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: pieces)
    let first = dealt.lowerBound * piece
    let channels = min(dealt.upperBound * piece, p.inputChannels) - first
    if share.isEmpty || channels <= 0 { return }

    let epilogue = description.epilogue
    let late = epilogue.residualAfterActivation
    let taps = p.kernelHeight * p.kernelWidth
    var row = DepthwiseRow(
      input: arguments.input, inputPixel: description.input.pixel, inputRow: description.input.row * p.dilationHeight,
      inputWidth: p.inputWidth, weights: arguments.weights.assumingMemoryBound(to: Float.self) + first * taps, firstTapRow: 0,
      tapRows: 0, kernelHeight: p.kernelHeight, kernelWidth: p.kernelWidth, stride: p.strideWidth, dilation: p.dilationWidth,
      padLeft: p.padLeft, channels: channels, output: arguments.output, outputPixel: description.output.pixel,
      outputWidth: p.outputWidth, bias: arguments.bias.map { $0 + first }, residual: nil,
      residualPixel: description.residual?.pixel ?? 0, residualIsLate: late, minimum: epilogue.minimum, maximum: epilogue.maximum)
    for line in share {
      let image = line / p.outputHeight
      let y = line % p.outputHeight
      let top = y * p.strideHeight - p.padTop
      let firstTap = top < 0 ? (p.dilationHeight - 1 - top) / p.dilationHeight : 0
      let below = max(0, p.inputHeight - top)
      let endTap = min(p.kernelHeight, (below + p.dilationHeight - 1) / p.dilationHeight)
      row.firstTapRow = firstTap
      row.tapRows = max(0, endTap - firstTap)
      row.input = arguments.input + image * description.input.batch + (top + firstTap * p.dilationHeight) * description.input.row + first
      row.output = arguments.output + image * description.output.batch + y * description.output.row + first
      var residual: UnsafePointer<Float>?
      if let pointer = arguments.residual, let strides = description.residual {
        residual = pointer + image * strides.batch + y * strides.row + first
      }
      row.residual = late && epilogue.activation != nil ? nil : residual
      withUnsafePointer(to: row) { kernel.run($0) }
      if epilogue.activation != nil {
        epilogue.activate(
          row.output, rowStride: row.outputPixel, rows: row.outputWidth, columns: channels, residual: late ? residual : nil,
          residualRowStride: row.residualPixel)
      }
    }
  }

  /// About the cycles of the convolution on one processor; most of them load.
  static func cycles(_ description: ConvolutionDescription) -> Double {
    let lanes = depthwiseKernels.supported(by: description.features)[0].lanes
    let registers = (description.parameters.inputChannels + lanes - 1) / lanes
    return Double(description.parameters.multiplyAdditions / description.parameters.inputChannels * registers)
  }
}
