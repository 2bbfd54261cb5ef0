/// How the columns of B are cut into panels.
///
/// A panel holds its columns' values row by row: row k of a panel of w columns lies w · k elements after its beginning. Panels are
/// ``wholeWidth(lanes:)`` registers wide, but for the last: fewer where no more columns exist, and one more where the rest fits that,
/// for a register beside others costs less than one alone. Columns beyond the last are zero.
@frozen @usableFromInline package struct MatrixPanels: Sendable {
  /// Floats in a register.
  @usableFromInline package let lanes: Int
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int

  package init(lanes: Int, rows: Int, columns: Int) {
    self.lanes = lanes
    self.rows = rows
    self.columns = columns
  }

  /// The width in registers of all panels but the last. A wide tile takes fewer instructions for a multiply-addition than a high one,
  /// but needs registers for a row of B beside its sums: where registers hold 16 floats there are twice as many.
  @inlinable @inline(__always)
  package static func wholeWidth(lanes: Int) -> Int { isWide(lanes: lanes) ? 4 : 2 }

  /// Whether panels are wider than two registers and one more.
  @inlinable @inline(__always)
  package static func isWide(lanes: Int) -> Bool { lanes == 16 }

  /// Columns of all panels but the last.
  package static func wholeColumns(lanes: Int) -> Int { wholeWidth(lanes: lanes) * lanes }

  /// The width in registers of the panel that begins where `rest` columns are left.
  @inlinable @inline(__always)
  package static func width(rest: Int, lanes: Int) -> Int {
    let registers = (rest &+ lanes &- 1) / lanes
    let whole = wholeWidth(lanes: lanes)
    return registers <= whole &+ 1 ? registers : whole
  }

  /// Columns of the widest panel that there can be.
  package static func mostColumns(lanes: Int) -> Int { wholeColumns(lanes: lanes) + lanes }

  /// Columns from a panel's beginning to the next one's.
  package var panelColumns: Int { Self.wholeColumns(lanes: lanes) }

  package var count: Int {
    columns <= Self.mostColumns(lanes: lanes) ? 1 : (columns - lanes + panelColumns - 1) / panelColumns
  }

  /// The columns of panel `index`, with those added to fill registers.
  package func paddedColumns(_ index: Int) -> Int {
    Self.width(rest: columns - index * panelColumns, lanes: lanes) * lanes
  }

  /// Elements from a panel's beginning to the next one's.
  package var panelStride: Int { rows * panelColumns }

  /// Elements of all panels.
  package var elementCount: Int { (count - 1) * panelStride + rows * paddedColumns(count - 1) }

  /// Packs B; element (k, n) is `source[k · rowStride + n · columnStride]`.
  package func pack(_ source: UnsafePointer<Float>, rowStride: Int, columnStride: Int, into packed: UnsafeMutablePointer<Float>) {
    for panel in 0..<count {
      let column = panel * panelColumns
      let width = paddedColumns(panel)
      let filled = min(columns - column, width)
      for k in 0..<rows {
        let from = source + k * rowStride + column * columnStride
        let row = packed + panel * panelStride + k * width
        for n in 0..<filled { row[n] = from[n * columnStride] }
        for n in filled..<width { row[n] = 0 }
      }
    }
  }
}
