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
  private let tiling: WinogradTiling
  /// The most tiles, and panels, of a block.
  private let blockTiles: Int
  private let blockPanels: Int
  /// Elements from a tile's channels at a point to the next tile's.
  private let inputStride: Int
  private let outputStride: Int

  let kernelName: String
  var packedWeightsByteCount: Int { pointCount * panels.elementCount * 4 }

  private var pointCount: Int { tiling.pointCount }
  private var inputPointsCount: Int { pointCount * blockTiles * inputStride }
  private var outputPointsCount: Int { pointCount * blockTiles * outputStride }
  private var patchCount: Int { pointCount * description.parameters.inputChannels }
  var scratchByteCount: Int { (inputPointsCount + outputPointsCount + patchCount).roundedUp(to: 32) * 4 }

  init(_ description: ConvolutionDescription, output size: Int) {
    let p = description.parameters
    let kernel = matrixKernels.best(for: description.features)
    self.description = description
    tiling = WinogradTiling(p, output: size)
    transforms = winogradKernels.supported(by: description.features).first { $0.output == size }!
    panels = MatrixPanels(lanes: kernel.lanes, rows: p.inputChannels, columns: p.outputChannels)
    inputStride = p.inputChannels.roundedUp(to: 16) + 16
    loop = MatrixLoop(
      kernel: kernel,
      depth: MatrixDepth(
        [MatrixSegment(offset: 0, length: p.inputChannels)], limit: MatrixLoop.depthLimit(kernel, rows: tiling.count)),
      epilogue: Epilogue())
    (blockTiles, blockPanels) = tiling.block(
      inputBytes: 4 * inputStride, panels: panels.count, panelColumns: panels.panelColumns, tileRows: kernel.tileRows)
    outputStride = (blockPanels * panels.panelColumns + panels.lanes).roundedUp(to: 16) + 16
    kernelName = "winograd\(size)x\(size)_\(kernel.name)"
  }

  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    let rows = 9 * panels.rows
    let reader = WeightReader(
      source, columnStride: rows, widest: panels.panelColumns + panels.lanes, features: description.features)
    defer { reader.deallocate() }
    let coefficients = WinogradPoints.weightRows(output: tiling.size).flatMap { $0.map { Float($0) } }
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
    let share = tiling.share(
      of: arguments.worker, workers: arguments.workers, tileRows: loop.kernel.tileRows, panels: panels.count,
      panelBytes: 4 * panels.panelStride)
    let input = arguments.scratch.assumingMemoryBound(to: Float.self)
    let output = input + inputPointsCount
    tiling.forEachBlock(of: share, most: (blockTiles, blockPanels)) { tiles in
      transformInput(arguments, tiles, into: input, patch: output + outputPointsCount)
    } body: { tiles, block in
      let channel = block.lowerBound * panels.panelColumns
      let channels = (block.upperBound == panels.count ? panels.columns : block.upperBound * panels.panelColumns) - channel
      multiply(arguments, input: input, output: output, panel: block.lowerBound, channels: channels, count: tiles.count)
      transformOutput(arguments, tiles, from: output, channel: channel, channels: channels)
    }
  }

  private func transformInput(
    _ arguments: ConvolutionArguments, _ tiles: Range<Int>, into points: UnsafeMutablePointer<Float>, patch: UnsafeMutablePointer<Float>
  ) {
    tiling.forEachRun(of: tiles, in: arguments.input, strides: description.input, elementSize: 4, padding: 0, patch: patch) { run in
      let block = WinogradInput(
        input: run.input.assumingMemoryBound(to: Float.self), pixel: run.pixel, row: run.row,
        channels: description.parameters.inputChannels, tiles: run.count, points: points + run.first * inputStride,
        pointStride: blockTiles * inputStride, tileStride: inputStride)
      withUnsafePointer(to: block) { transforms.transformInput($0) }
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
    _ arguments: ConvolutionArguments, _ tiles: Range<Int>, from points: UnsafeMutablePointer<Float>, channel: Int, channels: Int
  ) {
    let p = description.parameters
    let strides = description.output
    let epilogue = description.epilogue
    let late = epilogue.residualAfterActivation
    var block = WinogradOutput(
      points: points, pointStride: blockTiles * outputStride, channels: channels, output: arguments.output, pixel: strides.pixel,
      row: strides.row, rows: tiling.size, columns: tiling.size, epilogue: description.pixelEpilogue)
    block.epilogue.bias = arguments.bias.map { $0 + channel }
    for tile in tiles {
      let (image, y, x) = tiling.place(tile)
      block.points = UnsafePointer(points) + (tile - tiles.lowerBound) * outputStride
      block.output = arguments.output + (image * strides.batch + y * strides.row + x * strides.pixel + channel)
      block.rows = min(tiling.size, p.outputHeight - y)
      block.columns = min(tiling.size, p.outputWidth - x)
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
    let tiling = WinogradTiling(p, output: size)
    let points = tiling.pointCount
    let products = Double(kernel.slots(rows: tiling.count, columns: p.outputChannels) * points * p.inputChannels) / 2
    let registers = Double((p.inputChannels + p.outputChannels) / kernel.lanes + 2)
    // The values of a larger tile do not fit the registers.
    let transforms = Double(tiling.count * points) * registers * (size == 2 ? 5 : 7)
    return products * 1.1 + transforms + MatrixConvolution.weightCycles(4 * points * p.inputChannels * p.outputChannels)
  }
}
