/// Neighbouring pixels that a special kernel computes together.
@inlinable @inline(__always) package var integerDepthwisePixels: Int { 4 }

/// The body of every ``IntegerDepthwiseFunction``: `Rows` rows of the output, of taps `Width` a row at `Stride`; one row of any taps where
/// `Width` is 0.
@inlinable @inline(__always)
package func computeIntegerDepthwise<V: IntegerVector, let Width: Int, let Stride: Int, let Rows: Int>(
  _ vector: V.Type, _ width: InlineArray<Width, Void>.Type, _ stride: InlineArray<Stride, Void>.Type,
  _ rows: InlineArray<Rows, Void>.Type, _ block: UnsafePointer<IntegerDepthwiseBlock>
) {
  var pair = block.pointee.pairRowsReady
  while pair < block.pointee.pairRowCount {
    makePairs(V.self, block, pair)
    pair &+= 1
  }
  if Width > 0 {
    integerDepthwiseRows(vector, width, stride, rows, InlineArray<4, Void>.self, block)
  } else {
    integerDepthwiseRows(vector, width, stride, InlineArray<1, Void>.self, InlineArray<1, Void>.self, block)
  }
}

/// Writes a row of pairs.
@inlinable @inline(never)
func makePairs<V: IntegerVector>(_: V.Type, _ block: UnsafePointer<IntegerDepthwiseBlock>, _ pair: Int) {
  let lanes = V.lanes
  let channels = block.pointee.channels
  let row = block.pointee.pairRow(pair)
  let upper = block.pointee.tapRows[2 &* pair]
  let lower = block.pointee.tapRows[2 &* pair &+ 1]
  let flip = block.pointee.flip
  let zero = V.splat(0x0101_0101 &* Int32(block.pointee.zeroPoint))
  /// Pairs of padding, and some more.
  @inline(__always) func pad(_ first: Int, _ end: Int) {
    var target = row + 2 &* channels &* first
    let end = row + 2 &* channels &* end
    while target < end {
      zero.store(target)
      target += 4 &* lanes
    }
  }
  @inline(__always) func run(_ p: UnsafeRawPointer, _ q: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int) {
    var i = 0
    while i < count && count >= 16 {
      // The last sixteen overlap where their number is no multiple.
      let first = Swift.min(i, count &- 16)
      V.storePairs(p + first, q + first, flip: flip, to: target + 2 &* first)
      i &+= 16
    }
    while i < count {
      target.storeBytes(of: p.load(fromByteOffset: i, as: UInt8.self) ^ flip, toByteOffset: 2 &* i, as: UInt8.self)
      target.storeBytes(of: q.load(fromByteOffset: i, as: UInt8.self) ^ flip, toByteOffset: 2 &* i &+ 1, as: UInt8.self)
      i &+= 1
    }
  }

  let first = Swift.min(block.pointee.padLeft, block.pointee.pairColumns)
  let end = first &+ Swift.min(block.pointee.inputWidth, block.pointee.pairColumns &- first)
  pad(0, first)
  let inside = row + 2 &* channels &* first
  if upper.pixel == channels && lower.pixel == channels {
    run(upper.base, lower.base, inside, (end &- first) &* channels)
  } else {
    for column in 0..<end &- first {
      run(upper.base + column &* upper.pixel, lower.base + column &* lower.pixel, inside + 2 &* channels &* column, channels)
    }
  }
  pad(end, block.pointee.pairColumns)
}

/// All pixels of the rows.
@inlinable @inline(never)
func integerDepthwiseRows<V: IntegerVector, let Width: Int, let Stride: Int, let Rows: Int, let Pixels: Int>(
  _: V.Type, _: InlineArray<Width, Void>.Type, _: InlineArray<Stride, Void>.Type, _: InlineArray<Rows, Void>.Type,
  _: InlineArray<Pixels, Void>.Type, _ block: UnsafePointer<IntegerDepthwiseBlock>
) {
  let lanes = V.lanes
  let bytes = 4 &* lanes
  let channels = block.pointee.channels
  let column = 2 &* channels
  let pairRowCount = block.pointee.pairRowCount
  let outputWidth = block.pointee.outputWidth
  let outputSize = block.pointee.stage.outputType.elementSize
  var pixel = 0
  while pixel < outputWidth {
    let first = pixel &* (Width > 0 ? Stride : block.pointee.stride) &* column
    let isWhole = Pixels == 4 && block.pointee.storesFour(pixel: pixel)
    var weights = block.pointee.weights
    var channel = 0
    while channel < channels {
      var sums = InlineArray<Rows, InlineArray<Pixels, V>>(repeating: InlineArray<Pixels, V>(repeating: V.load(weights)))
      var taps = weights + 3 &* bytes
      for pair in 0..<pairRowCount {
        var p = UnsafeRawPointer(block.pointee.pairRow(pair)) + (first &+ 2 &* channel)
        if Width > 0 {
          for x in 0..<(Pixels &- 1) &* Stride &+ Width {
            let both = V.load(pairs: p + x &* column)
            for r in 0..<Rows {
              for i in 0..<Pixels {
                let tap = x &- i &* Stride
                if tap >= 0 && tap < Width {
                  sums[unchecked: r][unchecked: i] =
                    sums[unchecked: r][unchecked: i].addingProducts(both, V.load(taps + (r &* Width &+ tap) &* bytes))
                }
              }
            }
          }
          taps += Rows &* Width &* bytes
        } else {
          for _ in 0..<block.pointee.kernelWidth {
            sums[unchecked: 0][unchecked: 0] = sums[unchecked: 0][unchecked: 0].addingProducts(V.load(pairs: p), V.load(taps))
            p += block.pointee.dilation &* column
            taps += bytes
          }
        }
      }
      let output = block.pointee.output + (pixel &* block.pointee.outputPixel &+ channel &* outputSize)
      for r in 0..<Rows where r < block.pointee.outputRows {
        storeDepthwise(
          V.self, block, sums[unchecked: r], isWhole: isWhole, pixel: pixel, row: r, channel: channel, weights: weights,
          output: output + r &* block.pointee.outputRow)
      }
      weights += block.pointee.weightStride
      channel &+= lanes
    }
    pixel &+= Pixels
    // The last pixels go with some of those before once more, unless something is added to them in place.
    let last = outputWidth &- Pixels
    if pixel < outputWidth && pixel > last && last >= 0 && block.pointee.residual == nil { pixel = last }
  }
}

/// Stores those of `Pixels` pixels, from `pixel` on, that exist.
@inlinable @inline(__always)
func storeDepthwise<V: IntegerVector, let Pixels: Int>(
  _: V.Type, _ block: UnsafePointer<IntegerDepthwiseBlock>, _ sums: InlineArray<Pixels, V>, isWhole: Bool, pixel: Int, row: Int,
  channel: Int, weights: UnsafeRawPointer, output: UnsafeMutableRawPointer
) {
  if Pixels == 4 && isWhole && channel &+ V.lanes <= block.pointee.channels {
    let floats = weights.assumingMemoryBound(to: Float.self)
    let multiplier = V.Floats.load(floats + V.lanes)
    let addend = V.Floats.load(floats + 2 &* V.lanes)
    let upper = V.Floats.splat(block.pointee.stage.upper)
    // A NaN passes, and saturates below.
    @inline(__always) func result(_ i: Int) -> V.Floats {
      let x = sums[unchecked: i].floats() * multiplier
      return upper.min(x + addend)
    }
    V.store(
      result(0), result(1), result(2), result(3), bytes: output, stride: block.pointee.outputPixel,
      isSigned: block.pointee.stage.outputType == .i8)
  } else {
    storeDepthwiseOneByOne(V.self, block, sums, pixel: pixel, row: row, channel: channel, weights: weights, output: output)
  }
}

@inlinable @inline(never)
func storeDepthwiseOneByOne<V: IntegerVector, let Pixels: Int>(
  _: V.Type, _ block: UnsafePointer<IntegerDepthwiseBlock>, _ sums: InlineArray<Pixels, V>, pixel: Int, row: Int, channel: Int,
  weights: UnsafeRawPointer, output: UnsafeMutableRawPointer
) {
  let floats = weights.assumingMemoryBound(to: Float.self)
  let multiplier = V.Floats.load(floats + V.lanes)
  let addend = V.Floats.load(floats + 2 &* V.lanes)
  let stage = block.pointee.stage
  let count = Swift.min(V.lanes, block.pointee.channels &- channel)
  let residual = block.pointee.residual.map {
    $0 + (row &* block.pointee.residualRow &+ pixel &* block.pointee.residualPixel &+ channel &* stage.residualType.elementSize)
  }
  var i = 0
  while i < Pixels && pixel &+ i < block.pointee.outputWidth {
    storeSums(
      V.self, sums[unchecked: i], stage, multiplier: multiplier, addend: addend,
      residual: residual.map { $0 + i &* block.pointee.residualPixel }, output: output + i &* block.pointee.outputPixel, count: count)
    i &+= 1
  }
}
