/// The tiles that an instruction set's registers allow: its target switches from numbers to instances of ``computeIntegerTile``.
@usableFromInline package protocol IntegerTiles {
  associatedtype Vector: IntegerVector
  /// The most rows of a tile; at most 8.
  static var rows: Int { get }
  /// Computes the sums of a tile of `rows` (1...``rows``) × `width` (1 or 2) registers.
  static func compute(
    rows: Int, width: Int, a: UnsafeRawPointer, aRowStride: Int, panel: UnsafeRawPointer, into target: UnsafeMutableRawPointer)
}

/// The body of every ``IntegerBlockFunction``: panel by panel, so that a panel stays in the nearest caches for all rows.
///
/// Sums of 16 bits are exact as long as they do not overflow. What A holds is bounded by a look at all of it, what a panel holds was
/// bounded as it was packed; so each step is summed in the fastest way that is exact.
@inlinable @inline(__always)
package func computeIntegerBlock<Tiles: IntegerTiles>(_: Tiles.Type, _ block: UnsafePointer<IntegerBlock>) {
  typealias V = Tiles.Vector
  let lanes = V.lanes
  let steps = block.pointee.stepCount
  let area = block.pointee.schedule
  let panel = area.panel
  let lists = area.lists
  if !V.dotsAreExact { findMaxima(V.self, block) }
  var column = 0
  var base = block.pointee.b
  while column < block.pointee.columns {
    let rest = block.pointee.columns &- column
    let width = IntegerPanels.width(rest: rest, lanes: lanes)
    let columns = Swift.min(rest, width &* lanes)
    panel.initialize(
      to: IntegerPanel(
        base: base, values: base + IntegerPanels.valueOffset(width: width, lanes: lanes), columns: columns,
        together: block.pointee.steps, togetherCount: steps, apart: lists, apartCount: 0, wide: lists, wideCount: 0))
    if !V.dotsAreExact {
      let bounds = (base + IntegerPanels.boundOffset(width: width, lanes: lanes, steps: steps)).assumingMemoryBound(to: UInt8.self)
      schedule(block, bounds: bounds, maxima: area.maxima(steps: steps), lists: lists, panel)
    }
    if let shift = block.pointee.shift { startFromShift(Tiles.self, block, panel, shift, width: width) }
    for group in 0..<block.pointee.groups {
      computeIntegerPanel(Tiles.self, block, panel, group: group, column: column, width: width)
    }
    column &+= columns
    base += block.pointee.bPanelStride
  }
}

/// Adds to what a panel's sums start from the product with what was subtracted from A.
@inlinable @inline(__always)
func startFromShift<Tiles: IntegerTiles>(
  _: Tiles.Type, _ block: UnsafePointer<IntegerBlock>, _ panel: UnsafeMutablePointer<IntegerPanel>, _ shift: UnsafeRawPointer, width: Int
) {
  let original = panel.pointee
  if Tiles.Vector.dotsAreExact {
    panel.pointee.togetherCount = block.pointee.stepCount
  } else {
    panel.pointee.togetherCount = 0
    panel.pointee.apartCount = 0
    panel.pointee.wide = block.pointee.steps
    panel.pointee.wideCount = block.pointee.stepCount
  }
  let starts = block.pointee.schedule.starts
  Tiles.compute(rows: 1, width: width, a: shift, aRowStride: 0, panel: UnsafeRawPointer(panel), into: starts)
  panel.pointee = original
  panel.pointee.starts = UnsafeRawPointer(starts)
}

/// Bounds what A holds: the greatest byte of each two of a period, or the greatest of all for each.
@inlinable @inline(never)
func findMaxima<V: IntegerVector>(_: V.Type, _ block: UnsafePointer<IntegerBlock>) {
  let bytes = 4 &* V.lanes
  let area = block.pointee.schedule
  let maxima = area.maxima(steps: block.pointee.stepCount)
  let runs = block.pointee.runs
  var greatest = V.zero()
  var offset = 0
  while offset < runs.length {
    // Two registers of every run; the last ones overlap where the length is no multiple.
    let first = Swift.max(0, Swift.min(offset, runs.length &- bytes))
    let second = Swift.max(0, Swift.min(offset &+ bytes, runs.length &- bytes))
    var low = V.zero()
    var high = V.zero()
    for row in 0..<runs.rows {
      for column in 0..<runs.columns {
        let p = runs.base + (row &* runs.rowStride &+ Swift.min(column &* runs.columnStride, runs.lastColumn))
        if runs.length >= bytes {
          low = low.maximumOfBytes(V.load(p + first))
          high = high.maximumOfBytes(V.load(p + second))
        } else {
          for i in 0..<runs.length { low = low.maximumOfBytes(V.splat(0x0101_0101 &* Int32(p.load(fromByteOffset: i, as: UInt8.self)))) }
        }
      }
    }
    if runs.byPairs {
      low.store(area.buffer)
      storeMaxima(area.buffer, bytes, maxima + first / 2)
      high.store(area.buffer)
      storeMaxima(area.buffer, bytes, maxima + second / 2)
    }
    greatest = greatest.maximumOfBytes(low).maximumOfBytes(high)
    offset &+= 2 &* bytes
  }
  if runs.byPairs {
    for i in runs.period / 2..<Swift.max(runs.length, runs.period) / 2 {
      maxima[i % (runs.period / 2)] = Swift.max(maxima[i % (runs.period / 2)], maxima[i])
    }
  } else {
    greatest.store(area.buffer)
    var bound: UInt8 = 0
    for i in 0..<bytes { bound = Swift.max(bound, area.buffer.load(fromByteOffset: i, as: UInt8.self)) }
    for i in 0..<Swift.max(4, runs.period / 2) { maxima[i] = bound }
  }
}

/// The greater of each two bytes.
@inlinable @inline(__always)
func storeMaxima(_ source: UnsafeMutableRawPointer, _ count: Int, _ maxima: UnsafeMutablePointer<UInt8>) {
  for i in 0..<count / 2 {
    maxima[i] = Swift.max(
      source.load(fromByteOffset: 2 &* i, as: UInt8.self), source.load(fromByteOffset: 2 &* i &+ 1, as: UInt8.self))
  }
}

/// Deals the steps of a panel to its three lists.
@inlinable @inline(__always)
func schedule(
  _ block: UnsafePointer<IntegerBlock>, bounds: UnsafePointer<UInt8>, maxima: UnsafePointer<UInt8>,
  lists: UnsafeMutablePointer<IntegerStep>, _ panel: UnsafeMutablePointer<IntegerPanel>
) {
  let steps = block.pointee.stepCount
  let pairs = block.pointee.pairs
  var together = lists
  var apart = lists + steps
  var wide = lists + 2 &* steps
  panel.pointee.together = UnsafePointer(together)
  panel.pointee.apart = UnsafePointer(apart)
  panel.pointee.wide = UnsafePointer(wide)
  for i in 0..<steps {
    let pair = maxima + Int(pairs[i])
    let bound = bounds + 4 &* i
    let a = UInt32(pair[0]) &* UInt32(bound[0])
    let b = UInt32(pair[1]) &* UInt32(bound[1])
    let c = UInt32(pair[2]) &* UInt32(bound[2])
    let d = UInt32(pair[3]) &* UInt32(bound[3])
    let step = block.pointee.steps[i]
    // All lists are written, and one of them grows.
    let isTogether = Swift.max(a &+ c, b &+ d) <= 16383
    let isWide = Swift.max(Swift.max(a, b), Swift.max(c, d)) > 16383
    together.pointee = step
    apart.pointee = step
    wide.pointee = step
    together += isTogether ? 1 : 0
    wide += isWide ? 1 : 0
    apart += isTogether || isWide ? 0 : 1
  }
  panel.pointee.togetherCount = UnsafePointer(together) - panel.pointee.together
  panel.pointee.apartCount = UnsafePointer(apart) - panel.pointee.apart
  panel.pointee.wideCount = UnsafePointer(wide) - panel.pointee.wide
}

/// One panel against the rows of one group.
@inlinable @inline(__always)
func computeIntegerPanel<Tiles: IntegerTiles>(
  _: Tiles.Type, _ block: UnsafePointer<IntegerBlock>, _ panel: UnsafeMutablePointer<IntegerPanel>, group: Int, column: Int, width: Int
) {
  typealias V = Tiles.Vector
  let lanes = V.lanes
  let stage = block.pointee.stage
  let a = block.pointee.a + group &* block.pointee.aGroupStride
  let c = block.pointee.c + (group &* block.pointee.cGroupStride &+ column &* stage.outputType.elementSize)
  let residual = block.pointee.residual.map {
    $0 + (group &* block.pointee.residualGroupStride &+ column &* stage.residualType.elementSize)
  }
  let sums = block.pointee.schedule.sums
  var row = 0
  while row < block.pointee.rows {
    let rest = block.pointee.rows &- row
    // A last tile of few rows is slow: its rows are shared with the one before.
    let rows = rest <= Tiles.rows ? rest : rest >= 2 &* Tiles.rows ? Tiles.rows : (rest &+ 1) / 2
    Tiles.compute(
      rows: rows, width: width, a: a + row &* block.pointee.aRowStride, aRowStride: block.pointee.aRowStride,
      panel: UnsafeRawPointer(panel), into: sums)
    let output = c + row &* block.pointee.cRowStride
    let added = residual.map { $0 + row &* block.pointee.residualRowStride }
    if stage.saturates && panel.pointee.columns == 2 &* lanes {
      storeSaturated(V.self, block, panel, rows: rows, residual: added, output: output)
    } else {
      storeTile(V.self, block, panel, width: width, rows: rows, residual: added, output: output)
    }
    row &+= rows
  }
}
