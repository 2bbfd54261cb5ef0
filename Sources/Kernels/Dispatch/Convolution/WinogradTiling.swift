import KernelCore

/// How the outputs of a 3×3 convolution are cut into square tiles, row by row and image by image, and what each tile sees of the input.
struct WinogradTiling: Sendable {
  let parameters: ConvolutionParameters
  /// Rows and columns of an output tile.
  let size: Int
  /// Tiles of an image.
  let rows: Int
  let columns: Int

  /// Rows and columns of an input tile.
  var inputSize: Int { size + 2 }
  var pointCount: Int { inputSize * inputSize }
  var count: Int { parameters.batch * rows * columns }

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == 1 && p.kernelHeight == 3 && p.kernelWidth == 3 && p.strideHeight == 1 && p.strideWidth == 1
      && p.dilationHeight == 1 && p.dilationWidth == 1 && inputStrides.channel == 1
  }

  init(_ parameters: ConvolutionParameters, output size: Int) {
    self.parameters = parameters
    self.size = size
    rows = (parameters.outputHeight + size - 1) / size
    columns = (parameters.outputWidth + size - 1) / size
  }

  /// A tile's image, and its first pixel of the output.
  func place(_ tile: Int) -> (image: Int, y: Int, x: Int) {
    (tile / (columns * rows), tile / columns % rows * size, tile % columns * size)
  }

  /// Tiles beside each other, and where they find what they see: in the image, or, where the first sees more, that one in a copy.
  struct Run {
    /// The first tile's place among those that were asked for.
    var first: Int
    var count: Int
    /// The first tile's first pixel; strides are in elements.
    var input: UnsafeRawPointer
    var pixel: Int
    var row: Int
  }

  /// Calls `body` for the runs that make `tiles`; `patch` has room for what a tile sees.
  @inline(__always)
  func forEachRun(
    of tiles: Range<Int>, in images: UnsafeRawPointer, strides: ImageStrides, elementSize: Int, padding: UInt8,
    patch: UnsafeMutableRawPointer, _ body: (Run) -> Void
  ) {
    let p = parameters
    var tile = tiles.lowerBound
    while tile < tiles.upperBound {
      let (image, y, x) = place(tile)
      let pixel = image * strides.batch + (y - p.padTop) * strides.row + (x - p.padLeft) * strides.pixel
      var run = Run(
        first: tile - tiles.lowerBound, count: neighboursInside(tile, most: tiles.upperBound - tile), input: images + pixel * elementSize,
        pixel: strides.pixel, row: strides.row)
      if run.count == 0 {
        copyPatch(tile, of: images, strides: strides, elementSize: elementSize, padding: padding, into: patch)
        run.count = 1
        run.input = UnsafeRawPointer(patch)
        run.pixel = p.inputChannels
        run.row = inputSize * p.inputChannels
      }
      body(run)
      tile += run.count
    }
  }

  /// Calls `begin` for each block of a share's tiles, and then `body` for each block of panels; blocks have at most as many as `most`.
  @inline(__always)
  func forEachBlock(
    of share: (tiles: Range<Int>, panels: Range<Int>), most: (tiles: Int, panels: Int), begin: (_ tiles: Range<Int>) -> Void,
    body: (_ tiles: Range<Int>, _ panels: Range<Int>) -> Void
  ) {
    if share.panels.isEmpty { return }
    for tile in stride(from: share.tiles.lowerBound, to: share.tiles.upperBound, by: most.tiles) {
      let tiles = tile..<min(tile + most.tiles, share.tiles.upperBound)
      begin(tiles)
      for panel in stride(from: share.panels.lowerBound, to: share.panels.upperBound, by: most.panels) {
        body(tiles, panel..<min(panel + most.panels, share.panels.upperBound))
      }
    }
  }

  /// How many tiles from one on, `most` at most, lie beside each other and see nothing but the image; 0 if that one sees more.
  private func neighboursInside(_ tile: Int, most: Int) -> Int {
    let p = parameters
    let (_, outputY, outputX) = place(tile)
    let (y, x) = (outputY - p.padTop, outputX - p.padLeft)
    guard y >= 0 && y + inputSize <= p.inputHeight && x >= 0 && x + inputSize <= p.inputWidth else { return 0 }
    return min(most, columns - tile % columns, (p.inputWidth - x - 2) / size)
  }

  /// Copies what a tile sees, pixel by pixel, with bytes of `padding` beyond the image.
  private func copyPatch(
    _ tile: Int, of images: UnsafeRawPointer, strides: ImageStrides, elementSize: Int, padding: UInt8, into patch: UnsafeMutableRawPointer
  ) {
    let p = parameters
    let (image, outputY, outputX) = place(tile)
    let (y, x) = (outputY - p.padTop, outputX - p.padLeft)
    let bytes = p.inputChannels * elementSize
    let columns = max(0, -x)..<max(0, -x, min(inputSize, p.inputWidth - x))
    // Pixels that touch are copied together.
    let touch = strides.pixel == p.inputChannels
    let run = touch ? columns.count : 1
    for row in 0..<inputSize {
      let target = patch + row * inputSize * bytes
      guard (0..<p.inputHeight).contains(y + row) && !columns.isEmpty else {
        target.initializeMemory(as: UInt8.self, repeating: padding, count: inputSize * bytes)
        continue
      }
      target.initializeMemory(as: UInt8.self, repeating: padding, count: columns.lowerBound * bytes)
      (target + columns.upperBound * bytes).initializeMemory(
        as: UInt8.self, repeating: padding, count: (inputSize - columns.upperBound) * bytes)
      let source = images + (image * strides.batch + (y + row) * strides.row + x * strides.pixel) * elementSize
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: run) {
        (target + column * bytes).copyMemory(from: source + column * strides.pixel * elementSize, byteCount: run * bytes)
      }
    }
  }

  /// Bytes at the points, of input and output tiles, that stay in the second cache.
  private static let blockBytes = 384 * 1024
  /// Tiles for which a point's weights are worth fetching.
  private static let leastTiles = 24

  /// The tiles and the panels of the largest block whose values at the points stay in the second cache: `inputBytes` of a tile at a point,
  /// four of each output channel. Tiles are a multiple of `tileRows` where there are enough.
  func block(inputBytes: Int, panels: Int, panelColumns: Int, tileRows: Int) -> (tiles: Int, panels: Int) {
    let near = Self.blockBytes / (pointCount * (inputBytes + 4 * min(parameters.outputChannels, 256)))
    let most = max(near, Self.leastTiles).roundedUp(to: tileRows)
    let blocks = (count + most - 1) / most
    let tiles = min(count, ((count + blocks - 1) / blocks).roundedUp(to: tileRows))
    return (tiles, max(1, min(panels, Self.blockBytes / 8 / (pointCount * tiles * panelColumns))))
  }

  /// The tiles and the panels of a worker, whose products have tiles of `tileRows` rows and weights of `panelBytes` for a panel at a point.
  func share(
    of worker: Int, workers: Int, tileRows: Int, panels: Int, panelBytes: Int
  ) -> (tiles: Range<Int>, panels: Range<Int>) {
    let unit = min(count, tileRows)
    let units = (count + unit - 1) / unit
    let channels = parameters.inputChannels
    let grid = WorkGrid.best(
      workers: workers, rowUnits: units, panels: panels, unitCost: Double(unit * pointCount * channels),
      rowUnitOverhead: Double(unit * channels * 20), panelOverhead: Double(pointCount * panelBytes) / 16,
      rowUnitTransfer: Double(unit * size * size * channels))
    let rows = WorkGrid.part(worker % grid.rowParts, of: grid.rowParts, count: units)
    return (
      min(rows.lowerBound * unit, count)..<min(rows.upperBound * unit, count),
      WorkGrid.part(worker / grid.rowParts, of: grid.panelParts, count: panels)
    )
  }
}
