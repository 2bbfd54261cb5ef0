import KernelCore

extension MatrixKernel {
  /// Multiply-additions of registers for a product of `rows` × `columns` and one step of depth, idle ones in small tiles included.
  func slots(rows: Int, columns: Int) -> Int {
    var sum = 0
    var rest = columns
    while rest > 0 {
      let width = MatrixPanels.width(rest: rest, lanes: lanes)
      sum += width * slots(rows: rows, width: width)
      rest -= width * lanes
    }
    return sum
  }

  private func slots(rows: Int, width: Int) -> Int {
    let most = shape.rows[width - 1]
    let least = shape.leastRows[width - 1]
    let tiles = (rows + most - 1) / most
    let low = rows / tiles
    let higher = rows - low * tiles
    // Beside one register's multiply-additions, each with a load of its own, that of the panel shows.
    return higher * max(low + 1, least) + (tiles - higher) * max(low, least) + (width == 1 ? tiles : 0)
  }
}

extension MatrixConvolution {
  /// About the cycles that it takes to make panels of weights that are read as the model stores them.
  static func storedCycles(_ elements: Int) -> Double { 0.7 * Double(elements) }

  /// The same for all blocks of rows, each of which makes all panels.
  var storedCycles: Double {
    readsStoredWeights ? Self.storedCycles(panels.elementCount) * Double(description.parameters.groups * rowBlocks) : 0
  }

  /// About the cycles of a convolution on one processor that begins two multiply-additions a cycle.
  static func cycles(_ description: ConvolutionDescription, _ source: Source) -> Double {
    let p = description.parameters
    let kernel = matrixKernels.best(for: description.features, columns: p.groupOutputChannels)
    let lines = lines(description, source)
    let depth = p.kernelHeight * p.kernelWidth * p.groupInputChannels
    let slots = kernel.slots(rows: lines.pixels, columns: p.groupOutputChannels) * lines.lines * lines.images
    var compute = Double(slots * depth) / 2
    // A gather of single values, or of runs.
    func copy(_ values: Int, run: Int) -> Double {
      Double(values) * (description.input.channel == 1 ? 0.3 + 4 / Double(run) : 1.5)
    }
    switch source {
    case .image:
      // Pixels with others between them are fetched more slowly.
      if p.strideWidth > 1 { compute *= 1.03 }
    case .listedWindows:
      // Each panel finds every tap of every row.
      let panels = (p.groupOutputChannels - 1) / MatrixPanels.wholeColumns(lanes: kernel.lanes) + 1
      compute += 2.2 * Double(lines.total * p.kernelHeight * p.kernelWidth * panels)
      // Rows that lie a multiple of a page apart compete for the same places of the nearest cache.
      if p.strideWidth * description.input.pixel % 1024 == 0 { compute *= 1.006 }
    case .paddedRows:
      let touching = description.input.pixel == p.groupInputChannels
      compute += copy(
        p.batch * p.inputRows(p.outputHeight) * p.inputColumns(p.outputWidth) * p.groupInputChannels,
        run: touching ? 256 : p.groupInputChannels)
    case .windows:
      let touching = description.input.pixel == p.groupInputChannels && p.dilationWidth == 1
      compute += copy(
        p.batch * p.outputHeight * p.outputWidth * depth, run: touching ? p.kernelWidth * p.groupInputChannels : p.groupInputChannels)
    }
    return compute * Double(p.groups) + weightCycles(p.groups * depth * p.groupOutputChannels * description.weightType.byteCount)
  }

  /// About the cycles that wait for weights: those that do not stay in the second cache come from memory.
  static func weightCycles(_ bytes: Int) -> Double { 0.15 * Double(max(0, bytes - 512 << 10)) }
}

extension Int {
  /// The least multiple of `unit` that is not less.
  func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
