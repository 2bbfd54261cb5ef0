import KernelCore

/// A convolution as a matrix product: a row for each output pixel, a column for each output channel.
final class MatrixConvolution: ConvolutionImplementation {
  /// What rows of A are read from.
  enum Source: Sendable {
    case image
    /// The image as well, where windows may reach beyond it: each row of A is found on its own.
    case listedWindows
    /// A copy of the image's rows at hand, with zeros around them.
    case paddedRows
    /// A copy of every window, made for a depth block.
    case windows
  }

  /// The output's pixels as `images` of `lines` of `pixels`; where nothing lies between lines or images they count as one.
  struct Lines {
    var images: Int
    var lines: Int
    var pixels: Int
    var total: Int { images * lines * pixels }
  }

  let description: ConvolutionDescription
  private let source: Source
  private let loop: MatrixLoop
  let panels: MatrixPanels
  private let lines: Lines
  /// The most pixels of a line, and the most lines, that a block covers.
  private let blockPixels: Int
  private let blockLines: Int
  /// About how many blocks of rows there are.
  var rowBlocks: Int { (lines.total - 1) / (blockPixels * blockLines) + 1 }
  /// Elements from a pixel of a padded copy to the next, and from a row to the next.
  let copyPixel: Int
  let copyRow: Int
  /// Elements of a worker's copy.
  private let copyElements: Int
  /// Elements of a widened panel.
  private let widenedElements: Int
  /// ``ConvolutionParameters/tapsInside()`` of listed windows.
  private let tapsInside: ConstantTable<UInt64>

  let kernelName: String
  let readsStoredWeights: Bool
  var packedWeightsByteCount: Int {
    readsStoredWeights ? 0 : description.parameters.groups * panels.elementCount * description.weightType.byteCount
  }
  var scratchByteCount: Int { (copyElements + widenedElements + (readsStoredWeights ? widenedElements / 2 : 0)).roundedUp(to: 32) * 4 }

  /// Elements of A, copied or in place, that stay in the second cache while all panels pass.
  static let blockElements = CacheSizes.current.second * 5 / 16 / 4
  /// The same where each block makes the panels anew: fewer blocks are better than sums that stay near.
  static let storedBlockElements = 2 * blockElements
  /// Elements of a block's results. A panel writes a part of a pixel's channels: what is fetched of the lines between before the next panel
  /// writes them is to be there still.
  private static let resultElements = 2 * blockElements

  /// With `readsStoredWeights`, weights are halves as the model stores them instead of packed ones.
  ///
  /// - Precondition: ``canReadStoredWeights(_:_:)`` then.
  init(_ description: ConvolutionDescription, _ source: Source, readsStoredWeights: Bool = false) {
    precondition(!readsStoredWeights || Self.canReadStoredWeights(description, source), "weights that kernels read as they are stored")
    let p = description.parameters
    let kernel = matrixKernels.best(for: description.features, columns: p.groupOutputChannels)
    let channels = p.groupInputChannels
    let depthLimit =
      readsStoredWeights
      ? MatrixLoop.widenedDepthLimit(lanes: kernel.lanes)
      : MatrixLoop.depthLimit(kernel, rows: p.batch * p.outputHeight * p.outputWidth, description.weightType)
    self.description = description
    self.source = source
    self.readsStoredWeights = readsStoredWeights
    panels = MatrixPanels(lanes: kernel.lanes, rows: p.kernelHeight * p.kernelWidth * channels, columns: p.groupOutputChannels)
    lines = Self.lines(description, source)

    // Rows that lie a multiple of a page apart compete for the same places of the nearest cache.
    copyPixel = source == .paddedRows && channels * p.strideWidth % 1024 == 0 ? channels + 16 : channels
    let multiple = kernel.tileRows
    let blockElements = readsStoredWeights ? Self.storedBlockElements : Self.blockElements
    let readsSums = MatrixLoop.readsSums(depth: panels.rows, limit: depthLimit, description.epilogue)
    let mostSums = readsStoredWeights ? .max : (readsSums ? blockElements : Self.resultElements) / panels.columns
    func depth(row: Int, pixel: Int) -> MatrixDepth {
      readsStoredWeights
        ? p.storedDepth(row: row, pixel: pixel, limit: depthLimit)
        : p.depth(row: row, pixel: pixel, limit: depthLimit, tapsAreApart: source == .listedWindows)
    }
    let depthBlocks: MatrixDepth
    switch source {
    case .image:
      // Of a row of A a depth block reads a part.
      let perPixel = max(1, p.inputRows(1) * p.strideWidth * channels / ((panels.rows - 1) / depthLimit + 1))
      let most = max(multiple, min(blockElements / perPixel, mostSums))
      blockPixels = Self.evenPart(of: lines.pixels, most: most, multiple: multiple)
      blockLines = max(1, most / lines.pixels)
      copyRow = 0
      copyElements = 0
      depthBlocks = depth(row: description.input.row, pixel: description.input.pixel)
    case .listedWindows:
      let perPixel = max(1, p.strideHeight * p.strideWidth * channels)
      let most = max(multiple, min(blockElements / perPixel, mostSums))
      blockPixels = Self.evenPart(of: lines.pixels, most: most, multiple: multiple)
      blockLines = min(lines.lines, max(1, most / lines.pixels))
      copyRow = 0
      // The zeros that taps beyond the image meet, then the windows.
      copyElements =
        channels.roundedUp(to: 16)
        + (blockPixels * blockLines * MemoryLayout<MatrixWindow>.stride / MemoryLayout<Float>.stride).roundedUp(to: 16)
      depthBlocks = depth(row: description.input.row, pixel: description.input.pixel)
    case .paddedRows:
      let most = max(multiple, blockElements / (p.inputRows(1) * p.strideWidth * copyPixel))
      blockPixels = Self.evenPart(of: lines.pixels, most: most, multiple: multiple)
      copyRow = p.inputColumns(blockPixels) * copyPixel
      let rows = blockElements / copyRow
      blockLines = blockPixels < lines.pixels ? 1 : min(lines.lines, max(1, (rows - p.inputRows(1)) / p.strideHeight + 1))
      copyElements = p.inputRows(blockLines) * copyRow
      depthBlocks = depth(row: copyRow, pixel: copyPixel)
    case .windows:
      // An odd multiple of a line of the cache, so that rows spread over its places.
      let depthRows = MatrixDepth([MatrixSegment(offset: 0, length: panels.rows)], limit: depthLimit).largestBlock
      copyRow = (depthRows.roundedUp(to: 16) / 16 | 1) * 16
      let most = max(multiple, min(blockElements / copyRow, mostSums))
      blockPixels = Self.evenPart(of: lines.pixels, most: most, multiple: multiple)
      blockLines = blockPixels < lines.pixels ? 1 : min(lines.lines, max(1, most / lines.pixels))
      copyElements = blockLines * blockPixels * copyRow
      depthBlocks = MatrixDepth([MatrixSegment(offset: 0, length: panels.rows)], limit: depthLimit)
    }
    tapsInside = ConstantTable(source == .listedWindows ? p.tapsInside() : [])
    loop = MatrixLoop(kernel: kernel, depth: depthBlocks, epilogue: description.epilogue)
    widenedElements = description.weightType == .f16 ? depthBlocks.largestBlock * MatrixPanels.mostColumns(lanes: kernel.lanes) : 0
    kernelName = Self.name(source) + kernel.name
  }

  private static func name(_ source: Source) -> String {
    switch source {
    case .image: "conv_"
    case .listedWindows: "conv_indirect_"
    case .paddedRows: "conv_padded_"
    case .windows: "conv_im2col_"
    }
  }

  /// A length of at most `most`, a multiple of `multiple` if it can be, that cuts `count` into pieces of about one size.
  private static func evenPart(of count: Int, most: Int, multiple: Int) -> Int {
    if count <= most { return count }
    let pieces = (count + most - 1) / most
    let piece = ((count + pieces - 1) / pieces).roundedUp(to: multiple)
    return piece <= most ? piece : max(most / multiple * multiple, min(most, multiple))
  }

  static func lines(_ description: ConvolutionDescription, _ source: Source) -> Lines {
    let p = description.parameters
    var strides = [description.output]
    if let residual = description.residual { strides.append(residual) }
    if source == .image {
      strides.append(
        ImageStrides(
          batch: description.input.batch, row: description.input.row * p.strideHeight,
          pixel: description.input.pixel * p.strideWidth))
    }
    var lines = Lines(images: p.batch, lines: p.outputHeight, pixels: p.outputWidth)
    guard source != .paddedRows, strides.allSatisfy({ $0.row == lines.pixels * $0.pixel || lines.lines == 1 }) else { return lines }
    lines.pixels *= lines.lines
    lines.lines = 1
    guard strides.allSatisfy({ $0.batch == lines.pixels * $0.pixel || lines.images == 1 }) else { return lines }
    lines.pixels *= lines.images
    lines.images = 1
    return lines
  }

  /// Whether a convolution can read halves as the model stores them: taps of enough channels, and rows of A that are not copies of windows.
  static func canReadStoredWeights(_ description: ConvolutionDescription, _ source: Source) -> Bool {
    let p = description.parameters
    return description.weightType == .f16 && source != .windows && p.groupInputChannels >= leastStoredChannels
  }

  /// Whether a window's taps can be told apart one by one.
  static func listsWindows(_ parameters: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    inputStrides.channel == 1 && parameters.kernelHeight * parameters.kernelWidth <= MatrixWindow.mostTaps
  }

  /// Input channels that make steps of depth long enough.
  private static let leastStoredChannels = 16

  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    precondition(!readsStoredWeights, "weights that are packed")
    let p = description.parameters
    let taps = p.kernelHeight * p.kernelWidth
    for group in 0..<p.groups {
      panels.packColumns(
        source.advanced(to: group * panels.columns, stride: panels.rows), taps: taps,
        into: packed + group * panels.elementCount * description.weightType.byteCount, description.weightType,
        features: description.features)
    }
  }

  func run(_ arguments: ConvolutionArguments) {
    let tile = loop.kernel.tileRows
    // Lines are dealt whole where there are enough of them.
    let whole = lines.images * lines.lines >= 4 * arguments.workers
    let unit = whole ? lines.pixels : tile
    let units = (lines.total + unit - 1) / unit
    let work = Double(unit * panels.rows)
    let grid = WorkGrid.best(
      workers: arguments.workers, rowUnits: units, panels: panels.count, unitCost: work,
      rowUnitOverhead: source == .image || source == .listedWindows ? 0 : work / 2,
      panelOverhead: readsStoredWeights ? Self.storedCycles(panels.panelStride) : Double(panels.panelStride) / 16,
      rowUnitTransfer: work)
    let rows = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: units)
    let columns = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: panels.count)
    if rows.isEmpty || columns.isEmpty { return }

    var m = rows.lowerBound * unit
    let end = min(rows.upperBound * unit, lines.total)
    while m < end {
      let x = m % lines.pixels
      let line = m / lines.pixels
      var count = 1
      var pixels = lines.pixels
      if x > 0 || end - m < lines.pixels || lines.pixels > blockPixels {
        pixels = min(lines.pixels - x, end - m, blockPixels)
      } else {
        count = min(blockLines, (end - m) / lines.pixels, lines.lines - line % lines.lines)
      }
      runBlock(
        arguments, image: line / lines.lines, y: line % lines.lines, x: x, lineCount: count, pixelCount: pixels, panelRange: columns)
      m += count * pixels
    }
  }

  private func runBlock(
    _ arguments: ConvolutionArguments, image: Int, y: Int, x: Int, lineCount: Int, pixelCount: Int, panelRange: Range<Int>
  ) {
    let p = description.parameters
    let channels = p.groupInputChannels
    let column = panelRange.lowerBound * panels.panelColumns
    let columns = (panelRange.upperBound == panels.count ? panels.columns : panelRange.upperBound * panels.panelColumns) - column
    let copy = arguments.scratch.assumingMemoryBound(to: Float.self)
    let outputOffset = image * description.output.batch + y * description.output.row + x * description.output.pixel
    let weightBytes = description.weightType.byteCount
    // All groups have the same windows.
    let windows = UnsafeMutableRawPointer(copy + channels.roundedUp(to: 16)).assumingMemoryBound(to: MatrixWindow.self)
    if source == .listedWindows {
      copy.update(repeating: 0, count: channels)
      listWindows(
        windows, firstPixel: (image * lines.lines + y) * lines.pixels + x, count: lineCount * pixelCount, tapsInside: tapsInside.base)
    }
    for group in 0..<p.groups {
      let input = arguments.input + (image * description.input.batch + group * p.groupInputChannels * description.input.channel)
      let firstChannel = group * p.groupOutputChannels + column
      // Columns follow one another where they are not packed, without any that fill registers.
      let groupElements = readsStoredWeights ? panels.rows * panels.columns : panels.elementCount
      var block = MatrixBlock(
        a: UnsafePointer(copy), aRowStride: copyRow, segments: loop.depth.segments.base, segmentCount: 0,
        b: arguments.weights + (group * groupElements + panelRange.lowerBound * panels.panelStride) * weightBytes,
        bPanelStride: panels.panelStride * weightBytes, c: arguments.output + (outputOffset + firstChannel),
        cRowStride: description.output.pixel, rows: pixelCount, columns: columns)
      block.groups = lineCount
      block.isVector = lines.total == 1
      block.cGroupStride = description.output.row
      block.bIsHalf = description.weightType == .f16
      block.widened = copy + copyElements
      if readsStoredWeights {
        block.stored = StoredColumns(
          stride: panels.rows * weightBytes, taps: p.kernelHeight * p.kernelWidth,
          panel: UnsafeMutableRawPointer(copy + copyElements + widenedElements).assumingMemoryBound(to: UInt16.self))
      }
      switch source {
      case .image:
        block.a =
          input + (y * p.strideHeight - p.padTop) * description.input.row
          + (x * p.strideWidth - p.padLeft) * description.input.pixel
        block.aRowStride = p.strideWidth * description.input.pixel
        block.aGroupStride = p.strideHeight * description.input.row
      case .listedWindows:
        block.a = arguments.input + group * channels * description.input.channel
        block.windows = UnsafePointer(windows)
        block.zeros = UnsafePointer(copy)
      case .paddedRows:
        copyPaddedRows(input, into: copy, y: y, x: x, lineCount: lineCount, pixelCount: pixelCount)
        block.aRowStride = p.strideWidth * copyPixel
        block.aGroupStride = p.strideHeight * copyRow
      case .windows:
        block.aGroupStride = pixelCount * copyRow
      }
      let residual = description.residual
      loop.run(
        &block, columnBias: arguments.bias.map { $0 + firstChannel }, rowBias: nil,
        residual: residual.flatMap { strides in
          arguments.residual.map { $0 + (image * strides.batch + y * strides.row + x * strides.pixel + firstChannel) }
        }, residualRowStride: residual?.pixel ?? 0, residualGroupStride: residual?.row ?? 0
      ) { part, block in
        guard source == .windows else { return }
        // The segment begins where the depth block does, and so does the copy.
        block.a = UnsafePointer(copy) - part.row
        copyWindows(
          arguments.input + group * p.groupInputChannels * description.input.channel, into: copy,
          firstPixel: (image * lines.lines + y) * lines.pixels + x, count: lineCount * pixelCount,
          depth: part.row..<part.row + part.rows)
      }
    }
  }
}
