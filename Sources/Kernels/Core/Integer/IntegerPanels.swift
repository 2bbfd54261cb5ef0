/// How an i8 matrix B is cut into panels of columns.
///
/// A panel is as wide as one of floats is (``MatrixPanels/wholeWidth(lanes:)``), but for the last, which has only registers that columns
/// exist for. It holds, for each of its columns
/// (with those added to fill registers, which are zero), an int32 from which sums start, then m, then a of ``IntegerEpilogue``; then
/// its values, step by step: of each step of eight rows, four of each column, then the other four. Last come four bytes for each step,
/// half the bounds of its pairs of neighbours, rounded up: of the greatest sum of the positive, or of the negative, of two neighbours among a
/// column's four. The first half's first pair and the second half's first come first.
@frozen @usableFromInline package struct IntegerPanels: Sendable {
  /// 32-bit integers in a register.
  @usableFromInline package let lanes: Int
  @usableFromInline package let steps: Int
  @usableFromInline package let columns: Int

  @inlinable @inline(__always)
  package init(lanes: Int, steps: Int, columns: Int) {
    self.lanes = lanes
    self.steps = steps
    self.columns = columns
  }

  /// The width in registers of the panel that begins where `rest` columns are left.
  @inlinable @inline(__always)
  package static func width(rest: Int, lanes: Int) -> Int {
    Swift.min((rest &+ lanes &- 1) / lanes, MatrixPanels.wholeWidth(lanes: lanes))
  }

  /// Bytes of a panel of `width` registers before its values, and before its bounds.
  @inlinable @inline(__always)
  package static func valueOffset(width: Int, lanes: Int) -> Int { 12 &* width &* lanes }
  @inlinable @inline(__always)
  package static func boundOffset(width: Int, lanes: Int, steps: Int) -> Int { (12 &+ 8 &* steps) &* width &* lanes }

  package var panelColumns: Int { MatrixPanels.wholeColumns(lanes: lanes) }
  package var count: Int { (columns + panelColumns - 1) / panelColumns }

  private func byteCount(width: Int) -> Int {
    (Self.boundOffset(width: width, lanes: lanes, steps: steps) + 4 * steps + 63) / 64 * 64
  }
  /// Bytes from a panel's beginning to the next one's.
  package var panelStride: Int { byteCount(width: MatrixPanels.wholeWidth(lanes: lanes)) }
  /// Bytes of all panels.
  package var byteCount: Int {
    (count - 1) * panelStride + byteCount(width: Self.width(rest: columns - (count - 1) * panelColumns, lanes: lanes))
  }

  /// Packs B, of whose column n the values lie at `column(n)`, eight for each step, until the next panel's first column is asked for; sums
  /// start from −`zeroPoint` times the column's sum.
  package func pack(
    into packed: UnsafeMutableRawPointer, zeroPoint: Int32, multiplier: (Int) -> Float, addend: (Int) -> Float,
    column: (Int) -> UnsafePointer<Int8>
  ) {
    let depth = 8 * steps
    let zeros = UnsafeMutablePointer<Int8>.allocate(capacity: depth)
    zeros.initialize(repeating: 0, count: depth)
    let sources = UnsafeMutablePointer<UnsafePointer<Int8>>.allocate(capacity: panelColumns)
    defer {
      zeros.deallocate()
      sources.deallocate()
    }
    for panel in 0..<count {
      let base = packed + panel * panelStride
      let first = panel * panelColumns
      let padded = Self.width(rest: columns - first, lanes: lanes) * lanes
      let values = Self.valueOffset(width: padded / lanes, lanes: lanes)
      let bounds = Self.boundOffset(width: padded / lanes, lanes: lanes, steps: steps)
      base.initializeMemory(as: UInt8.self, repeating: 0, count: values)
      (base + bounds).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount(width: padded / lanes) - bounds)
      let floats = base.assumingMemoryBound(to: Float.self)
      for n in 0..<padded {
        guard first + n < columns else {
          (sources + n).initialize(to: zeros)
          continue
        }
        let source = column(first + n)
        (sources + n).initialize(to: source)
        var sum: Int32 = 0
        for k in 0..<depth { sum &+= Int32(source[k]) }
        base.assumingMemoryBound(to: Int32.self)[n] = 0 &- zeroPoint &* sum
        floats[padded + n] = multiplier(first + n)
        floats[2 * padded + n] = addend(first + n)
      }
      for step in 0..<steps {
        let greatest = pack(step, sources, count: padded, into: base + (values + 8 * step * padded))
        (base + (bounds + 4 * step)).storeBytes(of: SIMD4(greatest[0], greatest[2], greatest[1], greatest[3]), as: SIMD4<UInt8>.self)
      }
    }
  }

  /// Packs a step of a panel's columns; half the greatest sums of two neighbours of one sign, rounded up.
  @inline(__always)
  private func pack(
    _ step: Int, _ sources: UnsafePointer<UnsafePointer<Int8>>, count: Int, into target: UnsafeMutableRawPointer
  ) -> SIMD4<UInt8> {
    @inline(__always) func sumsOfNeighbours(_ bytes: SIMD8<Int8>) -> SIMD4<Int16> {
      let words = unsafeBitCast(bytes, to: SIMD4<UInt16>.self)
      return SIMD4(truncatingIfNeeded: (words & 0xff) &+ (words &>> 8))
    }
    var greatest = SIMD4<Int16>()
    for n in 0..<count {
      let weights = UnsafeRawPointer(sources[n] + 8 * step).loadUnaligned(as: SIMD8<Int8>.self)
      (target + 4 * n).storeBytes(of: weights.lowHalf, as: SIMD4<Int8>.self)
      (target + 4 * (count + n)).storeBytes(of: weights.highHalf, as: SIMD4<Int8>.self)
      let positive = weights.replacing(with: 0, where: weights .< SIMD8<Int8>())
      // As unsigned bytes, so that the least has its magnitude.
      let sums = sumsOfNeighbours(positive)
      let others = sumsOfNeighbours(positive &- weights)
      greatest = greatest.replacing(with: sums, where: sums .> greatest)
      greatest = greatest.replacing(with: others, where: others .> greatest)
    }
    return SIMD4(truncatingIfNeeded: (greatest &+ 1) &>> 1)
  }
}
