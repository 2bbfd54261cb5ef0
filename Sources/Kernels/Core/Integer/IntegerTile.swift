/// What the tiles of a panel have in common.
@frozen @usableFromInline struct IntegerPanel {
  @usableFromInline var block: UnsafePointer<IntegerBlock>
  /// The panel's beginning.
  @usableFromInline var base: UnsafeRawPointer
  @usableFromInline var values: UnsafeRawPointer
  /// What the sums of each column start from.
  @usableFromInline var starts: UnsafeRawPointer
  @usableFromInline var columns: Int
  /// Whole registers of 8-bit integers are stored, with the type's bound below.
  @usableFromInline var isSaturated: Bool
  /// Steps whose halves are summed in 16 bits together; then those whose halves are alone, and those of which neither holds.
  @usableFromInline var together: UnsafePointer<IntegerStep>
  @usableFromInline var togetherCount: Int
  @usableFromInline var apart: UnsafePointer<IntegerStep>
  @usableFromInline var apartCount: Int
  @usableFromInline var wide: UnsafePointer<IntegerStep>
  @usableFromInline var wideCount: Int

  @inlinable @inline(__always)
  init(
    block: UnsafePointer<IntegerBlock>, base: UnsafeRawPointer, values: UnsafeRawPointer, columns: Int, isSaturated: Bool,
    together: UnsafePointer<IntegerStep>, togetherCount: Int,
    apart: UnsafePointer<IntegerStep>, apartCount: Int, wide: UnsafePointer<IntegerStep>, wideCount: Int
  ) {
    self.block = block
    self.base = base
    self.values = values
    starts = base
    self.columns = columns
    self.isSaturated = isSaturated
    self.together = together
    self.togetherCount = togetherCount
    self.apart = apart
    self.apartCount = apartCount
    self.wide = wide
    self.wideCount = wideCount
  }
}

/// Tiles of one panel, one below the other.
@frozen @usableFromInline package struct IntegerTileColumn {
  @usableFromInline var panel: UnsafePointer<IntegerPanel>
  @usableFromInline var count: Int
  @usableFromInline var a: UnsafeRawPointer
  @usableFromInline var aRowStride: Int
  @usableFromInline var residual: UnsafeRawPointer?
  @usableFromInline var output: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  init(
    panel: UnsafePointer<IntegerPanel>, count: Int, a: UnsafeRawPointer, aRowStride: Int, residual: UnsafeRawPointer?,
    output: UnsafeMutableRawPointer
  ) {
    self.panel = panel
    self.count = count
    self.a = a
    self.aRowStride = aRowStride
    self.residual = residual
    self.output = output
  }
}

/// `count` tiles of `Rows` rows and `Width` registers, one below the other, each through the first stage of an ``IntegerEpilogue``.
@inlinable @inline(never)
package func computeIntegerTiles<V: IntegerVector, let Rows: Int, let Width: Int>(
  _: V.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type, _ tiles: UnsafePointer<IntegerTileColumn>
) {
  let panel = tiles.pointee.panel
  let bytes = 4 &* V.lanes
  let values = panel.pointee.values
  let aRowStride = tiles.pointee.aRowStride
  var a = tiles.pointee.a
  var output = tiles.pointee.output
  var residual = tiles.pointee.residual
  for _ in 0..<tiles.pointee.count {
    var sums = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
    for j in 0..<Width {
      let start = V.load(panel.pointee.starts + j &* bytes)
      for i in 0..<Rows { sums[unchecked: j][unchecked: i] = start }
    }

    var step = panel.pointee.together
    let end = step + panel.pointee.togetherCount
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
      @inline(__always) func addHalves(_ first: UnsafePointer<IntegerStep>, _ count: Int, widened: Bool) {
        var step = first
        let end = first + count
        while step < end {
          for half in 0..<2 {
            let p = a + (Int(step.pointee.a) &+ 4 &* half)
            let b = values + (2 &* Int(step.pointee.index) &+ half) &* (Width &* bytes)
            var low = InlineArray<Width, V>(repeating: V.zero())
            for j in 0..<Width { low[unchecked: j] = V.load(b + j &* bytes) }
            for i in 0..<Rows {
              let x = V.splat(p + i &* aRowStride)
              for j in 0..<Width {
                let sum = sums[unchecked: j][unchecked: i]
                sums[unchecked: j][unchecked: i] =
                  widened ? sum.addingExactDot(x, low[unchecked: j]) : sum.addingDot(x, low[unchecked: j])
              }
            }
          }
          step += 1
        }
      }
      addHalves(panel.pointee.apart, panel.pointee.apartCount, widened: false)
      addHalves(panel.pointee.wide, panel.pointee.wideCount, widened: true)
    }
    if Rows &* Width & 3 == 0 && Width != 3 && panel.pointee.isSaturated
      && (residual == nil || panel.pointee.block.pointee.stage.residualType != .f32)
    {
      storeSaturated(V.self, sums, panel, residual: residual, output: output)
    } else {
      let block = panel.pointee.block
      let target = block.pointee.schedule.sums
      for i in 0..<Rows {
        for j in 0..<Width { sums[unchecked: j][unchecked: i].store(target + (i &* Width &+ j) &* bytes) }
      }
      storeTile(V.self, panel, width: Width, rows: Rows, residual: residual, output: output)
    }
    a += Rows &* aRowStride
    output += Rows &* panel.pointee.block.pointee.cRowStride
    residual = residual.map { $0 + Rows &* panel.pointee.block.pointee.residualRowStride }
  }
}

/// A tile's sums, in memory, through the first stage of an ``IntegerEpilogue``, and stored from `output` on.
@inlinable @inline(never)
func storeTile<V: IntegerVector>(
  _: V.Type, _ panel: UnsafePointer<IntegerPanel>, width: Int, rows: Int, residual: UnsafeRawPointer?, output: UnsafeMutableRawPointer
) {
  let lanes = V.lanes
  let block = panel.pointee.block
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

/// The same for rows of one, two or four whole registers of 8-bit integers, in registers, where bounds below are those of the type and a
/// residual has 8-bit integers too.
@inlinable @inline(__always)
func storeSaturated<V: IntegerVector, let Rows: Int, let Width: Int>(
  _: V.Type, _ sums: InlineArray<Width, InlineArray<Rows, V>>, _ panel: UnsafePointer<IntegerPanel>, residual: UnsafeRawPointer?,
  output: UnsafeMutableRawPointer
) {
  typealias F = V.Floats
  let lanes = V.lanes
  let block = panel.pointee.block
  let stage = block.pointee.stage
  let floats = panel.pointee.base.assumingMemoryBound(to: Float.self)
  let upper = F.splat(stage.upper)
  let isSigned = stage.outputType == .i8
  let cRowStride = block.pointee.cRowStride

  let factor = F.splat(stage.residualMultiplier)
  let offset = F.splat(stage.residualOffset)
  let (innerLower, innerUpper) = (F.splat(stage.innerLower), F.splat(stage.innerUpper))
  // Bytes are widened without their sign, which these two give back without a branch for each register.
  let sign = V.splat(stage.residualType == .i8 ? 0x80 : 0)

  // Four registers at a time, of as many rows as have them.
  @inline(__always) func store(adding residual: UnsafeRawPointer?) {
    for four in 0..<Rows &* Width / 4 {
      @inline(__always) func result(_ k: Int) -> F {
        let (row, column) = ((4 &* four &+ k) / Width, (4 &* four &+ k) % Width)
        let x = sums[unchecked: column][unchecked: row].floats() * F.load(floats + (Width &+ column) &* lanes)
        var y = x + F.load(floats + (2 &* Width &+ column) &* lanes)
        if let residual {
          let r = residual + (row &* block.pointee.residualRowStride &+ column &* lanes)
          let added = (V.load(bytes: r, isSigned: false, count: lanes).flipped(sign) - sign).floats() * factor + offset
          y = innerUpper.min(innerLower.max(y)) + added
        }
        // A NaN passes, and saturates below.
        return upper.min(y)
      }
      let p = output + 4 &* four / Width &* cRowStride
      let (a, b, c, d) = (result(0), result(1), result(2), result(3))
      switch Width {
      case 1: V.store(a, b, c, d, bytes: p, stride: cRowStride, isSigned: isSigned)
      case 2: V.store((a, b), (c, d), bytes: p, p + cRowStride, isSigned: isSigned)
      default: V.store(row: (a, b, c, d), bytes: p, isSigned: isSigned)
      }
    }
  }
  if let residual { store(adding: residual) } else { store(adding: nil) }
}

/// Four registers of sums through the first stage of an ``IntegerEpilogue`` to 8-bit integers `stride` bytes apart, where the bound below
/// is that of the type and there is no residual.
@inlinable @inline(__always)
func storeSaturated<V: IntegerVector>(
  _ a: V, _ b: V, _ c: V, _ d: V, _ stage: IntegerStage, multiplier: V.Floats, addend: V.Floats, output: UnsafeMutableRawPointer,
  stride: Int
) {
  let upper = V.Floats.splat(stage.upper)
  @inline(__always) func result(_ sums: V) -> V.Floats {
    let x = sums.floats() * multiplier
    return upper.min(x + addend)
  }
  V.store(result(a), result(b), result(c), result(d), bytes: output, stride: stride, isSigned: stage.outputType == .i8)
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
