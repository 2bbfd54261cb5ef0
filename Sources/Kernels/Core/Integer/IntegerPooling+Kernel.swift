/// The body of every ``IntegerPoolingFunction``.
@inlinable @inline(__always)
package func computeIntegerPooling<V: IntegerVector>(
  _: V.Type, _ operation: PoolingOperation, _ p: UnsafePointer<IntegerPooling>, _ input: UnsafeRawPointer,
  _ output: UnsafeMutableRawPointer, worker: Int, workers: Int
) {
  let pooling = p.pointee
  let g = pooling.geometry
  let size = operation == .maximum ? 1 : pooling.outputType.elementSize
  let (start, end) = share(of: g.batch &* g.height.output, worker: worker, workers: workers)
  for row in start..<end {
    let image = row / g.height.output
    let y = row &- image &* g.height.output
    let rows = g.height.window(y)
    let source = input + (image &* g.inputBatchStride &+ (rows.origin &+ rows.first &* g.height.dilation) &* g.height.inputStride)
    let target = output + (image &* g.outputBatchStride &+ y &* g.height.outputStride) &* size
    for x in 0..<g.width.output {
      let columns = g.width.window(x)
      let window = IntegerWindow(
        base: source + (columns.origin &+ columns.first &* g.width.dilation) &* g.width.inputStride, rows: rows.last &- rows.first,
        rowStride: g.height.dilation &* g.height.inputStride, columns: columns.last &- columns.first,
        columnStride: g.width.dilation &* g.width.inputStride)
      let target = target + x &* g.width.outputStride &* size
      let divisor: Int
      switch operation {
      case .maximum:
        greatestBytes(V.self, window, target, channels: g.channels, isSigned: pooling.inputType == .i8)
        continue
      case .averageExcludingPad: divisor = window.rows &* window.columns
      case .averageIncludingPad: divisor = rows.padded &* columns.padded
      case .averageOfKernel: divisor = g.height.kernel &* g.width.kernel
      }
      averageBytes(
        V.self, p, window, target, channels: g.channels, scale: divisor == 0 ? 0 : pooling.multiplier / Float(divisor))
    }
  }
}

/// The elements of a pooling window that are not padding; strides in bytes.
@frozen @usableFromInline struct IntegerWindow {
  @usableFromInline var base: UnsafeRawPointer
  @usableFromInline var rows: Int
  @usableFromInline var rowStride: Int
  @usableFromInline var columns: Int
  @usableFromInline var columnStride: Int

  @inlinable @inline(__always)
  init(base: UnsafeRawPointer, rows: Int, rowStride: Int, columns: Int, columnStride: Int) {
    self.base = base
    self.rows = rows
    self.rowStride = rowStride
    self.columns = columns
    self.columnStride = columnStride
  }
}

@inlinable @inline(never)
func greatestBytes<V: IntegerVector>(
  _: V.Type, _ window: IntegerWindow, _ target: UnsafeMutableRawPointer, channels: Int, isSigned: Bool
) {
  let bytes = 4 &* V.lanes
  // Signed bytes are in order as unsigned ones once their highest bits are flipped.
  let flip: UInt8 = isSigned ? 0x80 : 0
  let mask = V.splat(Int32(truncatingIfNeeded: 0x0101_0101 &* UInt32(flip)))
  var c = 0
  while c < channels && channels >= bytes {
    // The last registers overlap where the channels are no multiple.
    let first = Swift.min(c, channels &- bytes)
    let second = Swift.min(c &+ bytes, channels &- bytes)
    var low = V.zero()
    var high = V.zero()
    for i in 0..<window.rows {
      var p = window.base + i &* window.rowStride
      for _ in 0..<window.columns {
        low = low.maximumOfBytes(V.load(p + first).flipped(mask))
        high = high.maximumOfBytes(V.load(p + second).flipped(mask))
        p += window.columnStride
      }
    }
    low.flipped(mask).store(target + first)
    high.flipped(mask).store(target + second)
    c &+= 2 &* bytes
  }
  while c < channels {
    var greatest: UInt8 = 0
    for i in 0..<window.rows {
      for j in 0..<window.columns {
        let value = (window.base + (i &* window.rowStride &+ j &* window.columnStride)).load(fromByteOffset: c, as: UInt8.self)
        greatest = Swift.max(greatest, value ^ flip)
      }
    }
    target.storeBytes(of: greatest ^ flip, toByteOffset: c, as: UInt8.self)
    c &+= 1
  }
}

@inlinable @inline(never)
func averageBytes<V: IntegerVector>(
  _: V.Type, _ p: UnsafePointer<IntegerPooling>, _ window: IntegerWindow, _ target: UnsafeMutableRawPointer, channels: Int, scale: Float
) {
  typealias F = V.Floats
  let lanes = V.lanes
  let isSigned = p.pointee.inputType == .i8
  let type = p.pointee.outputType
  let start = V.splat(0 &- p.pointee.zeroPoint &* Int32(truncatingIfNeeded: window.rows &* window.columns))
  let factor = F.splat(scale)
  let addend = F.splat(p.pointee.addend)
  let lowest = F.splat(p.pointee.lowest)
  let highest = F.splat(p.pointee.highest)
  var c = 0
  while c < channels {
    let registers = Swift.max(1, Swift.min(4, (channels &- c) / lanes))
    let count = Swift.min(lanes, channels &- c)
    var sums = InlineArray<4, V>(repeating: start)
    for i in 0..<window.rows {
      var source = window.base + (i &* window.rowStride &+ c)
      for _ in 0..<window.columns {
        if registers == 4 {
          for j in 0..<4 {
            sums[unchecked: j] = sums[unchecked: j] + V.load(bytes: source + j &* lanes, isSigned: isSigned, count: lanes)
          }
        } else {
          sums[unchecked: 0] = sums[unchecked: 0] + V.load(bytes: source, isSigned: isSigned, count: count)
        }
        source += window.columnStride
      }
    }
    let used = registers == 4 ? 4 : 1
    for j in 0..<4 where j < used {
      let y = sums[unchecked: j].floats() * factor + addend
      let output = target + (c &+ j &* lanes) &* type.elementSize
      if type == .f32 {
        V.storeFloats(y, output, .f32, count: count)
      } else {
        V.store(y.max(lowest).min(highest), bytes: output, count: count)
      }
    }
    c &+= used &* lanes
  }
}
