import KernelCore

/// A 3×3 convolution of 8-bit integers by Winograd's minimal filtering, to the same integers as any other way: ``IntegerWinogradPoints``.
final class IntegerWinogradConvolution: IntegerConvolutionImplementation {
  private let description: IntegerConvolutionDescription
  private let kernel: IntegerWinogradKernel
  private let tiling: WinogradTiling
  private let scaling: IntegerScaling
  private let stage: IntegerStage
  private let secondStage: IntegerSecondStage?
  /// The most tiles, and panels, of a block.
  private let blockTiles: Int
  private let blockPanels: Int
  /// Bytes from a tile's channels at a point to the next tile's, and to those at the next point.
  private let inputStride: Int
  private let inputPointStride: Int
  private let outputStride: Int
  private let outputPointStride: Int

  let kernelName: String
  var packedWeightsByteCount: Int { headerBytes + tiling.pointCount * panelCount * panelBytes }
  var scratchByteCount: Int { tiling.pointCount * (inputPointStride + outputPointStride) + patchBytes + stagedBytes }

  private var panelColumns: Int { IntegerWinogradKernel.tileWidth * kernel.lanes }
  private var panelCount: Int { (description.parameters.outputChannels + panelColumns - 1) / panelColumns }
  private var steps: Int { description.parameters.inputChannels / 2 }
  /// Of a panel at a point.
  private var panelBytes: Int { 4 * steps * panelColumns }
  /// Of what every output channel has of its own: an int32 and two floats.
  private var channelBytes: Int { 4 * panelCount * panelColumns }
  private var headerBytes: Int { (3 * channelBytes).roundedUp(to: 64) }
  private var patchBytes: Int { (tiling.pointCount * description.parameters.inputChannels).roundedUp(to: 64) }
  private var stagedBytes: Int {
    secondStage?.needsMemory == true ? (4 * tiling.size * tiling.size * blockPanels * panelColumns).roundedUp(to: 64) : 0
  }

  /// The kernels for a convolution that can be computed so; none where the instruction set multiplies bytes faster than pairs.
  static func kernels(
    for p: ConvolutionParameters, inputStrides: ImageStrides, features: CPUFeatures
  ) -> [IntegerWinogradKernel] {
    guard WinogradTiling.applies(to: p, inputStrides: inputStrides), p.inputChannels % 2 == 0 else { return [] }
    let requirements = integerMatrixKernels.best(for: features).requires
    return integerWinogradKernels.filter {
      $0.requires == requirements && 2 * $0.lanes <= p.inputChannels
        && p.inputChannels <= IntegerWinogradPoints.greatestDepth(output: $0.output)
    }
  }

  init(_ description: IntegerConvolutionDescription, _ kernel: IntegerWinogradKernel) {
    let p = description.parameters
    self.description = description
    self.kernel = kernel
    tiling = WinogradTiling(p, output: kernel.output)
    scaling = IntegerScaling(description.epilogue)
    stage = IntegerStage(description.epilogue, scaling)
    secondStage = IntegerSecondStage(description.epilogue, scaling, description.features)
    inputStride = (2 * p.inputChannels).roundedUp(to: 64) + 64
    let columns = IntegerWinogradKernel.tileWidth * kernel.lanes
    (blockTiles, blockPanels) = tiling.block(
      inputBytes: inputStride, panels: (p.outputChannels + columns - 1) / columns, panelColumns: columns,
      tileRows: IntegerWinogradKernel.tileRows)
    outputStride = 4 * blockPanels * columns + 64
    let rows = blockTiles.roundedUp(to: IntegerWinogradKernel.tileRows)
    inputPointStride = rows * inputStride
    outputPointStride = rows * outputStride
    kernelName = kernel.name
  }

  func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer
  ) {
    let p = description.parameters
    let channels = p.inputChannels
    packed.initializeMemory(as: UInt8.self, repeating: 0, count: headerBytes)
    let starts = packed.assumingMemoryBound(to: Int32.self)
    let multipliers = (packed + channelBytes).assumingMemoryBound(to: Float.self)
    let addends = (packed + 2 * channelBytes).assumingMemoryBound(to: Float.self)
    let taps = UnsafeMutablePointer<Int16>.allocate(capacity: 9 * channels * panelColumns)
    taps.initialize(repeating: 0, count: 9 * channels * panelColumns)
    defer { taps.deallocate() }
    for panel in 0..<panelCount {
      for n in 0..<panelColumns {
        let column = panel * panelColumns + n
        guard column < p.outputChannels else {
          for i in 0..<9 * channels { taps[i * panelColumns + n] = 0 }
          continue
        }
        let window = source + 9 * column * channels
        var sum: Int32 = 0
        for i in 0..<9 * channels {
          taps[i * panelColumns + n] = Int16(window[i])
          sum &+= Int32(window[i])
        }
        // The middle of a byte's range is taken away from the input.
        starts[column] = (128 - Int32(description.zeroPoint)) &* sum
        multipliers[column] = scaling.multiplier(scale: scales[column])
        addends[column] = scaling.addend(bias: bias?[column] ?? 0)
      }
      for step in 0..<steps {
        for first in stride(from: 0, to: panelColumns, by: 8) {
          let place = headerBytes + panel * panelBytes + 4 * (step * panelColumns + first)
          transform(taps + (18 * step * panelColumns + first), into: packed + place)
        }
      }
    }
  }

  /// Evaluates eight columns' windows of two channels at the points.
  private func transform(_ taps: UnsafePointer<Int16>, into target: UnsafeMutableRawPointer) {
    let size = tiling.inputSize
    let pointBytes = panelCount * panelBytes
    @inline(__always) func tap(_ channel: Int, _ index: Int) -> SIMD8<Int16> {
      UnsafeRawPointer(taps + (9 * channel + index) * panelColumns).loadUnaligned(as: SIMD8<Int16>.self)
    }
    @inline(__always) func evaluate(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>, _ c: SIMD8<Int16>, _ index: Int) -> SIMD8<Int16> {
      IntegerWinogradPoints.evaluate(a, b, c, output: tiling.size, at: index)
    }
    for y in 0..<size {
      @inline(__always) func row(_ channel: Int, _ x: Int) -> SIMD8<Int16> {
        evaluate(tap(channel, x), tap(channel, x + 3), tap(channel, x + 6), y)
      }
      let (a, b, c) = (row(0, 0), row(0, 1), row(0, 2))
      let (d, e, f) = (row(1, 0), row(1, 1), row(1, 2))
      for x in 0..<size {
        var pairs = SIMD16<Int16>()
        pairs.evenHalf = evaluate(a, b, c, x)
        pairs.oddHalf = evaluate(d, e, f, x)
        (target + (y * size + x) * pointBytes).storeBytes(of: pairs, as: SIMD16<Int16>.self)
      }
    }
  }

  func run(_ arguments: IntegerConvolutionArguments) {
    let share = tiling.share(
      of: arguments.worker, workers: arguments.workers, tileRows: IntegerWinogradKernel.tileRows, panels: panelCount,
      panelBytes: panelBytes)
    let input = arguments.scratch
    let output = input + tiling.pointCount * inputPointStride
    let patch = output + tiling.pointCount * outputPointStride
    tiling.forEachBlock(of: share, most: (blockTiles, blockPanels)) { tiles in
      transformInput(arguments, tiles, into: input, patch: patch)
    } body: { tiles, panels in
      multiply(arguments, input: input, output: output, panels, rows: tiles.count)
      transformOutput(arguments, tiles, from: output, panels, staged: patch + patchBytes)
    }
  }

  private func transformInput(
    _ arguments: IntegerConvolutionArguments, _ tiles: Range<Int>, into points: UnsafeMutableRawPointer, patch: UnsafeMutableRawPointer
  ) {
    tiling.forEachRun(
      of: tiles, in: arguments.input, strides: description.input, elementSize: 1,
      padding: UInt8(truncatingIfNeeded: description.inputZeroPoint), patch: patch
    ) { run in
      let block = IntegerWinogradInput(
        input: run.input, pixel: run.pixel, row: run.row, channels: description.parameters.inputChannels, flip: description.flip,
        tiles: run.count, points: points + run.first * inputStride, pointStride: inputPointStride, tileStride: inputStride)
      withUnsafePointer(to: block) { kernel.transformInput($0) }
    }
  }

  private func multiply(
    _ arguments: IntegerConvolutionArguments, input: UnsafeMutableRawPointer, output: UnsafeMutableRawPointer, _ panels: Range<Int>,
    rows: Int
  ) {
    let pointBytes = panelCount * panelBytes
    let first = arguments.weights + (headerBytes + panels.lowerBound * panelBytes)
    for point in 0..<tiling.pointCount {
      let product = IntegerWinogradProduct(
        a: input + point * inputPointStride, aRowStride: inputStride, b: first + point * pointBytes,
        c: output + point * outputPointStride, cRowStride: outputStride, rows: rows, steps: steps, panels: panels.count,
        next: first + (point + 1) % tiling.pointCount * pointBytes)
      withUnsafePointer(to: product) { kernel.multiply($0) }
    }
  }

  private func transformOutput(
    _ arguments: IntegerConvolutionArguments, _ tiles: Range<Int>, from points: UnsafeMutableRawPointer, _ panels: Range<Int>,
    staged: UnsafeMutableRawPointer
  ) {
    let p = description.parameters
    let o = description.output
    let channel = panels.lowerBound * panelColumns
    let channels = min(panels.upperBound * panelColumns, p.outputChannels) - channel
    let outputSize = description.epilogue.output.type.byteCount
    let residualSize = description.epilogue.residual?.type.byteCount ?? 1
    let usesStaged = secondStage?.needsMemory == true
    let cSize = stage.outputType.byteCount
    let own = arguments.weights + 4 * channel
    var block = IntegerWinogradOutput(
      points: points, pointStride: outputPointStride, channels: channels, starts: own,
      multipliers: (own + channelBytes).assumingMemoryBound(to: Float.self),
      addends: (own + 2 * channelBytes).assumingMemoryBound(to: Float.self), stage: stage, output: staged,
      pixel: (usesStaged ? channels : o.pixel) * cSize, row: (usesStaged ? tiling.size * channels : o.row) * cSize, rows: tiling.size,
      columns: tiling.size, residual: nil, residualPixel: (description.residual?.pixel ?? 0) * residualSize,
      residualRow: (description.residual?.row ?? 0) * residualSize)
    for tile in tiles {
      let (image, y, x) = tiling.place(tile)
      let output = arguments.output + (image * o.batch + y * o.row + x * o.pixel + channel) * outputSize
      block.points = UnsafeRawPointer(points + (tile - tiles.lowerBound) * outputStride)
      if !usesStaged { block.output = output }
      block.rows = min(tiling.size, p.outputHeight - y)
      block.columns = min(tiling.size, p.outputWidth - x)
      var residual: UnsafeRawPointer?
      if let strides = description.residual, let base = arguments.residual {
        residual = base + (image * strides.batch + y * strides.row + x * strides.pixel + channel) * residualSize
      }
      block.residual = stage.hasResidual ? residual : nil
      withUnsafePointer(to: block) { kernel.transformOutput($0) }
      guard let secondStage else { continue }
      for row in 0..<block.rows {
        secondStage.run(
          (block.output + row * block.row).assumingMemoryBound(to: Float.self), rowStride: block.pixel / 4, rows: block.columns,
          columns: channels, residual: residual.map { $0 + row * block.residualRow }, residualRowStride: description.residual?.pixel ?? 0,
          output: output + row * o.row * outputSize, outputRowStride: o.pixel)
      }
    }
  }

  /// About the cycles of a convolution on one processor that begins two multiplications a cycle; additions take some of these.
  static func cycles(_ p: ConvolutionParameters, _ kernel: IntegerWinogradKernel) -> Double {
    let tiling = WinogradTiling(p, output: kernel.output)
    let columns = paddedColumns(p, kernel)
    let rows = tiling.count.roundedUp(to: IntegerWinogradKernel.tileRows)
    let products = Double(tiling.pointCount * rows * columns * p.inputChannels) / Double(4 * kernel.lanes)
    let transforms = Double(tiling.count * tiling.pointCount) * Double(3 * p.inputChannels + 8 * columns) / Double(kernel.lanes)
    return products * 1.4 + transforms
  }

  /// Bytes of weights at the points.
  static func weightBytes(_ p: ConvolutionParameters, _ kernel: IntegerWinogradKernel) -> Int {
    2 * WinogradTiling(p, output: kernel.output).pointCount * p.inputChannels * paddedColumns(p, kernel)
  }

  private static func paddedColumns(_ p: ConvolutionParameters, _ kernel: IntegerWinogradKernel) -> Int {
    p.outputChannels.roundedUp(to: IntegerWinogradKernel.tileWidth * kernel.lanes)
  }
}
