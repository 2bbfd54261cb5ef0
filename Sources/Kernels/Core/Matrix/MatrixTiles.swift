/// The tiles that an instruction set's registers allow: its target switches from numbers to instances of ``computeTile``.
@usableFromInline package protocol MatrixTiles {
  associatedtype Vector: FloatVector
  /// The most rows of a tile of `width` (1...3) registers a row.
  static func rows(width: Int) -> Int
  /// Rows below which a tile waits for the latency of its multiply-additions.
  static func leastRows(width: Int) -> Int
  /// Computes a tile of `rows` (1...``rows(width:)``) × `width` registers.
  static func compute(
    rows: Int, width: Int, _ block: UnsafePointer<MatrixBlock>,
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int,
    initial: UnsafePointer<Float>?, columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?)
}

/// The body of every ``MatrixBlockFunction``: panel by panel, so that a panel stays in the nearest cache for all rows.
@inlinable @inline(__always)
package func computeBlock<Tiles: MatrixTiles>(_: Tiles.Type, _ block: UnsafePointer<MatrixBlock>) {
  let lanes = Tiles.Vector.lanes
  var column = 0
  var panel = block.pointee.b
  while column < block.pointee.columns {
    let rest = block.pointee.columns &- column
    let width = MatrixPanels.width(rest: rest, lanes: lanes)
    let columns = Swift.min(rest, width &* lanes)
    let b: UnsafePointer<Float>
    if block.pointee.bIsHalf {
      var depth = 0
      for i in 0..<block.pointee.segmentCount { depth &+= block.pointee.segments[i].length }
      let halves = panel.assumingMemoryBound(to: Float16.self) + block.pointee.bRow &* width &* lanes
      let widened = block.pointee.widened
      for i in 0..<depth &* width { Tiles.Vector.load(halves + i &* lanes).store(widened + i &* lanes) }
      b = UnsafePointer(widened)
    } else {
      b = panel.assumingMemoryBound(to: Float.self) + block.pointee.bRow &* width &* lanes
    }
    for group in 0..<block.pointee.groups {
      computePanel(Tiles.self, block, group: group, column: column, columns: columns, width: width, b: b)
    }
    column &+= columns
    panel += block.pointee.bPanelStride
  }
}

/// One panel against the rows of one group.
@inlinable @inline(__always)
func computePanel<Tiles: MatrixTiles>(
  _: Tiles.Type, _ block: UnsafePointer<MatrixBlock>, group: Int, column: Int, columns: Int, width: Int, b: UnsafePointer<Float>
) {
  let a = block.pointee.a + group &* block.pointee.aGroupStride
  let c = block.pointee.c + (group &* block.pointee.cGroupStride &+ column)
  let initial = block.pointee.initial.map { $0 + (group &* block.pointee.initialGroupStride &+ column) }
  let residual = block.pointee.residual.map { $0 + (group &* block.pointee.residualGroupStride &+ column) }
  let columnBias = block.pointee.columnBias.map { $0 + column }
  let rowBias = block.pointee.rowBias.map { $0 + group &* block.pointee.rows }
  let most = Tiles.rows(width: width)
  let least = Tiles.leastRows(width: width)
  var row = 0
  while row < block.pointee.rows {
    let rest = block.pointee.rows &- row
    // A last tile of few rows is slow: its rows are shared with the one before.
    let rows = rest <= most ? rest : rest &- most >= least || rest >= 2 &* most ? most : (rest &+ 1) / 2
    Tiles.compute(
      rows: rows, width: width, block, a: a + row &* block.pointee.aRowStride, b: b, c: c + row &* block.pointee.cRowStride,
      columns: columns, initial: initial.map { $0 + row &* block.pointee.initialRowStride }, columnBias: columnBias,
      rowBias: rowBias.map { $0 + row }, residual: residual.map { $0 + row &* block.pointee.residualRowStride })
    row &+= rows
  }
}
