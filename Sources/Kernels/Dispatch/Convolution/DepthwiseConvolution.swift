import KernelCore

/// A convolution of each channel with a window of its own.
final class DepthwiseConvolution: ConvolutionImplementation {
  private let description: ConvolutionDescription
  private let kernel: DepthwiseKernel
  /// The most channels of a call of the kernel.
  private let channelBlock: Int

  var kernelName: String { kernel.name }
  var packedWeightsByteCount: Int {
    let p = description.parameters
    return p.kernelHeight * p.kernelWidth * p.inputChannels.roundedUp(to: kernel.lanes) * 4
  }
  var scratchByteCount: Int { 0 }

  /// Elements of the input that stay near while a row is computed.
  private static let nearElements = 12288
  /// Channels for which a pixel is worth visiting.
  private static let leastChannels = 32

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
    let rows = (kernel.rows - 1) * p.strideHeight + p.kernelHeight
    channelBlock = max(Self.leastChannels, Self.nearElements / (rows * p.inputWidth) / 16 * 16)
  }

  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
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
            source.type == .f32
            ? source.base.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            : Float(source.base.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
          if let factors = source.factors { weight *= factors[channel] }
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

    var rows = DepthwiseRows(
      input: arguments.input, inputPixel: description.input.pixel, inputRow: description.input.row * p.dilationHeight,
      inputStep: description.input.row * p.strideHeight, inputWidth: p.inputWidth,
      weights: arguments.weights.assumingMemoryBound(to: Float.self), kernelHeight: p.kernelHeight, kernelWidth: p.kernelWidth,
      stride: p.strideWidth, dilation: p.dilationWidth, padLeft: p.padLeft, channels: channels, output: arguments.output,
      outputPixel: description.output.pixel, outputRow: description.output.row, outputWidth: p.outputWidth,
      epilogue: description.pixelEpilogue)
    var line = share.lowerBound
    while line < share.upperBound {
      let image = line / p.outputHeight
      let y = line % p.outputHeight
      rows.rows = min(kernel.rows, share.upperBound - line, p.outputHeight - y)
      rows.tapRows = InlineArray(repeating: DepthwiseTapRows(first: 0, end: 0))
      for r in 0..<rows.rows { rows.tapRows[r] = tapRows(y + r) }
      // Few enough channels at a time that what a row shares with the next stays near.
      var channel = first
      while channel < first + channels {
        let count = min(channelBlock, first + channels - channel)
        run(arguments, &rows, image: image, y: y, channel: channel, count: count)
        channel += count
      }
      line += rows.rows
    }
  }

  /// The tap rows of output row `y` that lie inside the image.
  private func tapRows(_ y: Int) -> DepthwiseTapRows {
    let p = description.parameters
    let top = y * p.strideHeight - p.padTop
    let first = top < 0 ? (p.dilationHeight - 1 - top) / p.dilationHeight : 0
    let below = max(0, p.inputHeight - top)
    return DepthwiseTapRows(first: first, end: min(p.kernelHeight, (below + p.dilationHeight - 1) / p.dilationHeight))
  }

  /// Computes `count` channels of the rows from `y` on.
  private func run(_ arguments: ConvolutionArguments, _ rows: inout DepthwiseRows, image: Int, y: Int, channel: Int, count: Int) {
    let p = description.parameters
    let epilogue = description.epilogue
    let late = epilogue.residualAfterActivation
    rows.channels = count
    rows.weights = arguments.weights.assumingMemoryBound(to: Float.self) + channel * p.kernelHeight * p.kernelWidth
    rows.epilogue.bias = arguments.bias.map { $0 + channel }
    rows.input =
      arguments.input + image * description.input.batch + (y * p.strideHeight - p.padTop) * description.input.row + channel
    rows.output = arguments.output + image * description.output.batch + y * description.output.row + channel
    var residual: UnsafePointer<Float>?
    if let pointer = arguments.residual, let strides = description.residual {
      residual = pointer + image * strides.batch + y * strides.row + channel
    }
    rows.epilogue.residual = late && epilogue.activation != nil ? nil : residual
    withUnsafePointer(to: rows) { kernel.run($0) }
    guard epilogue.activation != nil else { return }
    for r in 0..<rows.rows {
      epilogue.activate(
        rows.output + r * rows.outputRow, rowStride: rows.outputPixel, rows: rows.outputWidth, columns: count,
        residual: late ? residual.map { $0 + r * rows.epilogue.residualRow } : nil,
        residualRowStride: rows.epilogue.residualPixel)
    }
  }

  /// About the cycles of the convolution on one processor; most of them load.
  static func cycles(_ description: ConvolutionDescription) -> Double {
    let lanes = depthwiseKernels.best(for: description.features).lanes
    let registers = (description.parameters.inputChannels + lanes - 1) / lanes
    return Double(description.parameters.multiplyAdditions / description.parameters.inputChannels * registers)
  }
}
