// Kernels of a fixed width and stride: two rows of a few pixels at a time, so that a loaded value meets several taps, and loaded taps
// several pixels.

/// What the code of a kernel is for: windows `Width` wide, `Stride` columns apart, in two rows of `Pixels`.
///
/// Columns beyond the image count as zeros: the first `Before` and the last `After` of those that a row's windows see. With `Before` as
/// large as `Width` the ``DepthwiseGroup`` says which they are, and not all pixels need be stored.
@usableFromInline package enum DepthwiseTile<let Width: Int, let Stride: Int, let Pixels: Int, let Before: Int, let After: Int> {
  /// Input columns that the windows of a row see.
  @inlinable @inline(__always) static var columns: Int { (Pixels &- 1) &* Stride &+ Width }
  @inlinable @inline(__always) static var isChecked: Bool { Before == Width }
}

/// Two rows of a tile's neighbouring output pixels, as seen in their rows.
@frozen @usableFromInline struct DepthwiseGroup {
  /// How many of the pixels are stored.
  @usableFromInline var pixels: Int
  /// A bit for each of the tile's input columns that lies inside the image.
  @usableFromInline var inside: Int
  /// The first of the input columns, in the row that tap row 0 of the first output row sees.
  @usableFromInline var input: UnsafeRawPointer
  /// The first pixel.
  @usableFromInline var output: UnsafeMutableRawPointer
  @usableFromInline var residual: UnsafeRawPointer?

  @inlinable @inline(__always)
  init(_ rows: UnsafePointer<DepthwiseRows>, pixel: Int, pixels: Int, columns: Int, stride: Int) {
    self.pixels = pixels
    let column = pixel &* stride &- rows.pointee.padLeft
    let end = Swift.min(columns, rows.pointee.inputWidth &- column)
    inside = end <= 0 ? 0 : (1 &<< end &- 1) & (-1 &<< Swift.max(0, Swift.min(-column, columns)))
    input = UnsafeRawPointer(rows.pointee.input + column &* rows.pointee.inputPixel)
    output = UnsafeMutableRawPointer(rows.pointee.output + pixel &* rows.pointee.outputPixel)
    residual = rows.pointee.epilogue.residual.map { UnsafeRawPointer($0 + pixel &* rows.pointee.epilogue.residualPixel) }
  }
}

/// One channel register of a group; `count` of its lanes exist, all of them where `isWhole`.
@inlinable @inline(__always)
func depthwiseBlock<Input: DepthwiseInput, let Width: Int, let Stride: Int, let Pixels: Int, let Before: Int, let After: Int>(
  _ channels: Input, _ tile: DepthwiseTile<Width, Stride, Pixels, Before, After>.Type, _ rows: UnsafePointer<DepthwiseRows>,
  _ group: DepthwiseGroup, channel: Int, count: Int, isWhole: Bool
) {
  typealias V = Input.Vector
  let lanes = V.lanes
  // Distances in bytes, of which an address takes 1, 2, 4 or 8.
  @inline(__always) func load(_ p: UnsafeRawPointer) -> V {
    let p = p.assumingMemoryBound(to: Float.self)
    return isWhole ? V.load(p) : V.load(p, count: count)
  }

  let bias = rows.pointee.epilogue.bias.map { load($0 + channel) } ?? V.zero()
  var sums = InlineArray<2, InlineArray<Pixels, V>>(repeating: InlineArray<Pixels, V>(repeating: bias))
  let rowCount = rows.pointee.rows
  let late = rows.pointee.epilogue.residualIsLate
  let residual = group.residual.map { $0 + 4 &* channel }
  let residualPixel = 4 &* rows.pointee.epilogue.residualPixel
  let residualRow = 4 &* rows.pointee.epilogue.residualRow
  if let residual, !late {
    for r in 0..<2 where r < rowCount {
      for i in 0..<Pixels where !tile.isChecked || i < group.pixels {
        sums[unchecked: r][unchecked: i] = sums[unchecked: r][unchecked: i] + load(residual + r &* residualRow + i &* residualPixel)
      }
    }
  }

  let inputPixel = 4 &* rows.pointee.inputPixel
  let inputRow = 4 &* rows.pointee.inputRow
  let inputStep = 4 &* rows.pointee.inputStep
  let kernelHeight = rows.pointee.kernelHeight
  let upper = rows.pointee.tapRows[unchecked: 0]
  let lower = rows.pointee.tapRows[unchecked: 1]
  var input = group.input + 4 &* channels.first(of: channel)
  // A channel register's taps follow one another.
  var weights = rows.pointee.weights + channel &* kernelHeight &* Width
  var tapRow = 0
  while tapRow < kernelHeight {
    var taps = InlineArray<Width, V>(repeating: V.zero())
    for t in 0..<Width { taps[unchecked: t] = V.load(weights + t &* lanes) }
    for r in 0..<2 {
      let used = r == 0 ? upper : lower
      if tapRow < used.first || tapRow >= used.end { continue }
      let line = r == 0 ? input : input + inputStep
      for x in 0..<tile.columns {
        if tile.isChecked ? group.inside & (1 &<< x) == 0 : x < Before || x >= tile.columns &- After { continue }
        let value = channels.load((line + x &* inputPixel).assumingMemoryBound(to: Float.self), count: count, isWhole: isWhole)
        for t in 0..<Width where x >= t && (x &- t) % Stride == 0 && (x &- t) / Stride < Pixels {
          let i = (x &- t) / Stride
          sums[unchecked: r][unchecked: i] = sums[unchecked: r][unchecked: i].fma(value, taps[unchecked: t])
        }
      }
    }
    input += inputRow
    weights += Width &* lanes
    tapRow &+= 1
  }

  let minimum = V.splat(rows.pointee.epilogue.minimum)
  let maximum = V.splat(rows.pointee.epilogue.maximum)
  let output = group.output + 4 &* channel
  let outputPixel = 4 &* rows.pointee.outputPixel
  let outputRow = 4 &* rows.pointee.outputRow
  for r in 0..<2 where r < rowCount {
    for i in 0..<Pixels where !tile.isChecked || i < group.pixels {
      var result = maximum.min(minimum.max(sums[unchecked: r][unchecked: i]))
      if let residual, late { result = result + load(residual + r &* residualRow + i &* residualPixel) }
      let to = (output + r &* outputRow + i &* outputPixel).assumingMemoryBound(to: Float.self)
      if isWhole { result.store(to) } else { result.store(to, count: count) }
    }
  }
}

/// The channels of a group from `first` on.
@inlinable @inline(never)
func depthwiseChannels<Input: DepthwiseInput, let Width: Int, let Stride: Int, let Pixels: Int, let Before: Int, let After: Int>(
  _: Input.Type, _ tile: DepthwiseTile<Width, Stride, Pixels, Before, After>.Type, _ rows: UnsafePointer<DepthwiseRows>,
  _ group: DepthwiseGroup, from first: Int = 0
) {
  let lanes = Input.Vector.lanes
  let input = Input(rows)
  let channels = rows.pointee.channels
  var channel = first
  while (!tile.isChecked || !Input.Vector.takesPartsAsWhole) && channel &+ lanes <= channels {
    depthwiseBlock(input, tile, rows, group, channel: channel, count: lanes, isWhole: true)
    channel &+= lanes
  }
  if tile.isChecked {
    while channel < channels {
      depthwiseBlock(input, tile, rows, group, channel: channel, count: Swift.min(lanes, channels &- channel), isWhole: false)
      channel &+= lanes
    }
  } else if channel < channels {
    // As in any group: one register is not worth code of its own.
    depthwiseChannels(Input.self, DepthwiseTile<Width, Stride, Pixels, Width, 0>.self, rows, group, from: channel)
  }
}

/// The body of every ``DepthwiseFunction`` of a fixed width and stride. Groups that begin or end beyond the image as the tile says, or do
/// both, have code of their own, as those inside have.
@inlinable @inline(__always)
package func computeDepthwise<Input: DepthwiseInput, let Width: Int, let Stride: Int, let Pixels: Int, let Before: Int, let After: Int>(
  _ input: Input.Type, _ tile: DepthwiseTile<Width, Stride, Pixels, Before, After>.Type, _ rows: UnsafePointer<DepthwiseRows>
) {
  let outputWidth = rows.pointee.outputWidth
  let all = 1 &<< tile.columns &- 1
  // A second time over pixels would add a residual that is the output a second time.
  let mayRepeat = rows.pointee.epilogue.residual == nil && outputWidth >= Pixels
  var next = 0
  while next < outputWidth {
    let pixel = mayRepeat ? Swift.min(next, outputWidth &- Pixels) : next
    let group = DepthwiseGroup(
      rows, pixel: pixel, pixels: Swift.min(Pixels, outputWidth &- pixel), columns: tile.columns, stride: Stride)
    if group.pixels < Pixels {
      depthwiseChannels(input, DepthwiseTile<Width, Stride, Pixels, Width, 0>.self, rows, group)
    } else if group.inside == all {
      depthwiseChannels(input, DepthwiseTile<Width, Stride, Pixels, 0, 0>.self, rows, group)
    } else if group.inside == all & -1 &<< Before {
      depthwiseChannels(input, DepthwiseTile<Width, Stride, Pixels, Before, 0>.self, rows, group)
    } else if group.inside == all &>> After {
      depthwiseChannels(input, DepthwiseTile<Width, Stride, Pixels, 0, After>.self, rows, group)
    } else if group.inside == all & -1 &<< Before & all &>> After {
      depthwiseChannels(input, tile, rows, group)
    } else {
      depthwiseChannels(input, DepthwiseTile<Width, Stride, Pixels, Width, 0>.self, rows, group)
    }
    next = pixel &+ Pixels
  }
}
