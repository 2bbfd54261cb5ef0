/// The tiles that an instruction set's registers allow, by the width of their panel in registers: element 0 for one.
@frozen @usableFromInline package struct MatrixTileShape: Sendable {
  /// The most rows of a tile.
  @usableFromInline package let rows: InlineArray<5, Int>
  /// Rows below which a tile waits for the latency of its multiply-additions.
  @usableFromInline package let leastRows: InlineArray<5, Int>

  @inlinable @inline(__always)
  package init(rows: InlineArray<5, Int>, leastRows: InlineArray<5, Int>) {
    self.rows = rows
    self.leastRows = leastRows
  }
}

/// An instruction set's tiles: its target switches from numbers to instances of ``computeTiles``.
@usableFromInline package protocol MatrixTiles {
  associatedtype Vector: FloatVector
  static var shape: MatrixTileShape { get }
  /// Computes `count` tiles of `rows` (1 to what the shape has) × `width` registers.
  static func compute(
    rows: Int, width: Int, count: Int, _ block: UnsafePointer<MatrixBlock>, _ stack: UnsafeMutablePointer<MatrixTileStack>)
}

extension MatrixTiles {
  /// Computes `count` tiles of one row × `width` registers with a panel of halves.
  @inlinable @inline(__always)
  static func computeRows(
    width: Int, count: Int, _ block: UnsafePointer<MatrixBlock>, _ stack: UnsafeMutablePointer<MatrixTileStack>
  ) {
    let row = InlineArray<1, Void>.self
    // Where panels are no wider no code is made for more.
    let isWide = MatrixPanels.isWide(lanes: Vector.lanes)
    switch width {
    case 5 where isWide: computeTiles(Vector.self, Float16.self, row, InlineArray<5, Void>.self, count: count, block, stack)
    case 4 where isWide: computeTiles(Vector.self, Float16.self, row, InlineArray<4, Void>.self, count: count, block, stack)
    case 3: computeTiles(Vector.self, Float16.self, row, InlineArray<3, Void>.self, count: count, block, stack)
    case 2: computeTiles(Vector.self, Float16.self, row, InlineArray<2, Void>.self, count: count, block, stack)
    default: computeTiles(Vector.self, Float16.self, row, InlineArray<1, Void>.self, count: count, block, stack)
    }
  }
}

/// The body of every ``MatrixBlockFunction``: panel by panel, so that a panel stays in the nearest cache for all rows.
@inlinable @inline(__always)
package func computeBlock<Tiles: MatrixTiles>(_: Tiles.Type, _ block: UnsafePointer<MatrixBlock>) {
  let lanes = Tiles.Vector.lanes
  let elementSize = block.pointee.bIsHalf ? 2 : 4
  var depth = 0
  for i in 0..<block.pointee.segmentCount { depth &+= block.pointee.segments[i].length }
  // Few rows use an element too seldom to make it worth widening in memory.
  let widens = block.pointee.bIsHalf && block.pointee.rows &* block.pointee.groups > MatrixBlock.rowsOfHalves
  var column = 0
  var panel = block.pointee.b
  while column < block.pointee.columns {
    let rest = block.pointee.columns &- column
    let width = MatrixPanels.width(rest: rest, lanes: lanes)
    let columns = Swift.min(rest, width &* lanes)
    var b = panel + block.pointee.bRow &* width &* lanes &* elementSize
    var next = block.pointee.next ?? b
    if rest > columns {
      let nextWidth = MatrixPanels.width(rest: rest &- columns, lanes: lanes)
      next = panel + (block.pointee.bPanelStride &+ block.pointee.bRow &* nextWidth &* lanes &* elementSize)
    }
    if let stored = block.pointee.stored {
      stored.transpose(panel + 2 &* block.pointee.bRow, columns: columns, depth: depth, width: width &* lanes)
      b = UnsafeRawPointer(stored.panel)
    }
    if widens {
      let halves = b.assumingMemoryBound(to: Float16.self)
      let widened = block.pointee.widened
      for i in 0..<depth &* width { Tiles.Vector.load(halves + i &* lanes).store(widened + i &* lanes) }
      b = UnsafeRawPointer(widened)
    }
    // The next panel's bytes for a step of depth, dealt to the tiles.
    let most = Tiles.shape.rows[unchecked: width &- 1]
    let tiles = (block.pointee.rows <= most ? 1 : (block.pointee.rows &+ most &- 1) / most) &* block.pointee.groups
    let rowBytes = block.pointee.nextRowBytes > 0 ? block.pointee.nextRowBytes : width &* lanes &* elementSize
    let fetches = tiles <= 2 &* rowBytes && next != b && block.pointee.stored == nil
    let aheadStep = !fetches ? 0 : tiles == 1 ? rowBytes : (rowBytes &+ tiles &- 1) / tiles
    var stack = MatrixTileStack(
      a: block.pointee.a, windows: nil, b: b, c: block.pointee.c, columns: columns, initial: nil,
      columnScale: block.pointee.columnScale.map { $0 + column }, columnBias: block.pointee.columnBias.map { $0 + column },
      rowBias: nil, residual: nil, ahead: next, aheadStep: aheadStep)
    for group in 0..<block.pointee.groups {
      stack.a = block.pointee.a + group &* block.pointee.aGroupStride
      stack.windows = block.pointee.windows.map { $0 + group &* block.pointee.rows }
      stack.c = block.pointee.c + (group &* block.pointee.cGroupStride &+ column)
      stack.initial = block.pointee.initial.map { $0 + (group &* block.pointee.initialGroupStride &+ column) }
      stack.residual = block.pointee.residual.map { $0 + (group &* block.pointee.residualGroupStride &+ column) }
      stack.rowBias = block.pointee.rowBias.map { $0 + group &* block.pointee.rows }
      if block.pointee.bIsHalf && !widens {
        Tiles.computeRows(width: width, count: block.pointee.rows, block, &stack)
      } else {
        computePanel(Tiles.self, width: width, block, &stack)
      }
    }
    column &+= columns
    panel += block.pointee.bPanelStride
  }
}

/// One panel against the rows of one group.
@inlinable @inline(__always)
func computePanel<Tiles: MatrixTiles>(
  _: Tiles.Type, width: Int, _ block: UnsafePointer<MatrixBlock>, _ stack: UnsafeMutablePointer<MatrixTileStack>
) {
  let highest = Tiles.shape.rows[unchecked: width &- 1]
  let most = block.pointee.windows == nil ? highest : Swift.min(highest, MatrixWindow.mostRows)
  if block.pointee.rows <= most { return Tiles.compute(rows: block.pointee.rows, width: width, count: 1, block, stack) }
  // Tiles of as even heights as can be: a last one of few rows would wait for the latency of its multiply-additions.
  let tiles = (block.pointee.rows &+ most &- 1) / most
  let rows = block.pointee.rows / tiles
  let higher = block.pointee.rows &- rows &* tiles
  if higher > 0 { Tiles.compute(rows: rows &+ 1, width: width, count: higher, block, stack) }
  Tiles.compute(rows: rows, width: width, count: tiles &- higher, block, stack)
}
