import KernelCore

/// A convolution of 8-bit integers as a matrix product: a row for each output pixel, a column for each output channel.
final class IntegerMatrixConvolution: IntegerConvolutionImplementation {
  let description: IntegerConvolutionDescription
  /// A row of A is read from the image, not from a copy of its rows at hand, with padding around them and unsigned.
  let isDirect: Bool
  /// Of each channel the least value of a block is subtracted in the copy, so that values are small.
  let isShifted: Bool
  /// A row of A is a copy of its window without gaps, because rows of taps of few channels fill steps badly.
  let isGathered: Bool
  private let kernel: IntegerMatrixKernel
  private let panels: IntegerPanels
  private let scaling: IntegerScaling
  private let stage: IntegerStage
  private let secondStage: IntegerSecondStage?
  private let steps: ConstantTable<IntegerStep>
  private let pairs: ConstantTable<Int32>
  private let byPairs: Bool
  private let tapRuns: [TapRun]
  private let pixelsPerRun: Int
  /// The most pixels of a line, and the most lines, that a block covers.
  private let blockPixels: Int
  private let blockLines: Int
  /// Bytes from a row of a copy to the next, and of a worker's copy.
  let copyRow: Int
  private let copyBytes: Int
  let shiftBytes: Int
  /// Bytes of a gathered row, and of a worker's.
  let gatheredRow: Int
  private let gatheredBytes: Int
  private let stagedBytes: Int
  private let scheduleBytes: Int

  let kernelName: String
  var packedWeightsByteCount: Int { description.parameters.groups * panels.byteCount }
  var scratchByteCount: Int { copyBytes + gatheredBytes + stagedBytes + scheduleBytes }

  /// The most rows of a block of some depth. Where sums depend on how great values of A are: few, so that bounds of A are close; enough
  /// that it does not matter what a panel costs besides.
  private static func blockRows(_ kernel: IntegerMatrixKernel, depth: Int) -> Int {
    kernel.prefersSmallValues ? max(64, min(256, 8192 / depth)) : .max
  }
  /// Bytes of A, copied or in place, that stay in the second cache while all panels pass.
  private static let blockBytes = CacheSizes.current.second / 4

  convenience init(_ description: IntegerConvolutionDescription) {
    self.init(description, integerMatrixKernels.best(for: description.features))
  }

  init(_ original: IntegerConvolutionDescription, _ kernel: IntegerMatrixKernel) {
    let description = original.asRows
    let p = description.parameters
    let channels = p.groupInputChannels
    self.description = description
    self.kernel = kernel
    // Only values about a zero point well above zero become much smaller.
    isShifted = kernel.prefersSmallValues && p.kernelHeight == 1 && p.kernelWidth == 1 && p.isInside && description.zeroPoint >= 16
    isDirect = !isShifted && p.isInside && description.input.channel == 1 && description.flip == 0 && channels % 8 == 0
    let depth = p.kernelHeight * p.kernelWidth * channels
    let filled = p.runs(pixel: channels).reduce(0) { $0 + ($1.taps * channels).roundedUp(to: 8) }
    isGathered = !isDirect && depth.roundedUp(to: 8) < filled
    gatheredRow = isGathered ? depth.roundedUp(to: 8) : 0
    kernelName = (isDirect ? "conv_" : "conv_padded_") + kernel.name
    scaling = IntegerScaling(description.epilogue)
    stage = IntegerStage(description.epilogue, scaling)
    secondStage = IntegerSecondStage(description.epilogue, scaling, description.features)

    let pixelBytes = p.inputRows(1) * p.strideWidth * channels
    var most = max(kernel.tileRows, min(Self.blockRows(kernel, depth: depth), Self.blockBytes / pixelBytes))
    if secondStage != nil { most = max(kernel.tileRows, min(most, Self.blockBytes / 4 / p.groupOutputChannels)) }
    blockPixels = Self.evenPart(of: p.outputWidth, most: most, multiple: kernel.tileRows)
    blockLines = blockPixels < p.outputWidth ? 1 : max(1, min(p.outputHeight, most / blockPixels))
    shiftBytes = isShifted ? (channels + 8).roundedUp(to: 64) : 0
    copyRow = isDirect ? 0 : p.inputColumns(blockPixels) * channels
    // A step may read to the end of the eight bytes that it begins, a copy to that of sixteen.
    copyBytes = isDirect ? 0 : (p.inputRows(blockLines) * copyRow + 16).roundedUp(to: 64) + shiftBytes
    gatheredBytes = isGathered ? (blockLines * blockPixels * gatheredRow + 16).roundedUp(to: 64) : 0
    stagedBytes =
      secondStage?.needsMemory == true ? (4 * blockLines * blockPixels * p.groupOutputChannels).roundedUp(to: 64) : 0

    // Runs of a register at least: of several pixels where they have few channels and lie without gaps.
    let bytes = 4 * kernel.lanes
    let touching =
      !isDirect || description.input.pixel == channels && (p.strideWidth == 1 || p.kernelHeight * p.kernelWidth > 1)
    byPairs = isGathered ? gatheredRow >= bytes : channels % 8 == 0 && (channels >= bytes || touching)
    pixelsPerRun = isGathered ? 1 : (bytes + channels - 1) / channels
    let period = isGathered ? gatheredRow : channels
    var steps: [IntegerStep] = []
    var pairs: [Int32] = []
    let row = isDirect ? description.input.row : copyRow
    let pixel = isDirect ? description.input.pixel : channels
    let runs = isGathered ? [TapRun(firstTap: 0, taps: p.kernelHeight * p.kernelWidth)] : p.runs(pixel: pixel)
    self.tapRuns = runs
    for run in runs {
      let offset = run.firstTap / p.kernelWidth * p.dilationHeight * row + run.firstTap % p.kernelWidth * p.dilationWidth * pixel
      for step in 0..<(run.taps * channels + 7) / 8 {
        pairs.append(byPairs ? Int32(8 * step % period / 2) : 0)
        steps.append(IntegerStep(a: Int32(offset + 8 * step), index: Int32(steps.count)))
      }
    }
    panels = IntegerPanels(lanes: kernel.lanes, steps: steps.count, columns: p.groupOutputChannels)
    self.steps = ConstantTable(steps)
    self.pairs = ConstantTable(pairs)
    scheduleBytes = IntegerSchedule.byteCount(steps: steps.count, runLength: max(pixelsPerRun * period, 8))
  }

  /// A length of at most `most`, a multiple of `multiple` if it can be, that cuts `count` into pieces of about one size.
  private static func evenPart(of count: Int, most: Int, multiple: Int) -> Int {
    if count <= most { return count }
    let pieces = (count + most - 1) / most
    let piece = ((count + pieces - 1) / pieces).roundedUp(to: multiple)
    return piece <= most ? piece : max(most / multiple * multiple, min(most, multiple))
  }

  func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer
  ) {
    let p = description.parameters
    let channels = p.groupInputChannels
    let taps = p.kernelHeight * p.kernelWidth
    let depth = 8 * steps.count
    // Of a single tap the elements lie as they are packed; others are copied to their places, but for those that no weight meets.
    let isInPlace = taps == 1 && channels % 8 == 0
    let copies = UnsafeMutablePointer<Int8>.allocate(capacity: isInPlace ? 1 : panels.panelColumns * depth)
    if !isInPlace { copies.initialize(repeating: 0, count: panels.panelColumns * depth) }
    defer { copies.deallocate() }
    for group in 0..<p.groups {
      let first = group * p.groupOutputChannels
      func column(_ index: Int) -> UnsafePointer<Int8> {
        let weights = source + (first + index) * channels * taps
        if isInPlace { return weights }
        let copy = copies + index % panels.panelColumns * depth
        var place = copy
        for run in tapRuns {
          for tap in run.firstTap..<run.firstTap + run.taps {
            let target = place + (tap - run.firstTap) * channels
            for channel in 0..<channels { target[channel] = weights[channel * taps + tap] }
          }
          place += (run.taps * channels).roundedUp(to: 8)
        }
        return UnsafePointer(copy)
      }
      panels.pack(
        into: packed + group * panels.byteCount, zeroPoint: Int32(description.zeroPoint),
        multiplier: { scaling.multiplier(scale: scales[first + $0]) }, addend: { scaling.addend(bias: bias?[first + $0] ?? 0) },
        column: column)
    }
  }

  func run(_ arguments: IntegerConvolutionArguments) {
    let p = description.parameters
    let lines = p.batch * p.outputHeight
    // Lines are dealt whole where there are enough of them.
    let whole = lines >= 4 * arguments.workers
    let unit = whole ? p.outputWidth : kernel.tileRows
    let units = (lines * p.outputWidth + unit - 1) / unit
    let depth = 8 * steps.count
    let work = Double(unit * depth)
    let grid = WorkGrid.best(
      workers: arguments.workers, rowUnits: units, panels: panels.count, unitCost: work, rowUnitOverhead: isDirect ? 0 : work / 4,
      panelOverhead: Double(panels.panelStride) / 16, rowUnitTransfer: work)
    let rows = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: units)
    let columns = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: panels.count)
    if rows.isEmpty || columns.isEmpty { return }
    var m = rows.lowerBound * unit
    let end = min(rows.upperBound * unit, lines * p.outputWidth)
    while m < end {
      let x = m % p.outputWidth
      let line = m / p.outputWidth
      var count = 1
      var pixels = p.outputWidth
      if x > 0 || end - m < pixels || pixels > blockPixels {
        pixels = min(pixels - x, end - m, blockPixels)
      } else {
        count = min(blockLines, (end - m) / pixels, p.outputHeight - line % p.outputHeight)
      }
      runBlock(
        arguments, image: line / p.outputHeight, y: line % p.outputHeight, x: x, lineCount: count, pixelCount: pixels,
        panelRange: columns)
      m += count * pixels
    }
  }

  private func runBlock(
    _ arguments: IntegerConvolutionArguments, image: Int, y: Int, x: Int, lineCount: Int, pixelCount: Int, panelRange: Range<Int>
  ) {
    let p = description.parameters
    let channels = p.groupInputChannels
    let column = panelRange.lowerBound * panels.panelColumns
    let columns = min(panelRange.upperBound * panels.panelColumns, panels.columns) - column
    let outputSize = description.epilogue.output.type.byteCount
    let residualSize = description.epilogue.residual?.type.byteCount ?? 1
    let shift = arguments.scratch + (copyBytes - shiftBytes)
    let gathered = arguments.scratch + copyBytes
    let staged = gathered + gatheredBytes
    let schedule = IntegerSchedule(staged + stagedBytes)
    for group in 0..<p.groups {
      let input = arguments.input + (image * description.input.batch + group * channels * description.input.channel)
      let firstChannel = group * p.groupOutputChannels + column
      let o = description.output
      let output = arguments.output + (image * o.batch + y * o.row + x * o.pixel + firstChannel) * outputSize
      let block: UnsafeRawPointer
      let runs: IntegerRuns
      if isDirect {
        let s = description.input
        block = input + ((y * p.strideHeight - p.padTop) * s.row + (x * p.strideWidth - p.padLeft) * s.pixel)
        let single = p.kernelHeight == 1 && p.kernelWidth == 1
        let seenColumns = single ? pixelCount : p.inputColumns(pixelCount)
        let columnStride = single ? p.strideWidth * s.pixel : s.pixel
        runs = self.runs(
          block, columns: seenColumns, columnStride: columnStride, rows: single ? lineCount : p.inputRows(lineCount),
          rowStride: single ? p.strideHeight * s.row : s.row)
      } else {
        copyPaddedRows(input, into: arguments.scratch, y: y, x: x, lineCount: lineCount, pixelCount: pixelCount)
        if isShifted { subtractLeast(arguments.scratch, shift: shift, lineCount: lineCount, pixelCount: pixelCount) }
        if isGathered {
          gatherWindows(arguments.scratch, into: gathered, lineCount: lineCount, pixelCount: pixelCount)
          block = UnsafeRawPointer(gathered)
          runs = self.runs(block, columns: lineCount * pixelCount, columnStride: gatheredRow, rows: 1, rowStride: 0)
        } else {
          block = UnsafeRawPointer(arguments.scratch)
          runs = self.runs(
            block, columns: p.inputColumns(pixelCount), columnStride: channels, rows: p.inputRows(lineCount), rowStride: copyRow)
        }
      }
      let aPixel = isGathered ? gatheredRow : p.strideWidth * (isDirect ? description.input.pixel : channels)
      let aLine = isGathered ? pixelCount * gatheredRow : p.strideHeight * (isDirect ? description.input.row : copyRow)
      let usesStaged = secondStage?.needsMemory == true
      let cSize = stage.outputType.byteCount
      var job = IntegerBlock(
        a: block, aRowStride: aPixel, aGroupStride: aLine, steps: steps.base, stepCount: steps.count, runs: runs, pairs: pairs.base,
        schedule: schedule,
        b: arguments.weights + (group * panels.byteCount + panelRange.lowerBound * panels.panelStride),
        bPanelStride: panels.panelStride, c: usesStaged ? staged : output, cRowStride: (usesStaged ? columns : o.pixel) * cSize,
        cGroupStride: (usesStaged ? pixelCount * columns : o.row) * cSize, rows: pixelCount, groups: lineCount, columns: columns,
        stage: stage)
      if isShifted { job.shift = UnsafeRawPointer(shift) }
      var residual: UnsafeRawPointer?
      if let strides = description.residual, let base = arguments.residual {
        let offset = image * strides.batch + y * strides.row + x * strides.pixel + firstChannel
        residual = base + offset * residualSize
        if stage.hasResidual { job.residual = residual }
        job.residualRowStride = strides.pixel * residualSize
        job.residualGroupStride = strides.row * residualSize
      }
      withUnsafePointer(to: job) { kernel.run($0) }
      if let secondStage {
        for line in 0..<lineCount {
          secondStage.run(
            (job.c + line * job.cGroupStride).assumingMemoryBound(to: Float.self), rowStride: job.cRowStride / 4, rows: pixelCount,
            columns: columns, residual: residual.map { $0 + line * job.residualGroupStride },
            residualRowStride: description.residual?.pixel ?? 0, output: output + line * o.row * outputSize, outputRowStride: o.pixel)
        }
      }
    }
  }

  /// About the cycles of a convolution on one processor that begins two multiplications of bytes a cycle and sums in 16 bits.
  static func cycles(_ p: ConvolutionParameters, lanes: Int) -> Double {
    let columns = p.groupOutputChannels.roundedUp(to: lanes) * p.groups
    return Double(p.multiplyAdditions / p.outputChannels * columns) / Double(4 * lanes)
  }

  /// Where the pixels lie that a block sees.
  private func runs(_ base: UnsafeRawPointer, columns: Int, columnStride: Int, rows: Int, rowStride: Int) -> IntegerRuns {
    let channels = isGathered ? gatheredRow : description.parameters.groupInputChannels
    guard byPairs && columns >= pixelsPerRun else {
      return IntegerRuns(
        base: base, length: (columns - 1) * columnStride + channels, columns: 1, columnStride: 0, lastColumn: 0, rows: rows,
        rowStride: rowStride, byPairs: false, period: byPairs ? channels : 8)
    }
    return IntegerRuns(
      base: base, length: pixelsPerRun * channels, columns: (columns + pixelsPerRun - 1) / pixelsPerRun,
      columnStride: pixelsPerRun * columnStride, lastColumn: (columns - pixelsPerRun) * columnStride, rows: rows, rowStride: rowStride,
      byPairs: true, period: channels)
  }
}
