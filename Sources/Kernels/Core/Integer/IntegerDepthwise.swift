/// One channel register of `Pixels` neighbouring output pixels whose windows lie inside the row; `Width` taps a row at `Stride`.
///
/// Two rows of taps go together: bytes of both rows make pairs, which serve all pixels that see their column.
@inlinable @inline(__always)
func integerDepthwiseRegister<V: IntegerVector, let Width: Int, let Stride: Int, let Pixels: Int>(
  _: V.Type, _: InlineArray<Width, Void>.Type, _: InlineArray<Stride, Void>.Type, _: InlineArray<Pixels, Void>.Type,
  _ row: UnsafePointer<IntegerDepthwiseRow>, pixel: Int, channel: Int, weights: UnsafeRawPointer, count: Int
) {
  let bytes = 4 &* V.lanes
  let column = pixel &* Stride &- row.pointee.padLeft
  var sums = InlineArray<Pixels, V>(repeating: V.load(weights))
  var taps = weights + 3 &* bytes
  let flip = row.pointee.flip
  let mask = V.splat(Int32(flip))

  @inline(__always) func accumulate(_ upper: IntegerTapRow, _ lower: IntegerTapRow, isLast: Bool) {
    let p = upper.base + (column &* upper.pixel &+ channel)
    let q = lower.base + (column &* lower.pixel &+ channel)
    var values = InlineArray<Width, V>(repeating: V.zero())
    for tap in 0..<Width { values[unchecked: tap] = V.load(taps + tap &* bytes) }
    for x in 0..<(Pixels &- 1) &* Stride &+ Width {
      // The last of an odd number of rows has no partner.
      let both =
        isLast
        ? V.load(bytes: p + x &* upper.pixel, isSigned: false, count: count).flipped(mask)
        : V.pairs(p + x &* upper.pixel, q + x &* lower.pixel, count: count, flip: flip)
      for i in 0..<Pixels {
        let tap = x &- i &* Stride
        if tap >= 0 && tap < Width {
          sums[unchecked: i] = sums[unchecked: i].addingProducts(both, values[unchecked: tap])
        }
      }
    }
    taps += Width &* bytes
  }

  let rows = row.pointee.tapRows
  for pair in 0..<row.pointee.kernelHeight / 2 { accumulate(rows[2 &* pair], rows[2 &* pair &+ 1], isLast: false) }
  if row.pointee.kernelHeight & 1 != 0 {
    let last = rows[row.pointee.kernelHeight &- 1]
    accumulate(last, last, isLast: true)
  }
  storeDepthwise(V.self, row, sums, pixel: pixel, channel: channel, weights: weights, count: count)
}

/// One channel register of an output pixel with any window.
@inlinable @inline(__always)
func integerDepthwiseRegister<V: IntegerVector>(
  _: V.Type, _ row: UnsafePointer<IntegerDepthwiseRow>, pixel: Int, channel: Int, weights: UnsafeRawPointer, count: Int
) {
  let bytes = 4 &* V.lanes
  var sums = InlineArray<1, V>(repeating: V.load(weights))
  var taps = weights + 3 &* bytes
  for pair in 0..<(row.pointee.kernelHeight &+ 1) / 2 {
    let upper = row.pointee.tapRows[2 &* pair]
    let lower = row.pointee.tapRows[2 &* pair &+ 1]
    var column = pixel &* row.pointee.stride &- row.pointee.padLeft
    for _ in 0..<row.pointee.kernelWidth {
      let isInside = column >= 0 && column < row.pointee.inputWidth
      let p = isInside ? upper.base + column &* upper.pixel : row.pointee.padding
      let q = isInside ? lower.base + column &* lower.pixel : row.pointee.padding
      let both = V.pairs(p + channel, q + channel, count: count, flip: row.pointee.flip)
      sums[unchecked: 0] = sums[unchecked: 0].addingProducts(both, V.load(taps))
      taps += bytes
      column &+= row.pointee.dilation
    }
  }
  storeDepthwise(V.self, row, sums, pixel: pixel, channel: channel, weights: weights, count: count)
}

@inlinable @inline(__always)
func storeDepthwise<V: IntegerVector, let Pixels: Int>(
  _: V.Type, _ row: UnsafePointer<IntegerDepthwiseRow>, _ sums: InlineArray<Pixels, V>, pixel: Int, channel: Int,
  weights: UnsafeRawPointer, count: Int
) {
  let floats = weights.assumingMemoryBound(to: Float.self)
  let multiplier = V.Floats.load(floats + V.lanes)
  let addend = V.Floats.load(floats + 2 &* V.lanes)
  let stage = row.pointee.stage
  if Pixels == 4 && stage.saturates && row.pointee.residual == nil && count == V.lanes {
    let upper = V.Floats.splat(stage.upper)
    // A NaN passes, and saturates below.
    @inline(__always) func result(_ i: Int) -> V.Floats {
      let x = sums[unchecked: i].floats() * multiplier
      return upper.min(x + addend)
    }
    V.store(
      result(0), result(1), result(2), result(3), bytes: row.pointee.output + (pixel &* row.pointee.outputPixel &+ channel),
      stride: row.pointee.outputPixel, isSigned: stage.outputType == .i8)
    return
  }
  for i in 0..<Pixels {
    storeSums(
      V.self, sums[unchecked: i], stage, multiplier: multiplier, addend: addend,
      residual: row.pointee.residual.map { $0 + ((pixel &+ i) &* row.pointee.residualPixel &+ channel &* stage.residualType.elementSize) },
      output: row.pointee.output + ((pixel &+ i) &* row.pointee.outputPixel &+ channel &* stage.outputType.elementSize), count: count)
  }
}

/// All channels of `Pixels` neighbouring output pixels inside the row; of one, with any window, where `Width` is 0.
@inlinable @inline(never)
func integerDepthwisePixels<V: IntegerVector, let Width: Int, let Stride: Int, let Pixels: Int>(
  _ vector: V.Type, _ width: InlineArray<Width, Void>.Type, _ stride: InlineArray<Stride, Void>.Type,
  _ pixels: InlineArray<Pixels, Void>.Type, _ row: UnsafePointer<IntegerDepthwiseRow>, pixel: Int
) {
  let lanes = V.lanes
  let channels = row.pointee.channels
  let weightStride = IntegerDepthwiseRow.weightStride(
    lanes: lanes, kernelHeight: row.pointee.kernelHeight, kernelWidth: row.pointee.kernelWidth)
  var weights = row.pointee.weights
  var channel = 0
  while channel &+ lanes <= channels {
    if Width > 0 {
      integerDepthwiseRegister(vector, width, stride, pixels, row, pixel: pixel, channel: channel, weights: weights, count: lanes)
    } else {
      integerDepthwiseRegister(vector, row, pixel: pixel, channel: channel, weights: weights, count: lanes)
    }
    weights += weightStride
    channel &+= lanes
  }
  if channel < channels {
    for i in 0..<Pixels {
      integerDepthwiseRegister(vector, row, pixel: pixel &+ i, channel: channel, weights: weights, count: channels &- channel)
    }
  }
}

/// The body of every ``IntegerDepthwiseFunction``: pixels whose windows lie inside the row four at a time, the others one by one.
@inlinable @inline(__always)
package func computeIntegerDepthwiseRow<V: IntegerVector, let Width: Int, let Stride: Int>(
  _ vector: V.Type, _ width: InlineArray<Width, Void>.Type, _ stride: InlineArray<Stride, Void>.Type,
  _ row: UnsafePointer<IntegerDepthwiseRow>
) {
  let outputWidth = row.pointee.outputWidth
  func any(_ pixel: Int) {
    integerDepthwisePixels(
      vector, InlineArray<0, Void>.self, InlineArray<0, Void>.self, InlineArray<1, Void>.self, row, pixel: pixel)
  }
  var pixel = 0
  if Width > 0 {
    // Windows inside the row begin at these pixels, and end before those.
    let insideFirst = Swift.min(outputWidth, Swift.max(0, (row.pointee.padLeft &+ Stride &- 1) / Stride))
    let lastColumn = row.pointee.inputWidth &- Width &+ row.pointee.padLeft
    let insideEnd = lastColumn < 0 ? insideFirst : Swift.max(insideFirst, Swift.min(outputWidth, lastColumn / Stride &+ 1))
    while pixel < insideFirst {
      any(pixel)
      pixel &+= 1
    }
    while pixel &+ 4 <= insideEnd {
      integerDepthwisePixels(vector, width, stride, InlineArray<4, Void>.self, row, pixel: pixel)
      pixel &+= 4
    }
    while pixel < insideEnd {
      integerDepthwisePixels(vector, width, stride, InlineArray<1, Void>.self, row, pixel: pixel)
      pixel &+= 1
    }
  }
  while pixel < outputWidth {
    any(pixel)
    pixel &+= 1
  }
}
