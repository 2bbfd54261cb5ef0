/// A row of neighbouring tiles of the input, and where their values at the points go. Strides are in elements.
@frozen @usableFromInline package struct WinogradInput {
  /// The first tile's first pixel; tiles overlap by two columns.
  @usableFromInline package var input: UnsafePointer<Float>
  @usableFromInline package var pixel: Int
  @usableFromInline package var row: Int
  @usableFromInline package var channels: Int
  @usableFromInline package var tiles: Int
  /// The first tile's channels at the first point. Rows of channels are written in whole registers.
  @usableFromInline package var points: UnsafeMutablePointer<Float>
  @usableFromInline package var pointStride: Int
  @usableFromInline package var tileStride: Int

  package init(
    input: UnsafePointer<Float>, pixel: Int, row: Int, channels: Int, tiles: Int, points: UnsafeMutablePointer<Float>, pointStride: Int,
    tileStride: Int
  ) {
    self.input = input
    self.pixel = pixel
    self.row = row
    self.channels = channels
    self.tiles = tiles
    self.points = points
    self.pointStride = pointStride
    self.tileStride = tileStride
  }
}

/// A tile of the output, and its products at the points.
@frozen @usableFromInline package struct WinogradOutput {
  /// The tile's channels at the first point. Rows of channels are read in whole registers.
  @usableFromInline package var points: UnsafePointer<Float>
  @usableFromInline package var pointStride: Int
  @usableFromInline package var channels: Int
  @usableFromInline package var output: UnsafeMutablePointer<Float>
  @usableFromInline package var pixel: Int
  @usableFromInline package var row: Int
  /// The tile's rows and columns that exist.
  @usableFromInline package var rows: Int
  @usableFromInline package var columns: Int
  @usableFromInline package var epilogue: PixelEpilogue

  package init(
    points: UnsafePointer<Float>, pointStride: Int, channels: Int, output: UnsafeMutablePointer<Float>, pixel: Int, row: Int, rows: Int,
    columns: Int, epilogue: PixelEpilogue
  ) {
    self.points = points
    self.pointStride = pointStride
    self.channels = channels
    self.output = output
    self.pixel = pixel
    self.row = row
    self.rows = rows
    self.columns = columns
    self.epilogue = epilogue
  }
}

/// Transforms of an instruction set for one tile size.
package struct WinogradKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// Floats in a register.
  package let lanes: Int
  /// Rows and columns of an output tile.
  package let output: Int
  package let transformWeights: @Sendable (_ weights: UnsafePointer<WinogradWeights>) -> Void
  package let transformInput: @Sendable (_ input: UnsafePointer<WinogradInput>) -> Void
  package let transformOutput: @Sendable (_ output: UnsafePointer<WinogradOutput>) -> Void

  package init(
    name: String, requires: CPUFeatures, lanes: Int, output: Int,
    transformWeights: @escaping @Sendable (_ weights: UnsafePointer<WinogradWeights>) -> Void,
    transformInput: @escaping @Sendable (_ input: UnsafePointer<WinogradInput>) -> Void,
    transformOutput: @escaping @Sendable (_ output: UnsafePointer<WinogradOutput>) -> Void
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.output = output
    self.transformWeights = transformWeights
    self.transformInput = transformInput
    self.transformOutput = transformOutput
  }
}

/// The body of every input transform. `Tile` is the output's tile plus two.
@inlinable @inline(__always)
package func winogradTransformInput<V: FloatVector, let Tile: Int>(
  _: V.Type, _: InlineArray<Tile, Void>.Type, _ block: UnsafePointer<WinogradInput>
) {
  let lanes = V.lanes
  let pixel = block.pointee.pixel
  let row = block.pointee.row
  let channels = block.pointee.channels
  let pointStride = block.pointee.pointStride
  for tile in 0..<block.pointee.tiles {
    let input = block.pointee.input + tile &* (Tile &- 2) &* pixel
    let points = block.pointee.points + tile &* block.pointee.tileStride
    var channel = 0
    while channel < channels {
      let count = Swift.min(lanes, channels &- channel)
      let whole = count == lanes
      winogradTransform(
        load: { y, x in
          let p = input + (y &* row &+ x &* pixel &+ channel)
          return whole ? V.load(p) : V.load(p, count: count)
        },
        transform: { (values: InlineArray<Tile, V>) in winogradEvaluate(values) },
        store: { y, results in
          for x in 0..<Tile { results[unchecked: x].store(points + ((y &* Tile &+ x) &* pointStride &+ channel)) }
        })
      channel &+= lanes
    }
  }
}

/// The body of every output transform.
@inlinable @inline(__always)
package func winogradTransformOutput<V: FloatVector, let Tile: Int, let Output: Int>(
  _: V.Type, _: InlineArray<Tile, Void>.Type, _ outputType: InlineArray<Output, Void>.Type, _ block: UnsafePointer<WinogradOutput>
) {
  let lanes = V.lanes
  let channels = block.pointee.channels
  let pointStride = block.pointee.pointStride
  let rows = block.pointee.rows
  let columns = block.pointee.columns
  let late = block.pointee.epilogue.residualIsLate
  var channel = 0
  while channel < channels {
    let count = Swift.min(lanes, channels &- channel)
    let whole = count == lanes
    @inline(__always) func load(_ p: UnsafePointer<Float>) -> V { whole ? V.load(p) : V.load(p, count: count) }

    let points = block.pointee.points + channel
    let bias = block.pointee.epilogue.bias.map { load($0 + channel) } ?? V.zero()
    let minimum = V.splat(block.pointee.epilogue.minimum)
    let maximum = V.splat(block.pointee.epilogue.maximum)
    winogradTransform(
      load: { y, x in V.load(points + (y &* Tile &+ x) &* pointStride) },
      transform: { (values: InlineArray<Tile, V>) in winogradInterpolate(values, outputType) },
      store: { y, results in
        if y >= rows { return }
        for x in 0..<Output where x < columns {
          var result = results[unchecked: x] + bias
          let residual = block.pointee.epilogue.residual.map {
            load($0 + (y &* block.pointee.epilogue.residualRow &+ x &* block.pointee.epilogue.residualPixel &+ channel))
          }
          if let residual, !late { result = result + residual }
          result = maximum.min(minimum.max(result))
          if let residual, late { result = result + residual }
          let p = block.pointee.output + (y &* block.pointee.row &+ x &* block.pointee.pixel &+ channel)
          if whole { result.store(p) } else { result.store(p, count: count) }
        }
      })
    channel &+= lanes
  }
}
