import KernelCore

/// A 3×3 convolution by Winograd's minimal filtering: tiles of the input and the windows are evaluated at points, multiplied there, a
/// matrix product for each point, and tiles of the output interpolated.
///
/// The error of a result is at most ``ConvolutionAlgorithm/errorBound`` times the sum of the magnitudes of what is added.
final class WinogradConvolution: ConvolutionImplementation {
  private let description: ConvolutionDescription
  private let transforms: WinogradKernel
  private let loop: MatrixLoop
  private let panels: MatrixPanels
  /// Rows and columns of an output tile, and of an input tile.
  private let size: Int
  private let inputSize: Int
  private let tileRows: Int
  private let tileColumns: Int
  /// The most tiles, and panels, of a block.
  private let blockTiles: Int
  private let blockPanels: Int
  /// Elements from a tile's channels at a point to the next tile's.
  private let inputStride: Int
  private let outputStride: Int

  let kernelName: String
  var packedWeightsByteCount: Int { inputSize * inputSize * panels.elementCount * 4 }

  private var pointCount: Int { inputSize * inputSize }
  private var inputPointsCount: Int { pointCount * blockTiles * inputStride }
  private var outputPointsCount: Int { pointCount * blockTiles * outputStride }
  private var patchCount: Int { pointCount * description.parameters.inputChannels }
  var scratchByteCount: Int { (inputPointsCount + outputPointsCount + patchCount).roundedUp(to: 32) * 4 }

  /// Elements at the points, of input and output tiles, that stay in the second cache.
  private static let blockElements = 96 * 1024
  /// Tiles for which a point's weights are worth fetching.
  private static let leastTiles = 24

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == 1 && p.kernelHeight == 3 && p.kernelWidth == 3 && p.strideHeight == 1 && p.strideWidth == 1
      && p.dilationHeight == 1 && p.dilationWidth == 1 && inputStrides.channel == 1
  }

  init(_ description: ConvolutionDescription, output size: Int) {
    let p = description.parameters
    let kernel = matrixKernels.best(for: description.features)
    self.description = description
    self.size = size
    inputSize = size + 2
    transforms = winogradKernels.supported(by: description.features).first { $0.output == size }!
    panels = MatrixPanels(lanes: kernel.lanes, rows: p.inputChannels, columns: p.outputChannels)
    tileRows = (p.outputHeight + size - 1) / size
    tileColumns = (p.outputWidth + size - 1) / size
    inputStride = p.inputChannels.roundedUp(to: 16) + 16
    let points = (size + 2) * (size + 2)
    let tiles = p.batch * tileRows * tileColumns
    loop = MatrixLoop(
      kernel: kernel,
      depth: MatrixDepth(
        [MatrixSegment(offset: 0, length: p.inputChannels)], limit: MatrixLoop.depthLimit(kernel, rows: tiles)),
      epilogue: Epilogue())
    let near = Self.blockElements / (points * (inputStride + min(p.outputChannels, 256)))
    let most = max(near, Self.leastTiles).roundedUp(to: kernel.tileRows)
    let blocks = (tiles + most - 1) / most
    blockTiles = min(tiles, ((tiles + blocks - 1) / blocks).roundedUp(to: kernel.tileRows))
    blockPanels = max(1, min(panels.count, Self.blockElements / 2 / (points * blockTiles * panels.panelColumns)))
    outputStride = (blockPanels * panels.panelColumns + panels.lanes).roundedUp(to: 16) + 16
    kernelName = "winograd\(size)x\(size)_\(kernel.name)"
  }

  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    let rows = 9 * panels.rows
    let reader = WeightReader(
      source, columnStride: rows, widest: panels.panelColumns + panels.lanes, features: description.features)
    defer { reader.deallocate() }
    let coefficients = WinogradPoints.weightRows(output: size).flatMap { $0.map { Float($0) } }
    for panel in 0..<panels.count {
      let column = panel * panels.panelColumns
      let width = panels.paddedColumns(panel)
      let base = packed.assumingMemoryBound(to: Float.self) + panel * panels.panelStride
      for first in stride(from: 0, to: rows, by: WeightReader.blockRows) {
        let block = first..<min(first + WeightReader.blockRows, rows)
        let taps = reader.read(block, first: column, count: min(panels.columns - column, width), width: width)
        coefficients.withUnsafeBufferPointer { coefficients in
          let weights = WinogradWeights(
            taps: taps, channels: block.count / 9, width: width, coefficients: coefficients.baseAddress!,
            packed: base + first / 9 * width, pointStride: panels.elementCount)
          withUnsafePointer(to: weights) { transforms.transformWeights($0) }
        }
      }
    }
  }

  func run(_ arguments: ConvolutionArguments) {
    let p = description.parameters
    let tiles = p.batch * tileRows * tileColumns
    let unit = min(tiles, loop.kernel.tileRows)
    let units = (tiles + unit - 1) / unit
    let grid = WorkGrid.best(
      workers: arguments.workers, rowUnits: units, panels: panels.count, unitCost: Double(unit * pointCount * p.inputChannels),
      rowUnitOverhead: Double(unit * p.inputChannels * 20), panelOverhead: Double(pointCount * panels.panelStride) / 4)
    let rows = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: units)
    let columns = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: panels.count)
    if columns.isEmpty { return }
    var tile = rows.lowerBound * unit
    let end = min(rows.upperBound * unit, tiles)
    let input = arguments.scratch.assumingMemoryBound(to: Float.self)
    let output = input + inputPointsCount
    while tile < end {
      let count = min(blockTiles, end - tile)
      transformInput(arguments, first: tile, count: count, into: input, patch: output + outputPointsCount)
      var panel = columns.lowerBound
      while panel < columns.upperBound {
        let panelEnd = min(panel + blockPanels, columns.upperBound)
        let channel = panel * panels.panelColumns
        let channels = (panelEnd == panels.count ? panels.columns : panelEnd * panels.panelColumns) - channel
        multiply(arguments, input: input, output: output, panel: panel, channels: channels, count: count)
        transformOutput(arguments, first: tile, count: count, from: output, channel: channel, channels: channels)
        panel = panelEnd
      }
      tile += count
    }
  }

  private func transformInput(
    _ arguments: ConvolutionArguments, first: Int, count: Int, into points: UnsafeMutablePointer<Float>,
    patch: UnsafeMutablePointer<Float>
  ) {
    let p = description.parameters
    let strides = description.input
    var index = 0
    while index < count {
      let tile = first + index
      let column = tile % tileColumns
      let y = tile / tileColumns % tileRows * size - p.padTop
      let x = column * size - p.padLeft
      let image = arguments.input + tile / (tileColumns * tileRows) * strides.batch
      var block = WinogradInput(
        input: image + y * strides.row + x * strides.pixel, pixel: strides.pixel, row: strides.row, channels: p.inputChannels, tiles: 1,
        points: points + index * inputStride, pointStride: blockTiles * inputStride, tileStride: inputStride)
      if y >= 0 && y + inputSize <= p.inputHeight && x >= 0 && x + inputSize <= p.inputWidth {
        // As many tiles of this row as lie inside the image.
        block.tiles = min(count - index, tileColumns - column, (p.inputWidth - x - 2) / size)
      } else {
        copyPatch(image, y: y, x: x, into: patch)
        block.input = UnsafePointer(patch)
        block.pixel = p.inputChannels
        block.row = inputSize * p.inputChannels
      }
      withUnsafePointer(to: block) { transforms.transformInput($0) }
      index += block.tiles
    }
  }

  /// Copies a tile that reaches beyond the image, with zeros there.
  private func copyPatch(_ image: UnsafePointer<Float>, y: Int, x: Int, into patch: UnsafeMutablePointer<Float>) {
    let p = description.parameters
    let channels = p.inputChannels
    for row in 0..<inputSize {
      for column in 0..<inputSize {
        let target = patch + (row * inputSize + column) * channels
        if y + row >= 0 && y + row < p.inputHeight && x + column >= 0 && x + column < p.inputWidth {
          copyFloats(image + (y + row) * description.input.row + (x + column) * description.input.pixel, to: target, count: channels)
        } else {
          target.update(repeating: 0, count: channels)
        }
      }
    }
  }

  private func multiply(
    _ arguments: ConvolutionArguments, input: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, panel: Int,
    channels: Int, count: Int
  ) {
    let first = arguments.weights + panel * panels.panelStride * 4
    for point in 0..<pointCount {
      let next = point + 1 < pointCount ? first + (point + 1) * panels.elementCount * 4 : nil
      var block = MatrixBlock(
        a: input + point * blockTiles * inputStride, aRowStride: inputStride, segments: loop.depth.segments.base, segmentCount: 0,
        b: first + point * panels.elementCount * 4, bPanelStride: panels.panelStride * 4,
        c: output + point * blockTiles * outputStride, cRowStride: outputStride, rows: count, columns: channels)
      loop.run(&block, columnBias: nil, rowBias: nil, residual: nil, residualRowStride: 0, residualGroupStride: 0, next: next) { _, _ in }
    }
  }

  private func transformOutput(
    _ arguments: ConvolutionArguments, first: Int, count: Int, from points: UnsafeMutablePointer<Float>, channel: Int, channels: Int
  ) {
    let p = description.parameters
    let strides = description.output
    let epilogue = description.epilogue
    let late = epilogue.residualAfterActivation
    var block = WinogradOutput(
      points: points, pointStride: blockTiles * outputStride, channels: channels, output: arguments.output, pixel: strides.pixel,
      row: strides.row, rows: size, columns: size, epilogue: description.pixelEpilogue)
    block.epilogue.bias = arguments.bias.map { $0 + channel }
    for index in 0..<count {
      let tile = first + index
      let y = tile / tileColumns % tileRows * size
      let x = tile % tileColumns * size
      let image = tile / (tileColumns * tileRows)
      block.points = UnsafePointer(points) + index * outputStride
      block.output = arguments.output + (image * strides.batch + y * strides.row + x * strides.pixel + channel)
      block.rows = min(size, p.outputHeight - y)
      block.columns = min(size, p.outputWidth - x)
      var residual: UnsafePointer<Float>?
      if let pointer = arguments.residual, let strides = description.residual {
        residual = pointer + (image * strides.batch + y * strides.row + x * strides.pixel + channel)
      }
      block.epilogue.residual = late && epilogue.activation != nil ? nil : residual
      withUnsafePointer(to: block) { transforms.transformOutput($0) }
      guard epilogue.activation != nil else { continue }
      for row in 0..<block.rows {
        epilogue.activate(
          block.output + row * strides.row, rowStride: strides.pixel, rows: block.columns, columns: channels,
          residual: late ? residual.map { $0 + row * block.epilogue.residualRow } : nil,
          residualRowStride: block.epilogue.residualPixel)
      }
    }
  }

  /// About the cycles of a convolution on one processor that begins two multiply-additions a cycle.
  static func cycles(_ description: ConvolutionDescription, output size: Int) -> Double {
    let p = description.parameters
    let kernel = matrixKernels.best(for: description.features)
    let points = (size + 2) * (size + 2)
    let tiles = p.batch * ((p.outputHeight + size - 1) / size) * ((p.outputWidth + size - 1) / size)
    let products = Double(kernel.slots(rows: tiles, columns: p.outputChannels) * points * p.inputChannels) / 2
    let registers = Double((p.inputChannels + p.outputChannels) / kernel.lanes + 2)
    // The values of a larger tile do not fit the registers.
    let transforms = Double(tiles * points) * registers * (size == 2 ? 5 : 7)
    return products * 1.1 + transforms + MatrixConvolution.weightCycles(points * p.inputChannels * p.outputChannels)
  }
}
