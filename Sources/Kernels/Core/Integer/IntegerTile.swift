/// What the tiles of a panel have in common.
@frozen @usableFromInline struct IntegerPanel {
  /// The panel's beginning.
  @usableFromInline var base: UnsafeRawPointer
  @usableFromInline var values: UnsafeRawPointer
  /// What the sums of each column start from.
  @usableFromInline var starts: UnsafeRawPointer
  @usableFromInline var columns: Int
  /// Steps whose halves are summed in 16 bits together; then those whose halves are alone, and those of which neither holds.
  @usableFromInline var together: UnsafePointer<IntegerStep>
  @usableFromInline var togetherCount: Int
  @usableFromInline var apart: UnsafePointer<IntegerStep>
  @usableFromInline var apartCount: Int
  @usableFromInline var wide: UnsafePointer<IntegerStep>
  @usableFromInline var wideCount: Int

  @inlinable @inline(__always)
  init(
    base: UnsafeRawPointer, values: UnsafeRawPointer, columns: Int, together: UnsafePointer<IntegerStep>, togetherCount: Int,
    apart: UnsafePointer<IntegerStep>, apartCount: Int, wide: UnsafePointer<IntegerStep>, wideCount: Int
  ) {
    self.base = base
    self.values = values
    starts = base
    self.columns = columns
    self.together = together
    self.togetherCount = togetherCount
    self.apart = apart
    self.apartCount = apartCount
    self.wide = wide
    self.wideCount = wideCount
  }
}

/// The sums of a tile of `Rows` × `Width` registers, stored row by row; `a` points at its first row.
@inlinable @inline(never)
package func computeIntegerTile<V: IntegerVector, let Rows: Int, let Width: Int>(
  _: V.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type, a: UnsafeRawPointer, aRowStride: Int,
  panel: UnsafeRawPointer, into target: UnsafeMutableRawPointer
) {
  let panel = panel.assumingMemoryBound(to: IntegerPanel.self)
  let bytes = 4 &* V.lanes
  let values = panel.pointee.values
  var sums = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
  for j in 0..<Width {
    let start = V.load(panel.pointee.starts + j &* bytes)
    for i in 0..<Rows { sums[unchecked: j][unchecked: i] = start }
  }

  var step = panel.pointee.together
  var end = step + panel.pointee.togetherCount
  while step < end {
    let p = a + Int(step.pointee.a)
    let b = values + Int(step.pointee.index) &* (2 &* Width &* bytes)
    var low = InlineArray<Width, V>(repeating: V.zero())
    var high = InlineArray<Width, V>(repeating: V.zero())
    for j in 0..<Width {
      low[unchecked: j] = V.load(b + j &* bytes)
      high[unchecked: j] = V.load(b + (Width &+ j) &* bytes)
    }
    for i in 0..<Rows {
      let x = V.splat(p + i &* aRowStride)
      let y = V.splat(p + (i &* aRowStride &+ 4))
      for j in 0..<Width {
        sums[unchecked: j][unchecked: i] =
          sums[unchecked: j][unchecked: i].addingDots(x, low[unchecked: j], y, high[unchecked: j])
      }
    }
    step += 1
  }
  if !V.dotsAreExact {
    step = panel.pointee.apart
    end = step + panel.pointee.apartCount
    while step < end {
      for half in 0..<2 {
        let p = a + (Int(step.pointee.a) &+ 4 &* half)
        let b = values + (2 &* Int(step.pointee.index) &+ half) &* (Width &* bytes)
        var low = InlineArray<Width, V>(repeating: V.zero())
        for j in 0..<Width { low[unchecked: j] = V.load(b + j &* bytes) }
        for i in 0..<Rows {
          let x = V.splat(p + i &* aRowStride)
          for j in 0..<Width {
            sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].addingDot(x, low[unchecked: j])
          }
        }
      }
      step += 1
    }
    step = panel.pointee.wide
    end = step + panel.pointee.wideCount
    while step < end {
      for half in 0..<2 {
        let p = a + (Int(step.pointee.a) &+ 4 &* half)
        let b = values + (2 &* Int(step.pointee.index) &+ half) &* (Width &* bytes)
        var low = InlineArray<Width, V>(repeating: V.zero())
        for j in 0..<Width { low[unchecked: j] = V.load(b + j &* bytes) }
        for i in 0..<Rows {
          let x = V.splat(p + i &* aRowStride)
          for j in 0..<Width {
            sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].addingExactDot(x, low[unchecked: j])
          }
        }
      }
      step += 1
    }
  }
  for i in 0..<Rows {
    for j in 0..<Width { sums[unchecked: j][unchecked: i].store(target + (i &* Width &+ j) &* bytes) }
  }
}

/// The sums of a tile through the first stage of an ``IntegerEpilogue``, and stored from `output` on.
@inlinable @inline(never)
func storeTile<V: IntegerVector>(
  _: V.Type, _ block: UnsafePointer<IntegerBlock>, _ panel: UnsafePointer<IntegerPanel>, width: Int, rows: Int,
  residual: UnsafeRawPointer?, output: UnsafeMutableRawPointer
) {
  let lanes = V.lanes
  let stage = block.pointee.stage
  let sums = block.pointee.schedule.sums
  let floats = panel.pointee.base.assumingMemoryBound(to: Float.self)
  for j in 0..<width {
    let multiplier = V.Floats.load(floats + (width &+ j) &* lanes)
    let addend = V.Floats.load(floats + (2 &* width &+ j) &* lanes)
    let count = Swift.min(lanes, panel.pointee.columns &- j &* lanes)
    var output = output + j &* lanes &* stage.outputType.elementSize
    var residual = residual.map { $0 + j &* lanes &* stage.residualType.elementSize }
    for i in 0..<rows {
      storeSums(
        V.self, V.load(sums + 4 &* (i &* width &+ j) &* lanes), stage, multiplier: multiplier, addend: addend, residual: residual,
        output: output, count: count)
      output += block.pointee.cRowStride
      residual = residual.map { $0 + block.pointee.residualRowStride }
    }
  }
}

/// The same for whole rows of two registers of 8-bit integers, where bounds below are those of the type.
@inlinable @inline(never)
func storeSaturated<V: IntegerVector>(
  _: V.Type, _ block: UnsafePointer<IntegerBlock>, _ panel: UnsafePointer<IntegerPanel>, rows: Int, residual: UnsafeRawPointer?,
  output: UnsafeMutableRawPointer
) {
  typealias F = V.Floats
  let lanes = V.lanes
  let stage = block.pointee.stage
  let sums = block.pointee.schedule.sums
  let floats = panel.pointee.base.assumingMemoryBound(to: Float.self)
  let multipliers = (F.load(floats + 2 &* lanes), F.load(floats + 3 &* lanes))
  let addends = (F.load(floats + 4 &* lanes), F.load(floats + 5 &* lanes))
  let upper = F.splat(stage.upper)
  let factor = F.splat(stage.residualMultiplier)
  let offset = F.splat(stage.residualOffset)
  let (innerLower, innerUpper) = (F.splat(stage.innerLower), F.splat(stage.innerUpper))
  let isSigned = stage.outputType == .i8
  let size = stage.residualType.elementSize

  @inline(__always) func row(_ i: Int) -> (F, F) {
    let p = sums + 8 &* i &* lanes
    var low = V.load(p).floats() * multipliers.0
    var high = V.load(p + 4 &* lanes).floats() * multipliers.1
    low = low + addends.0
    high = high + addends.1
    if let residual {
      let r = residual + i &* block.pointee.residualRowStride
      low = innerUpper.min(innerLower.max(low)) + (V.loadFloats(r, stage.residualType, count: lanes) * factor + offset)
      high =
        innerUpper.min(innerLower.max(high)) + (V.loadFloats(r + lanes &* size, stage.residualType, count: lanes) * factor + offset)
    }
    // A NaN passes, and saturates below.
    return (upper.min(low), upper.min(high))
  }

  var i = 0
  while i < rows {
    // The last of an odd number goes twice.
    let next = Swift.min(i &+ 1, rows &- 1)
    V.store(
      row(i), row(next), bytes: output + i &* block.pointee.cRowStride, output + next &* block.pointee.cRowStride, isSigned: isSigned)
    i &+= 2
  }
}

/// One register of sums through the first stage of an ``IntegerEpilogue``, and stored; `count` of its lanes exist.
@inlinable @inline(__always)
func storeSums<V: IntegerVector>(
  _: V.Type, _ sums: V, _ stage: IntegerStage, multiplier: V.Floats, addend: V.Floats, residual: UnsafeRawPointer?,
  output: UnsafeMutableRawPointer, count: Int
) {
  var x = sums.floats() * multiplier
  x = x + addend
  if let residual {
    let r = V.loadFloats(residual, stage.residualType, count: count) * V.Floats.splat(stage.residualMultiplier)
    x =
      V.Floats.splat(stage.innerUpper).min(V.Floats.splat(stage.innerLower).max(x)) + (r + V.Floats.splat(stage.residualOffset))
  }
  let lower = V.Floats.splat(stage.lower)
  let upper = V.Floats.splat(stage.upper)
  if stage.outputType == .f32 {
    V.storeFloats(upper.min(lower.max(x)), output, .f32, count: count)
  } else {
    // Of a NaN the bound remains.
    V.store(x.max(lower).min(upper), bytes: output, count: count)
  }
}
