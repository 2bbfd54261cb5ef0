/// How an i8 matrix B is cut into panels of columns.
///
/// A panel is two registers wide, but for the last, which is one wide where no more columns exist. It holds, for each of its columns
/// (with those added to fill registers, which are zero), an int32 from which sums start, then m, then a of ``IntegerEpilogue``; then
/// its values, step by step: of each step of eight rows, four of each column, then the other four. Last come four bytes for each step,
/// half the bounds of its pairs of neighbours, rounded up: of the greatest sum of the positive, or of the negative, of two neighbours among a
/// column's four.
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

  /// Packs B, whose element of row 8 · s + k, column n, is `value(s, k, n)`; sums start from −`zeroPoint` times the column's sum.
  @inline(__always)
  package func pack(
    into packed: UnsafeMutableRawPointer, zeroPoint: Int32, multiplier: (Int) -> Float, addend: (Int) -> Float,
    value: (_ step: Int, _ k: Int, _ column: Int) -> Int8
  ) {
    for panel in 0..<count {
      let base = packed + panel * panelStride
      base.initializeMemory(as: UInt8.self, repeating: 0, count: panelStride)
      let rest = columns - panel * panelColumns
      let width = Self.width(rest: rest, lanes: lanes)
      let starts = base.assumingMemoryBound(to: Int32.self)
      let floats = base.assumingMemoryBound(to: Float.self)
      let values = (base + Self.valueOffset(width: width, lanes: lanes)).assumingMemoryBound(to: Int8.self)
      let bounds = (base + Self.boundOffset(width: width, lanes: lanes, steps: steps)).assumingMemoryBound(to: UInt8.self)
      let padded = width * lanes
      for n in 0..<min(rest, padded) {
        let column = panel * panelColumns + n
        var sum: Int32 = 0
        for step in 0..<steps {
          for half in 0..<2 {
            for pair in 0..<2 {
              var positive = 0
              var negative = 0
              for k in 4 * half + 2 * pair..<4 * half + 2 * pair + 2 {
                let weight = value(step, k, column)
                values[((2 * step + half) * padded + n) * 4 + k % 4] = weight
                sum &+= Int32(weight)
                if weight > 0 { positive += Int(weight) } else { negative -= Int(weight) }
              }
              let bound = UInt8((max(positive, negative) + 1) / 2)
              bounds[4 * step + 2 * half + pair] = max(bounds[4 * step + 2 * half + pair], bound)
            }
          }
        }
        starts[n] = 0 &- zeroPoint &* sum
        floats[padded + n] = multiplier(column)
        floats[2 * padded + n] = addend(column)
      }
    }
  }
}
