import KernelCore

/// A convolution of each channel of 8-bit integers with a window of its own.
final class IntegerDepthwiseConvolution: IntegerConvolutionImplementation {
  private let description: IntegerConvolutionDescription
  private let kernel: IntegerDepthwiseKernel
  private let scaling: IntegerScaling
  private let stage: IntegerStage
  private let secondStage: IntegerSecondStage?
  /// Rows of pairs that a call of the kernel sees, their columns, and the most channels of a pass.
  private let pairRowCount: Int
  private let pairColumns: Int
  private let passChannels: Int
  private let weightStride: Int

  var kernelName: String { kernel.name }
  var packedWeightsByteCount: Int { description.parameters.inputChannels.roundedUp(to: kernel.lanes) / kernel.lanes * weightStride }

  // Of a worker: the rows that taps see, a pixel of padding, rows of pairs, and rows of the first stage.
  private var tapRowBytes: Int { (2 * pairRowCount * MemoryLayout<IntegerTapRow>.stride).roundedUp(to: 64) }
  private var paddingBytes: Int { description.parameters.inputChannels.roundedUp(to: 64) }
  private var pairRowBytes: Int { Self.pairRowBytes(columns: pairColumns, channels: passChannels, lanes: kernel.lanes) }
  private var stagedBytes: Int {
    let p = description.parameters
    return secondStage?.needsMemory == true ? (4 * kernel.rows * p.outputWidth * passChannels).roundedUp(to: 64) : 0
  }
  var scratchByteCount: Int { tapRowBytes + paddingBytes + pairRowCount * pairRowBytes + stagedBytes }

  /// Channels are dealt, and cut, in pieces of whole lines of the cache.
  private static let piece = 64
  /// Bytes of rows of pairs that stay in the second cache.
  private static let pairBytes = CacheSizes.current.second / 4

  /// Registers that reach beyond the last channel, and padding, write and read some bytes more.
  private static func pairRowBytes(columns: Int, channels: Int, lanes: Int) -> Int {
    (2 * columns * channels + 4 * lanes).roundedUp(to: 64)
  }

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == p.inputChannels && p.groups == p.outputChannels && inputStrides.channel == 1
  }

  convenience init(_ description: IntegerConvolutionDescription) {
    let table = integerDepthwiseKernels.supported(by: description.features)
    self.init(description, table.first { $0.lanes == table[0].lanes && $0.fits(description.parameters) }!)
  }

  init(_ description: IntegerConvolutionDescription, _ kernel: IntegerDepthwiseKernel) {
    let p = description.parameters
    self.description = description
    self.kernel = kernel
    scaling = IntegerScaling(description.epilogue)
    stage = IntegerStage(description.epilogue, scaling)
    secondStage = IntegerSecondStage(description.epilogue, scaling, description.features)
    let pairRowCount = (p.kernelHeight + kernel.rows) / 2
    pairColumns = p.inputColumns(p.outputWidth.roundedUp(to: kernel.pixels))
    self.pairRowCount = pairRowCount
    let channelBytes = pairRowCount * 2 * pairColumns
    passChannels = min(p.inputChannels, max(Self.piece, Self.pairBytes / channelBytes / Self.piece * Self.piece))
    weightStride = 4 * kernel.lanes * (3 + pairRowCount * kernel.rows * p.kernelWidth)
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
          sum &+= Int32(weight)
          // The row of the output that is `row` rows further sees it as many rows further.
          for row in 0..<kernel.rows {
            let place = ((y + row) / 2 * kernel.rows + row) * p.kernelWidth + x
            words[2 * ((3 + place) * lanes + lane) + (y + row) % 2] = Int16(weight)
          }
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
    // Rows of the output are dealt as the kernel computes them.
    let unitsPerImage = (p.outputHeight + kernel.rows - 1) / kernel.rows
    let units = p.batch * unitsPerImage
    let pieces = (p.inputChannels + Self.piece - 1) / Self.piece
    let grid = WorkGrid.depthwise(workers: arguments.workers, lines: units, width: p.outputWidth, pieces: pieces)
    let share = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: units)
    let dealt = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: pieces)
    let end = min(dealt.upperBound * Self.piece, p.inputChannels)
    var first = dealt.lowerBound * Self.piece
    if share.isEmpty || first >= end { return }
    let padding = arguments.scratch + tapRowBytes
    padding.initializeMemory(
      as: UInt8.self, repeating: UInt8(truncatingIfNeeded: description.inputZeroPoint), count: p.inputChannels)
    while first < end {
      let count = min(passChannels, end - first)
      runPass(arguments, firstChannel: first, channels: count, units: share, unitsPerImage: unitsPerImage)
      first += count
    }
  }

  private func runPass(
    _ arguments: IntegerConvolutionArguments, firstChannel: Int, channels: Int, units: Range<Int>, unitsPerImage: Int
  ) {
    let p = description.parameters
    let tapRows = arguments.scratch.assumingMemoryBound(to: IntegerTapRow.self)
    let padding = arguments.scratch + tapRowBytes
    let pairs = padding + paddingBytes
    let staged = pairs + pairRowCount * pairRowBytes
    let usesStaged = secondStage?.needsMemory == true
    let outputSize = description.epilogue.output.type.byteCount
    let residualSize = description.epilogue.residual?.type.byteCount ?? 1
    let cSize = stage.outputType.byteCount
    let o = description.output
    // Where padding is negative, columns are left out.
    let left = max(0, -p.padLeft)
    var block = IntegerDepthwiseBlock(
      tapRows: tapRows, pairRowCount: pairRowCount, pairs: pairs,
      pairRowBytes: Self.pairRowBytes(columns: pairColumns, channels: channels, lanes: kernel.lanes), pairColumns: pairColumns,
      inputWidth: max(0, p.inputWidth - left), padLeft: max(0, p.padLeft), flip: description.flip, zeroPoint: description.zeroPoint,
      weights: arguments.weights + firstChannel / kernel.lanes * weightStride, weightStride: weightStride, kernelWidth: p.kernelWidth,
      stride: p.strideWidth, dilation: p.dilationWidth, channels: channels, output: staged,
      outputPixel: (usesStaged ? channels : o.pixel) * cSize, outputRow: (usesStaged ? p.outputWidth * channels : o.row) * cSize,
      outputWidth: p.outputWidth, stage: stage)
    block.residualPixel = (description.residual?.pixel ?? 0) * residualSize
    block.residualRow = (description.residual?.row ?? 0) * residualSize
    // The next rows of the output see the same rows of pairs, but for the first.
    let movesOn = kernel.rows * p.strideHeight == 2 && p.dilationHeight == 1
    for unit in units {
      let image = unit / unitsPerImage
      let y = unit % unitsPerImage * kernel.rows
      for tap in 0..<2 * pairRowCount {
        let inputY = y * p.strideHeight - p.padTop + tap * p.dilationHeight
        tapRows[tap] =
          inputY >= 0 && inputY < p.inputHeight
          ? IntegerTapRow(
            base: arguments.input
              + (image * description.input.batch + inputY * description.input.row + left * description.input.pixel + firstChannel),
            pixel: description.input.pixel)
          : IntegerTapRow(base: UnsafeRawPointer(padding), pixel: 0)
      }
      let isNext = movesOn && unit > units.lowerBound && y > 0
      block.firstPlace = isNext ? (block.firstPlace + 1) % pairRowCount : 0
      block.pairRowsReady = isNext ? pairRowCount - 1 : 0
      block.outputRows = min(kernel.rows, p.outputHeight - y)
      let output = arguments.output + (image * o.batch + y * o.row + firstChannel) * outputSize
      if !usesStaged { block.output = output }
      var residual: UnsafeRawPointer?
      if let pointer = arguments.residual, let strides = description.residual {
        residual = pointer + (image * strides.batch + y * strides.row + firstChannel) * residualSize
      }
      block.residual = stage.hasResidual ? residual : nil
      withUnsafePointer(to: block) { kernel.run($0) }
      guard let secondStage else { continue }
      for row in 0..<block.outputRows {
        secondStage.run(
          (block.output + row * block.outputRow).assumingMemoryBound(to: Float.self), rowStride: block.outputPixel / 4,
          rows: p.outputWidth, columns: channels, residual: residual.map { $0 + row * block.residualRow },
          residualRowStride: description.residual?.pixel ?? 0, output: output + row * o.row * outputSize, outputRowStride: o.pixel)
      }
    }
  }
}
