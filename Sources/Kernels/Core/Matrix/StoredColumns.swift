/// Weights of half precision as a model stores them: a column (output channel) after the other, each channel by channel and tap by tap.
@frozen @usableFromInline package struct StoredColumns {
  /// Bytes from a column to the next.
  @usableFromInline package var stride: Int
  /// Rows of a column that belong to one input channel.
  @usableFromInline package var taps: Int
  /// Room for a panel's rows that the segments meet.
  @usableFromInline package var panel: UnsafeMutablePointer<UInt16>

  package init(stride: Int, taps: Int, panel: UnsafeMutablePointer<UInt16>) {
    self.stride = stride
    self.taps = taps
    self.panel = panel
  }

  /// Turns `depth` rows of `columns` columns into rows of ``panel``, `width` elements each, zeros behind the last column. The rows of a
  /// tap follow each other there, and the same rows of the next `width` columns are asked for.
  ///
  /// - Precondition: `depth` is whole channels.
  @usableFromInline @inline(never)
  func transpose(_ source: UnsafeRawPointer, columns: Int, depth: Int, width: Int) {
    let side = Tile.side
    // From a row to that of the next tap.
    let tapStride = depth / taps &* width
    var place = panel
    var tap = 0
    var row = 0
    while row &+ side <= depth {
      // Of each column a line of the cache, which need not stay there for long: columns that lie pages apart compete for their places.
      let rows = Swift.min(depth &- row, Self.lineRows) / side &* side
      var places = InlineArray<32, UnsafeMutablePointer<UInt16>>(repeating: place)
      for i in 0..<rows {
        places[unchecked: i] = place
        advance(&place, &tap, tapStride, width)
      }
      var column = 0
      while column &+ side <= columns {
        let from = source + (column &* stride &+ 2 &* row)
        for i in 0..<side { prefetch(from + (width &+ i) &* stride) }
        var first = 0
        while first < rows {
          let tile = Tile.transposed(from + 2 &* first, stride)
          for i in 0..<side {
            UnsafeMutableRawPointer(places[unchecked: first &+ i] + column).storeBytes(of: tile[unchecked: i], as: SIMD8<UInt16>.self)
          }
          first &+= side
        }
        column &+= side
      }
      if column < width {
        for i in 0..<rows { copyRow(source + 2 &* (row &+ i), from: column, columns, to: places[unchecked: i], width) }
      }
      row &+= rows
    }
    while row < depth {
      copyRow(source + 2 &* row, from: 0, columns, to: place, width)
      advance(&place, &tap, tapStride, width)
      row &+= 1
    }
  }

  private typealias Tile = InterleavedTile<SIMD8<UInt16>>
  /// Elements of a line of the cache.
  private static var lineRows: Int { 32 }

  /// To the place of the next row, which belongs to the next tap or to the next channel.
  @inline(__always)
  private func advance(_ place: inout UnsafeMutablePointer<UInt16>, _ tap: inout Int, _ tapStride: Int, _ width: Int) {
    tap &+= 1
    place += tapStride
    if tap == taps {
      tap = 0
      place += width &- taps &* tapStride
    }
  }

  /// The columns of a row from `first` on, one by one.
  @inline(__always)
  private func copyRow(
    _ source: UnsafeRawPointer, from first: Int, _ columns: Int, to place: UnsafeMutablePointer<UInt16>, _ width: Int
  ) {
    for column in first..<Swift.max(first, columns) { place[column] = (source + column &* stride).loadUnaligned(as: UInt16.self) }
    for column in columns..<Swift.max(columns, width) { place[column] = 0 }
  }
}
