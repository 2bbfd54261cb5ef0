/// The body of every ``QuantizeFunction``.
@inlinable @inline(__always)
package func computeQuantizeRows<V: IntegerVector>(_: V.Type, _ p: UnsafePointer<QuantizeRows>) {
  typealias F = V.Floats
  let lanes = V.lanes
  let rows = p.pointee
  let zeroPoint = F.splat(rows.zeroPoint)
  let secondZeroPoint = F.splat(rows.secondZeroPoint)
  let secondMultiplier = F.splat(rows.secondMultiplier)
  let lowest = F.splat(rows.lowest)
  let highest = F.splat(rows.highest)
  let sourceSize = rows.sourceType.elementSize
  let secondSize = rows.secondType.elementSize
  let targetSize = rows.targetType.elementSize

  @inline(__always)
  func value(_ source: UnsafeRawPointer, _ second: UnsafeRawPointer?, _ m: F, _ a: F, _ count: Int) -> F {
    var y = (V.loadFloats(source, rows.sourceType, count: count) - zeroPoint) * m
    if let second {
      y = y + (V.loadFloats(second, rows.secondType, count: count) - secondZeroPoint) * secondMultiplier
    }
    return y + a
  }
  // Of a NaN the bound remains.
  @inline(__always) func bounded(_ y: F) -> F { y.max(lowest).min(highest) }

  // Rows without gaps are one.
  let isDense =
    !rows.perColumn && rows.sourceRowStride == rows.columns && rows.targetRowStride == rows.columns
    && (rows.second == nil || rows.secondRowStride == rows.columns)
  let columns = isDense ? rows.rows &* rows.columns : rows.columns
  for row in 0..<(isDense ? 1 : rows.rows) {
    var source = rows.source + row &* rows.sourceRowStride &* sourceSize
    var second = rows.second.map { $0 + row &* rows.secondRowStride &* secondSize }
    var target = rows.target + row &* rows.targetRowStride &* targetSize
    var multiplier = F.splat(rows.multipliers[0])
    var addend = F.splat(rows.addends[0])
    var column = 0
    // Four registers of integers are packed together.
    if rows.targetType != .f32 && !rows.perColumn {
      while column &+ 4 &* lanes <= columns {
        @inline(__always) func next(_ j: Int) -> F {
          bounded(
            value(source + j &* lanes &* sourceSize, second.map { $0 + j &* lanes &* secondSize }, multiplier, addend, lanes))
        }
        V.store((next(0), next(1)), (next(2), next(3)), bytes: target, target + 2 &* lanes, isSigned: rows.targetType == .i8)
        source += 4 &* lanes &* sourceSize
        second = second.map { $0 + 4 &* lanes &* secondSize }
        target += 4 &* lanes
        column &+= 4 &* lanes
      }
    }
    while column < columns {
      let count = Swift.min(lanes, columns &- column)
      if rows.perColumn {
        multiplier = count == lanes ? F.load(rows.multipliers + column) : F.load(rows.multipliers + column, count: count)
        addend = count == lanes ? F.load(rows.addends + column) : F.load(rows.addends + column, count: count)
      }
      let y = value(source, second, multiplier, addend, count)
      if rows.targetType == .f32 {
        V.storeFloats(y, target, .f32, count: count)
      } else {
        V.store(bounded(y), bytes: target, count: count)
      }
      source += lanes &* sourceSize
      second = second.map { $0 + lanes &* secondSize }
      target += lanes &* targetSize
      column &+= lanes
    }
  }
}
