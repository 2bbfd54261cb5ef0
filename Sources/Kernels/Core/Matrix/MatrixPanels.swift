/// How the columns of B are cut into panels.
///
/// A panel holds its columns' values row by row: row k of a panel of w columns lies w · k elements after its beginning. Panels are
/// two registers wide, but for the last: one register where no more columns exist, and three where the rest fits three, for
/// a third register beside two costs less than one alone. Columns beyond the last are zero.
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

  /// The width in registers of the panel that begins where `rest` columns are left.
  @inlinable @inline(__always)
  package static func width(rest: Int, lanes: Int) -> Int {
    rest <= lanes ? 1 : rest <= 2 &* lanes || rest > 3 &* lanes ? 2 : 3
  }

  /// Columns from a panel's beginning to the next one's.
  package var panelColumns: Int { 2 * lanes }

  package var count: Int { columns <= 3 * lanes ? 1 : (columns - lanes + panelColumns - 1) / panelColumns }

  /// The columns of panel `index`, with those added to fill registers.
  package func paddedColumns(_ index: Int) -> Int {
    Self.width(rest: columns - index * panelColumns, lanes: lanes) * lanes
  }

  /// Elements from a panel's beginning to the next one's.
  package var panelStride: Int { rows * panelColumns }

  /// Elements of all panels.
  package var elementCount: Int { (count - 1) * panelStride + rows * paddedColumns(count - 1) }

  /// Packs rows `first`... of B, as many as `rowCount`; element (first + k, n) is `source[k · rowStride + n · columnStride]`.
  package func pack(
    _ source: UnsafeRawPointer, _ sourceType: WeightType, rowStride: Int, columnStride: Int, first: Int = 0, rowCount: Int? = nil,
    into packed: UnsafeMutableRawPointer, _ packedType: WeightType
  ) {
    let area = PackedArea(rowStride: rowStride, columnStride: columnStride, first: first, rowCount: rowCount ?? rows)
    switch (sourceType, packedType) {
    case (.f32, .f32): pack(area, source.assumingMemoryBound(to: Float.self), packed.assumingMemoryBound(to: Float.self)) { $0 }
    case (.f32, .f16):
      pack(area, source.assumingMemoryBound(to: Float.self), packed.assumingMemoryBound(to: Float16.self)) { Float16($0) }
    case (.f16, .f32):
      pack(area, source.assumingMemoryBound(to: Float16.self), packed.assumingMemoryBound(to: Float.self)) { Float($0) }
    case (.f16, .f16):
      pack(area, source.assumingMemoryBound(to: Float16.self), packed.assumingMemoryBound(to: Float16.self)) { $0 }
    }
  }

  private struct PackedArea {
    var rowStride: Int
    var columnStride: Int
    var first: Int
    var rowCount: Int
  }

  @inline(__always)
  private func pack<Source: BitwiseCopyable, Packed: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ area: PackedArea, _ source: UnsafePointer<Source>, _ packed: UnsafeMutablePointer<Packed>, _ convert: (Source) -> Packed
  ) {
    for panel in 0..<count {
      let column = panel * panelColumns
      let width = paddedColumns(panel)
      let filled = min(columns - column, width)
      for k in 0..<area.rowCount {
        let from = source + k * area.rowStride + column * area.columnStride
        let row = packed + panel * panelStride + (area.first + k) * width
        for n in 0..<filled { row[n] = convert(from[n * area.columnStride]) }
        for n in filled..<width { row[n] = 0 }
      }
    }
  }
}
