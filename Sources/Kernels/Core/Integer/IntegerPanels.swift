/// How an i8 matrix B is cut into panels of columns.
///
/// A panel is two registers wide, but for the last, which is one wide where no more columns exist. It holds, for each of its columns
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
  package static func width(rest: Int, lanes: Int) -> Int { rest <= lanes ? 1 : 2 }

  /// Bytes of a panel of `width` registers before its values, and before its bounds.
  @inlinable @inline(__always)
  package static func valueOffset(width: Int, lanes: Int) -> Int { 12 &* width &* lanes }
  @inlinable @inline(__always)
  package static func boundOffset(width: Int, lanes: Int, steps: Int) -> Int { (12 &+ 8 &* steps) &* width &* lanes }

  package var panelColumns: Int { 2 * lanes }
  package var count: Int { (columns + panelColumns - 1) / panelColumns }

  private func byteCount(width: Int) -> Int {
    (Self.boundOffset(width: width, lanes: lanes, steps: steps) + 4 * steps + 63) / 64 * 64
  }
  /// Bytes from a panel's beginning to the next one's.
  package var panelStride: Int { byteCount(width: 2) }
  /// Bytes of all panels.
  package var byteCount: Int { count * panelStride }

  /// Packs B, of whose column n the eight elements of a step are `values(step, n)`; sums start from −`zeroPoint` times the column's sum.
  @inline(__always)
  package func pack(
    into packed: UnsafeMutableRawPointer, zeroPoint: Int32, multiplier: (Int) -> Float, addend: (Int) -> Float,
    values: (_ step: Int, _ column: Int) -> SIMD8<Int8>
  ) {
    for panel in 0..<count {
      let base = packed + panel * panelStride
      base.initializeMemory(as: UInt8.self, repeating: 0, count: panelStride)
      let rest = columns - panel * panelColumns
      let width = Self.width(rest: rest, lanes: lanes)
      let padded = width * lanes
      let bounds = base + Self.boundOffset(width: width, lanes: lanes, steps: steps)
      for n in 0..<min(rest, padded) {
        let column = panel * panelColumns + n
        let target = base + (Self.valueOffset(width: width, lanes: lanes) + 4 * n)
        var sums = SIMD8<Int32>()
        for step in 0..<steps {
          let weights = values(step, column)
          (target + 8 * step * padded).storeBytes(of: weights.lowHalf, as: SIMD4<Int8>.self)
          (target + (8 * step + 4) * padded).storeBytes(of: weights.highHalf, as: SIMD4<Int8>.self)
          let wide = SIMD8<Int16>(truncatingIfNeeded: weights)
          sums &+= SIMD8<Int32>(truncatingIfNeeded: wide)
          // Of two neighbours the positive and the negative ones.
          let positive = wide.replacing(with: 0, where: wide .< 0)
          let negative = positive &- wide
          let ofPairs = positive.evenHalf &+ positive.oddHalf
          let negativeOfPairs = negative.evenHalf &+ negative.oddHalf
          let greatest = ofPairs.replacing(with: negativeOfPairs, where: negativeOfPairs .> ofPairs)
          let inOrder = SIMD4<UInt8>(truncatingIfNeeded: (greatest &+ 1) &>> 1)
          let halves = SIMD4<UInt8>(inOrder[0], inOrder[2], inOrder[1], inOrder[3])
          let before = (bounds + 4 * step).loadUnaligned(as: SIMD4<UInt8>.self)
          (bounds + 4 * step).storeBytes(of: before.replacing(with: halves, where: halves .> before), as: SIMD4<UInt8>.self)
        }
        base.assumingMemoryBound(to: Int32.self)[n] = 0 &- zeroPoint &* sums.wrappedSum()
        let floats = base.assumingMemoryBound(to: Float.self)
        floats[padded + n] = multiplier(column)
        floats[2 * padded + n] = addend(column)
      }
    }
  }
}
