/// The tiles that an instruction set's registers allow: its target switches from numbers to instances of ``computeIntegerTile``.
@usableFromInline package protocol IntegerTiles {
  associatedtype Vector: IntegerVector
  /// The most rows of a tile `width` registers wide; a tile has 24 registers at most.
  static func rows(width: Int) -> Int
  /// Computes and stores tiles of `rows` (1...``rows(width:)``) × `width` registers.
  static func compute(rows: Int, width: Int, _ tiles: UnsafePointer<IntegerTileColumn>)
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
        block: block, base: base, values: base + IntegerPanels.valueOffset(width: width, lanes: lanes), columns: columns,
        isSaturated: block.pointee.stage.saturates && columns == width &* lanes,
        together: block.pointee.steps, togetherCount: steps, apart: lists, apartCount: 0, wide: lists, wideCount: 0))
    if !V.dotsAreExact {
      let bounds = (base + IntegerPanels.boundOffset(width: width, lanes: lanes, steps: steps)).assumingMemoryBound(to: UInt8.self)
      schedule(V.self, block, bounds: bounds, panel)
    }
    if let shift = block.pointee.shift { startFromShift(V.self, block, panel, shift, width: width) }
    for group in 0..<block.pointee.groups {
      computeIntegerPanel(Tiles.self, block, panel, group: group, column: column, width: width)
    }
    column &+= columns
    base += block.pointee.bPanelStride
  }
}

/// Adds to what a panel's sums start from the product with what was subtracted from A.
@inlinable @inline(never)
func startFromShift<V: IntegerVector>(
  _: V.Type, _ block: UnsafePointer<IntegerBlock>, _ panel: UnsafeMutablePointer<IntegerPanel>, _ shift: UnsafeRawPointer, width: Int
) {
  let bytes = 4 &* V.lanes
  let starts = block.pointee.schedule.starts
  for j in 0..<width {
    var start = V.load(panel.pointee.starts + j &* bytes)
    for i in 0..<block.pointee.stepCount {
      let step = block.pointee.steps[i]
      let a = shift + Int(step.a)
      let b = panel.pointee.values + (Int(step.index) &* (2 &* width) &+ j) &* bytes
      start = start.addingExactDot(V.splat(a), V.load(b)).addingExactDot(V.splat(a + 4), V.load(b + width &* bytes))
    }
    start.store(starts + j &* bytes)
  }
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

/// The greater of each two bytes, of each four the second and the third exchanged.
@inlinable @inline(__always)
func storeMaxima(_ source: UnsafeMutableRawPointer, _ count: Int, _ maxima: UnsafeMutablePointer<UInt8>) {
  for i in 0..<count / 8 {
    @inline(__always) func greater(_ k: Int) -> UInt8 {
      Swift.max(
        source.load(fromByteOffset: 8 &* i &+ 2 &* k, as: UInt8.self), source.load(fromByteOffset: 8 &* i &+ 2 &* k &+ 1, as: UInt8.self))
    }
    maxima[4 &* i] = greater(0)
    maxima[4 &* i &+ 1] = greater(2)
    maxima[4 &* i &+ 2] = greater(1)
    maxima[4 &* i &+ 3] = greater(3)
  }
}

/// Deals the steps of a panel to its three lists.
@inlinable @inline(never)
func schedule<V: IntegerVector>(
  _: V.Type, _ block: UnsafePointer<IntegerBlock>, bounds: UnsafePointer<UInt8>, _ panel: UnsafeMutablePointer<IntegerPanel>
) {
  let steps = block.pointee.stepCount
  let pairs = block.pointee.pairs
  let all = block.pointee.steps
  let area = block.pointee.schedule
  let maxima = UnsafePointer(area.maxima(steps: steps))
  let sums = area.buffer
  var together = area.lists
  var apart = area.lists + steps
  var wide = area.lists + 2 &* steps
  panel.pointee.together = UnsafePointer(together)
  panel.pointee.apart = UnsafePointer(apart)
  panel.pointee.wide = UnsafePointer(wide)
  // The sums of two pairs of products are no greater than these; half of what 16 bits hold, because the bounds are halves.
  let greatest: UInt32 = 16383
  @inline(__always) func product(_ i: Int, _ k: Int) -> UInt32 {
    UInt32((maxima + Int(pairs[i]))[k]) &* UInt32(bounds[4 &* i &+ k])
  }
  @inline(__always) func deal(_ i: Int, isTogether: Bool) {
    // Lists are written, and then grow.
    let step = all[i]
    if isTogether {
      together.pointee = step
      together += 1
    } else if Swift.max(Swift.max(product(i, 0), product(i, 1)), Swift.max(product(i, 2), product(i, 3))) > greatest {
      wide.pointee = step
      wide += 1
    } else {
      apart.pointee = step
      apart += 1
    }
  }
  let group = V.lanes / 2
  var i = 0
  while i < steps {
    if i &+ group <= steps && pairs[i &+ group &- 1] &- pairs[i] == Int32(4 &* (group &- 1)) {
      // A step has two lanes, whose upper bits tell.
      V.zero().addingProducts(V.load(pairs: maxima + Int(pairs[i])), V.load(pairs: bounds + 4 &* i)).store(sums)
      for k in 0..<group {
        deal(i &+ k, isTogether: sums.load(fromByteOffset: 8 &* k, as: UInt64.self) & 0xffff_c000_ffff_c000 == 0)
      }
      i &+= group
    } else {
      deal(i, isTogether: Swift.max(product(i, 0) &+ product(i, 1), product(i, 2) &+ product(i, 3)) <= greatest)
      i &+= 1
    }
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
  let stage = block.pointee.stage
  let row = block.pointee.aRowStride
  var tiles = IntegerTileColumn(
    panel: panel, count: 0, a: block.pointee.a + group &* block.pointee.aGroupStride, aRowStride: row,
    residual: block.pointee.residual.map {
      $0 + (group &* block.pointee.residualGroupStride &+ column &* stage.residualType.elementSize)
    },
    output: block.pointee.c + (group &* block.pointee.cGroupStride &+ column &* stage.outputType.elementSize))
  @inline(__always) func compute(_ rows: Int, _ count: Int) {
    tiles.count = count
    withUnsafePointer(to: tiles) { Tiles.compute(rows: rows, width: width, $0) }
    tiles.a += count &* rows &* row
    tiles.output += count &* rows &* block.pointee.cRowStride
    tiles.residual = tiles.residual.map { $0 + count &* rows &* block.pointee.residualRowStride }
  }
  // A last tile of few rows is slow: its rows are shared with the one before.
  let most = Tiles.rows(width: width)
  let whole = block.pointee.rows / most
  let rest = block.pointee.rows &- whole &* most
  if rest == 0 {
    compute(most, whole)
  } else if whole == 0 {
    compute(rest, 1)
  } else {
    if whole > 1 { compute(most, whole &- 1) }
    compute((most &+ rest &+ 1) / 2, 1)
    compute((most &+ rest) / 2, 1)
  }
}
