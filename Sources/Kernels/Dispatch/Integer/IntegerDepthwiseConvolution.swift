import KernelCore

/// A convolution of each channel of 8-bit integers with a window of its own.
final class IntegerDepthwiseConvolution: IntegerConvolutionImplementation {
  private let description: IntegerConvolutionDescription
  private let kernel: IntegerDepthwiseKernel
  private let scaling: IntegerScaling
  private let stage: IntegerStage
  private let secondStage: IntegerSecondStage?

  var kernelName: String { kernel.name }
  private var tapRowPairs: Int { (description.parameters.kernelHeight + 1) / 2 }
  private var weightStride: Int {
    IntegerDepthwiseRow.weightStride(
      lanes: kernel.lanes, kernelHeight: description.parameters.kernelHeight, kernelWidth: description.parameters.kernelWidth)
  }
  var packedWeightsByteCount: Int { description.parameters.inputChannels.roundedUp(to: kernel.lanes) / kernel.lanes * weightStride }

  // Of a worker: the rows that taps see, a pixel of padding, and a row of the first stage.
  private var tapRowBytes: Int { (2 * tapRowPairs * MemoryLayout<IntegerTapRow>.stride).roundedUp(to: 64) }
  private var paddingBytes: Int { description.parameters.inputChannels.roundedUp(to: 64) }
  var scratchByteCount: Int {
    let p = description.parameters
    let staged = secondStage?.needsMemory == true ? (4 * p.outputWidth * p.inputChannels).roundedUp(to: 64) : 0
    return tapRowBytes + paddingBytes + staged
  }

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == p.inputChannels && p.groups == p.outputChannels && inputStrides.channel == 1
  }

  convenience init(_ description: IntegerConvolutionDescription) {
    let p = description.parameters
    let table = integerDepthwiseKernels.supported(by: description.features)
    let kernel = table.first {
      guard let width = $0.kernelWidth else { return true }
      return $0.lanes == table[0].lanes && width == p.kernelWidth && $0.stride == p.strideWidth && p.dilationWidth == 1
    }!
    self.init(description, kernel)
  }

  init(_ description: IntegerConvolutionDescription, _ kernel: IntegerDepthwiseKernel) {
    self.description = description
    self.kernel = kernel
    scaling = IntegerScaling(description.epilogue)
    stage = IntegerStage(description.epilogue, scaling)
    secondStage = IntegerSecondStage(description.epilogue, scaling, description.features)
  }

  func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer
  ) {
    let p = description.parameters
    let lanes = kernel.lanes
    let taps = p.kernelHeight * p.kernelWidth
    packed.initializeMemory(as: UInt8.self, repeating: 0, count: packedWeightsByteCount)
    for channel in 0..<p.inputChannels {
      let base = packed + channel / lanes * weightStride
      let lane = channel % lanes
      let words = base.assumingMemoryBound(to: Int16.self)
      var sum: Int32 = 0
      for y in 0..<p.kernelHeight {
        for x in 0..<p.kernelWidth {
          let weight = source[channel * taps + y * p.kernelWidth + x]
          words[2 * ((3 + y / 2 * p.kernelWidth + x) * lanes + lane) + y % 2] = Int16(weight)
          sum &+= Int32(weight)
        }
      }
      base.assumingMemoryBound(to: Int32.self)[lane] = 0 &- Int32(description.zeroPoint) &* sum
      let floats = base.assumingMemoryBound(to: Float.self)
      floats[lanes + lane] = scaling.multiplier(scale: scales[channel])
      floats[2 * lanes + lane] = scaling.addend(bias: bias?[channel] ?? 0)
    }
  }

  func run(_ arguments: IntegerConvolutionArguments) {
    let p = description.parameters
    let lines = p.batch * p.outputHeight
    // Channels are dealt in pieces of whole lines of the cache.
    let piece = 64
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

    let tapRows = arguments.scratch.assumingMemoryBound(to: IntegerTapRow.self)
    let padding = arguments.scratch + tapRowBytes
    padding.initializeMemory(
      as: UInt8.self, repeating: UInt8(truncatingIfNeeded: description.inputZeroPoint), count: p.inputChannels)
    let staged = padding + paddingBytes
    let usesStaged = secondStage?.needsMemory == true
    let outputSize = description.epilogue.output.type.byteCount
    let residualSize = description.epilogue.residual?.type.byteCount ?? 1
    var row = IntegerDepthwiseRow(
      tapRows: tapRows, kernelHeight: p.kernelHeight, padding: padding, flip: description.flip, inputWidth: p.inputWidth,
      weights: arguments.weights + first / kernel.lanes * weightStride, kernelWidth: p.kernelWidth, stride: p.strideWidth,
      dilation: p.dilationWidth, padLeft: p.padLeft, channels: channels, output: staged,
      outputPixel: (usesStaged ? channels : description.output.pixel) * stage.outputType.byteCount, outputWidth: p.outputWidth,
      stage: stage, residual: nil, residualPixel: (description.residual?.pixel ?? 0) * residualSize)
    for line in share {
      let image = line / p.outputHeight
      let y = line % p.outputHeight
      for tap in 0..<2 * tapRowPairs {
        let inputY = y * p.strideHeight - p.padTop + tap * p.dilationHeight
        let isInside = tap < p.kernelHeight && inputY >= 0 && inputY < p.inputHeight
        tapRows[tap] =
          isInside
          ? IntegerTapRow(
            base: arguments.input + (image * description.input.batch + inputY * description.input.row + first),
            pixel: description.input.pixel)
          : IntegerTapRow(base: UnsafeRawPointer(padding), pixel: 0)
      }
      let output = arguments.output + (image * description.output.batch + y * description.output.row + first) * outputSize
      if !usesStaged { row.output = output }
      var residual: UnsafeRawPointer?
      if let pointer = arguments.residual, let strides = description.residual {
        residual = pointer + (image * strides.batch + y * strides.row + first) * residualSize
      }
      row.residual = stage.hasResidual ? residual : nil
      withUnsafePointer(to: row) { kernel.run($0) }
      secondStage?.run(
        row.output.assumingMemoryBound(to: Float.self), rowStride: row.outputPixel / 4, rows: p.outputWidth, columns: channels,
        residual: residual, residualRowStride: description.residual?.pixel ?? 0, output: output,
        outputRowStride: description.output.pixel)
    }
  }
}
