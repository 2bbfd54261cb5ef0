// The kernel of any width, stride and dilation: a row at a time.

/// The taps of a row that a pixel uses, and the input column of the first.
@frozen @usableFromInline struct DepthwiseTaps {
  @usableFromInline var first: Int
  @usableFromInline var count: Int
  @usableFromInline var column: Int

  @inlinable @inline(__always)
  init(first: Int, count: Int, column: Int) {
    self.first = first
    self.count = count
    self.column = column
  }
}

/// One channel register of `Pixels` neighbouring output pixels; `count` of its lanes exist, all of them where `isWhole`.
///
/// `taps` are in use, as seen by the first pixel; the others see the same taps of columns further on.
@inlinable @inline(__always)
func depthwiseRegister<V: FloatVector, let Pixels: Int>(
  _: V.Type, _: InlineArray<Pixels, Void>.Type, _ row: UnsafePointer<DepthwiseRows>, pixel: Int, taps: DepthwiseTaps, channel: Int,
  count: Int, isWhole: Bool
) {
  let lanes = V.lanes
  @inline(__always) func load(_ p: UnsafePointer<Float>) -> V { isWhole ? V.load(p) : V.load(p, count: count) }

  var sums = InlineArray<Pixels, V>(repeating: row.pointee.epilogue.bias.map { load($0 + channel) } ?? V.zero())
  let late = row.pointee.epilogue.residualIsLate
  let residual = row.pointee.epilogue.residual.map { $0 + (pixel &* row.pointee.epilogue.residualPixel &+ channel) }
  if let residual, !late {
    for i in 0..<Pixels { sums[unchecked: i] = sums[unchecked: i] + load(residual + i &* row.pointee.epilogue.residualPixel) }
  }

  let tapRows = row.pointee.tapRows[unchecked: 0]
  let kernelWidth = row.pointee.kernelWidth
  let inputPixel = row.pointee.inputPixel
  let stride = row.pointee.stride &* inputPixel
  var input = row.pointee.input + (tapRows.first &* row.pointee.inputRow &+ taps.column &* inputPixel &+ channel)
  // A channel register's taps follow one another.
  var weights =
    row.pointee.weights + channel &* row.pointee.kernelHeight &* kernelWidth + (tapRows.first &* kernelWidth &+ taps.first) &* lanes
  var tapRow = tapRows.first
  while tapRow < tapRows.end {
    var tapInput = input
    for tap in 0..<taps.count {
      let weight = V.load(weights + tap &* lanes)
      for i in 0..<Pixels { sums[unchecked: i] = sums[unchecked: i].fma(load(tapInput + i &* stride), weight) }
      tapInput += row.pointee.dilation &* inputPixel
    }
    input += row.pointee.inputRow
    weights += kernelWidth &* lanes
    tapRow &+= 1
  }

  let minimum = V.splat(row.pointee.epilogue.minimum)
  let maximum = V.splat(row.pointee.epilogue.maximum)
  let output = row.pointee.output + (pixel &* row.pointee.outputPixel &+ channel)
  for i in 0..<Pixels {
    var result = maximum.min(minimum.max(sums[unchecked: i]))
    if let residual, late { result = result + load(residual + i &* row.pointee.epilogue.residualPixel) }
    if isWhole {
      result.store(output + i &* row.pointee.outputPixel)
    } else {
      result.store(output + i &* row.pointee.outputPixel, count: count)
    }
  }
}

/// All channels of `Pixels` neighbouring output pixels.
@inlinable @inline(never)
func depthwisePixels<V: FloatVector, let Pixels: Int>(
  _ vector: V.Type, _ pixels: InlineArray<Pixels, Void>.Type, _ row: UnsafePointer<DepthwiseRows>, pixel: Int, taps: DepthwiseTaps
) {
  let lanes = V.lanes
  let channels = row.pointee.channels
  var channel = 0
  while channel &+ lanes <= channels {
    depthwiseRegister(vector, pixels, row, pixel: pixel, taps: taps, channel: channel, count: lanes, isWhole: true)
    channel &+= lanes
  }
  if channel < channels {
    depthwiseRegister(vector, pixels, row, pixel: pixel, taps: taps, channel: channel, count: channels &- channel, isWhole: false)
  }
}

/// The body of the ``DepthwiseFunction`` of any width: pixels whose windows lie inside the row four at a time, the others one by one
/// with the taps that do.
@inlinable @inline(__always)
package func computeDepthwise<V: FloatVector>(_ vector: V.Type, _ row: UnsafePointer<DepthwiseRows>) {
  let step = row.pointee.stride
  let dilation = row.pointee.dilation
  let kernelWidth = row.pointee.kernelWidth
  let reach = (kernelWidth &- 1) &* dilation
  let outputWidth = row.pointee.outputWidth
  // Windows inside the row begin at these pixels, and end before those.
  let insideFirst = Swift.min(outputWidth, Swift.max(0, (row.pointee.padLeft &+ step &- 1) / step))
  let lastColumn = row.pointee.inputWidth &- 1 &- reach &+ row.pointee.padLeft
  let insideEnd = lastColumn < 0 ? insideFirst : Swift.max(insideFirst, Swift.min(outputWidth, lastColumn / step &+ 1))

  var pixel = 0
  while pixel < outputWidth {
    let column = pixel &* step &- row.pointee.padLeft
    if pixel >= insideFirst && pixel &+ 4 <= insideEnd {
      let taps = DepthwiseTaps(first: 0, count: kernelWidth, column: column)
      depthwisePixels(vector, InlineArray<4, Void>.self, row, pixel: pixel, taps: taps)
      pixel &+= 4
    } else {
      let first = column < 0 ? (dilation &- 1 &- column) / dilation : 0
      let beyond = row.pointee.inputWidth &- column
      let end = Swift.min(kernelWidth, beyond <= 0 ? 0 : (beyond &+ dilation &- 1) / dilation)
      let taps = DepthwiseTaps(first: first, count: Swift.max(0, end &- first), column: column &+ first &* dilation)
      depthwisePixels(vector, InlineArray<1, Void>.self, row, pixel: pixel, taps: taps)
      pixel &+= 1
    }
  }
}
