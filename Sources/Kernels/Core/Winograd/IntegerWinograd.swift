/// A row of neighbouring tiles of an image of bytes, and where their values at the points go. Strides are in bytes.
@frozen @usableFromInline package struct IntegerWinogradInput {
  /// The first tile's first pixel; tiles overlap by two columns.
  @usableFromInline package var input: UnsafeRawPointer
  @usableFromInline package var pixel: Int
  @usableFromInline package var row: Int
  /// At least as many as 16-bit integers in a register.
  @usableFromInline package var channels: Int
  /// Bits to flip in each byte, so that it is unsigned.
  @usableFromInline package var flip: UInt8
  @usableFromInline package var tiles: Int
  /// The first tile's channels at the first point, 16 bits each.
  @usableFromInline package var points: UnsafeMutableRawPointer
  @usableFromInline package var pointStride: Int
  @usableFromInline package var tileStride: Int

  package init(
    input: UnsafeRawPointer, pixel: Int, row: Int, channels: Int, flip: UInt8, tiles: Int, points: UnsafeMutableRawPointer,
    pointStride: Int, tileStride: Int
  ) {
    self.input = input
    self.pixel = pixel
    self.row = row
    self.channels = channels
    self.flip = flip
    self.tiles = tiles
    self.points = points
    self.pointStride = pointStride
    self.tileStride = tileStride
  }
}

/// The product of a point: a row of A for each tile, 16 bits a channel, and panels of B of two registers. Strides are in bytes.
///
/// Step by step B has two channels of each of a panel's columns. Whole tiles of rows are read of A and written to C, int32.
@frozen @usableFromInline package struct IntegerWinogradProduct {
  @usableFromInline package var a: UnsafeRawPointer
  @usableFromInline package var aRowStride: Int
  @usableFromInline package var b: UnsafeRawPointer
  @usableFromInline package var c: UnsafeMutableRawPointer
  @usableFromInline package var cRowStride: Int
  @usableFromInline package var rows: Int
  /// Pairs of channels.
  @usableFromInline package var steps: Int
  @usableFromInline package var panels: Int
  /// What is read after the last panel.
  @usableFromInline package var next: UnsafeRawPointer

  package init(
    a: UnsafeRawPointer, aRowStride: Int, b: UnsafeRawPointer, c: UnsafeMutableRawPointer, cRowStride: Int, rows: Int, steps: Int,
    panels: Int, next: UnsafeRawPointer
  ) {
    self.a = a
    self.aRowStride = aRowStride
    self.b = b
    self.c = c
    self.cRowStride = cRowStride
    self.rows = rows
    self.steps = steps
    self.panels = panels
    self.next = next
  }
}

/// A tile of the output, and its products at the points. Strides are in bytes.
@frozen @usableFromInline package struct IntegerWinogradOutput {
  /// The tile's channels at the first point, int32 each. Rows of channels are read in whole registers.
  @usableFromInline package var points: UnsafeRawPointer
  @usableFromInline package var pointStride: Int
  @usableFromInline package var channels: Int
  /// For each channel what its sums start from, m and a of an ``IntegerEpilogue``; they fill registers.
  @usableFromInline package var starts: UnsafeRawPointer
  @usableFromInline package var multipliers: UnsafePointer<Float>
  @usableFromInline package var addends: UnsafePointer<Float>
  @usableFromInline package var stage: IntegerStage
  @usableFromInline package var output: UnsafeMutableRawPointer
  @usableFromInline package var pixel: Int
  @usableFromInline package var row: Int
  /// The tile's rows and columns that exist.
  @usableFromInline package var rows: Int
  @usableFromInline package var columns: Int
  @usableFromInline package var residual: UnsafeRawPointer?
  @usableFromInline package var residualPixel: Int
  @usableFromInline package var residualRow: Int

  package init(
    points: UnsafeRawPointer, pointStride: Int, channels: Int, starts: UnsafeRawPointer, multipliers: UnsafePointer<Float>,
    addends: UnsafePointer<Float>, stage: IntegerStage, output: UnsafeMutableRawPointer, pixel: Int, row: Int, rows: Int, columns: Int,
    residual: UnsafeRawPointer?, residualPixel: Int, residualRow: Int
  ) {
    self.points = points
    self.pointStride = pointStride
    self.channels = channels
    self.starts = starts
    self.multipliers = multipliers
    self.addends = addends
    self.stage = stage
    self.output = output
    self.pixel = pixel
    self.row = row
    self.rows = rows
    self.columns = columns
    self.residual = residual
    self.residualPixel = residualPixel
    self.residualRow = residualRow
  }
}

/// Winograd's minimal filtering of an instruction set for one tile size, in integers: ``IntegerWinogradPoints``.
package struct IntegerWinogradKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// 32-bit integers in a register.
  package let lanes: Int
  /// Rows and columns of an output tile.
  package let output: Int
  package let transformInput: @Sendable (_ input: UnsafePointer<IntegerWinogradInput>) -> Void
  package let multiply: @Sendable (_ product: UnsafePointer<IntegerWinogradProduct>) -> Void
  package let transformOutput: @Sendable (_ output: UnsafePointer<IntegerWinogradOutput>) -> Void

  /// Rows and registers of a tile of a product.
  package static let tileRows = 4
  package static let tileWidth = 2

  package init(
    name: String, requires: CPUFeatures, lanes: Int, output: Int,
    transformInput: @escaping @Sendable (_ input: UnsafePointer<IntegerWinogradInput>) -> Void,
    multiply: @escaping @Sendable (_ product: UnsafePointer<IntegerWinogradProduct>) -> Void,
    transformOutput: @escaping @Sendable (_ output: UnsafePointer<IntegerWinogradOutput>) -> Void
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.output = output
    self.transformInput = transformInput
    self.multiply = multiply
    self.transformOutput = transformOutput
  }
}

/// The body of every ``IntegerWinogradKernel/transformInput``. `Tile` is the output's tile plus two.
@inlinable @inline(__always)
package func transformIntegerWinogradInput<V: IntegerVector, let Tile: Int>(
  _: V.Type, _: InlineArray<Tile, Void>.Type, _ block: UnsafePointer<IntegerWinogradInput>
) {
  typealias Pairs = IntegerPairs<V>
  let lanes = 2 &* V.lanes
  let pixel = block.pointee.pixel
  let row = block.pointee.row
  let channels = block.pointee.channels
  let pointStride = block.pointee.pointStride
  let flip = V.splat(0x0001_0001 &* Int32(block.pointee.flip))
  let middle = Pairs(V.splat(0x0001_0001 &* (IntegerWinogradPoints.sum(tile: Tile) &* 128)))
  for tile in 0..<block.pointee.tiles {
    let input = block.pointee.input + tile &* (Tile &- 2) &* pixel
    let points = block.pointee.points + tile &* block.pointee.tileStride
    var next = 0
    while next < channels {
      // The last register overlaps the one before where channels are no multiple.
      let channel = Swift.min(next, channels &- lanes)
      winogradTransform(
        load: { y, x in Pairs(V.load(pairs: input + (y &* row &+ x &* pixel &+ channel)).flipped(flip)) },
        transform: { (values: InlineArray<Tile, Pairs>) in IntegerWinogradPoints.evaluate(values) },
        store: { y, results in
          for x in 0..<Tile {
            // The only point at which a constant image is not zero.
            let result = x == 1 && y == 1 ? results[unchecked: x] - middle : results[unchecked: x]
            result.v.store(points + ((y &* Tile &+ x) &* pointStride &+ 2 &* channel))
          }
        })
      next &+= lanes
    }
  }
}

/// The body of every ``IntegerWinogradKernel/multiply``.
@inlinable @inline(__always)
package func multiplyIntegerWinograd<V: IntegerVector, let Rows: Int, let Width: Int>(
  _: V.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type, _ product: UnsafePointer<IntegerWinogradProduct>
) {
  let bytes = 4 &* V.lanes
  let steps = product.pointee.steps
  let panelBytes = steps &* Width &* bytes
  let aRowStride = product.pointee.aRowStride
  let tiles = (product.pointee.rows &+ Rows &- 1) / Rows
  for panel in 0..<product.pointee.panels {
    let first = product.pointee.b + panel &* panelBytes
    // The next panel is asked for meanwhile, a part for each tile.
    var ahead = panel &+ 1 < product.pointee.panels ? first + panelBytes : product.pointee.next
    let part = (panelBytes / tiles &+ 63) & ~63
    for tile in 0..<tiles {
      var a = product.pointee.a + tile &* Rows &* aRowStride
      var b = first
      var sums = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
      var fetched = 0
      while fetched < part {
        prefetch(ahead + fetched)
        fetched &+= 64
      }
      ahead += part
      for _ in 0..<steps {
        var weights = InlineArray<Width, V>(repeating: V.zero())
        for j in 0..<Width { weights[unchecked: j] = V.load(b + j &* bytes) }
        for i in 0..<Rows {
          let x = V.splat(a + i &* aRowStride)
          for j in 0..<Width {
            sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].addingProducts(x, weights[unchecked: j])
          }
        }
        a += 4
        b += Width &* bytes
      }
      let c = product.pointee.c + (tile &* Rows &* product.pointee.cRowStride &+ panel &* Width &* bytes)
      for i in 0..<Rows {
        for j in 0..<Width { sums[unchecked: j][unchecked: i].store(c + (i &* product.pointee.cRowStride &+ j &* bytes)) }
      }
    }
  }
}

/// The body of every ``IntegerWinogradKernel/transformOutput``.
@inlinable @inline(__always)
package func transformIntegerWinogradOutput<V: IntegerVector, let Tile: Int, let Output: Int>(
  _: V.Type, _: InlineArray<Tile, Void>.Type, _ outputType: InlineArray<Output, Void>.Type,
  _ block: UnsafePointer<IntegerWinogradOutput>
) {
  let lanes = V.lanes
  let channels = block.pointee.channels
  let pointStride = block.pointee.pointStride
  let stage = block.pointee.stage
  var channel = 0
  while channel < channels {
    let points = block.pointee.points + 4 &* channel
    let count = Swift.min(lanes, channels &- channel)
    let start = V.load(block.pointee.starts + 4 &* channel)
    let multiplier = V.Floats.load(block.pointee.multipliers + channel)
    let addend = V.Floats.load(block.pointee.addends + channel)
    let residual = block.pointee.residual.map { $0 + channel &* stage.residualType.elementSize }
    let isSimple = count == lanes && block.pointee.columns == 4 && stage.saturates && residual == nil
    winogradTransform(
      load: { y, x in V.load(points + (y &* Tile &+ x) &* pointStride) },
      transform: { (values: InlineArray<Tile, V>) in IntegerWinogradPoints.interpolate(values, outputType) },
      store: { y, results in
        if y >= block.pointee.rows { return }
        let output = block.pointee.output + (y &* block.pointee.row &+ channel &* stage.outputType.elementSize)
        if Output == 4 && isSimple {
          storeSaturated(
            results[unchecked: 0] + start, results[unchecked: 1] + start, results[unchecked: 2] + start, results[unchecked: 3] + start,
            stage, multiplier: multiplier, addend: addend, output: output, stride: block.pointee.pixel)
          return
        }
        for x in 0..<Output where x < block.pointee.columns {
          storeSums(
            V.self, results[unchecked: x] + start, stage, multiplier: multiplier, addend: addend,
            residual: residual.map { $0 + (y &* block.pointee.residualRow &+ x &* block.pointee.residualPixel) },
            output: output + x &* block.pointee.pixel, count: count)
        }
      })
    channel &+= lanes
  }
}
