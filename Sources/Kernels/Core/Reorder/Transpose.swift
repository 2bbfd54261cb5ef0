/// A square of elements small enough to be transposed in registers.
@usableFromInline package protocol TransposeTile: SendableMetatype {
  associatedtype Element: BitwiseCopyable
  /// Elements a side; divides the elements of a line of the cache.
  static var side: Int { get }
  /// destination[i][j] = source[j][i]. Strides are from row to row in bytes.
  static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int)
}

/// A register of which two can be interleaved.
@usableFromInline package protocol InterleavedRegister: SIMD where Scalar: BitwiseCopyable {}

extension InterleavedRegister {
  /// The elements of both in turn: those of the lower halves, and those of the upper.
  @inlinable @inline(__always)
  static func interleaved(_ a: Self, _ b: Self) -> (low: Self, high: Self) {
    var (low, high) = (Self(), Self())
    let half = scalarCount / 2
    for i in 0..<half {
      (low[2 &* i], low[2 &* i &+ 1]) = (a[i], b[i])
      (high[2 &* i], high[2 &* i &+ 1]) = (a[i &+ half], b[i &+ half])
    }
    return (low, high)
  }
}

// Sixteen bytes, which every machine shuffles.
extension SIMD16: InterleavedRegister where Scalar == UInt8 {}
extension SIMD8: InterleavedRegister where Scalar == UInt16 {}
extension SIMD4: InterleavedRegister where Scalar == UInt32 {}
extension SIMD2: InterleavedRegister where Scalar == UInt64 {}

/// A square of as many rows as a register has elements.
@usableFromInline package enum InterleavedTile<Register: InterleavedRegister>: TransposeTile {
  @usableFromInline package typealias Element = Register.Scalar

  @inlinable @inline(__always) package static var side: Int { Register.scalarCount }
  @inlinable @inline(__always)
  package static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int
  ) {
    let rows = transposed(source, sourceStride)
    for i in 0..<side { (destination + i &* destinationStride).storeBytes(of: rows[unchecked: i], as: Register.self) }
  }

  /// The rows of the transpose; those beyond ``side`` are undefined.
  @inlinable @inline(__always)
  static func transposed(_ source: UnsafeRawPointer, _ sourceStride: Int) -> InlineArray<16, Register> {
    let side = side
    var rows = InlineArray<16, Register>(repeating: Register())
    for i in 0..<side { rows[unchecked: i] = (source + i &* sourceStride).loadUnaligned(as: Register.self) }
    // Rows interleaved with those half the side below rotate the bits of an element's place, which are its row's and then its
    // column's, by one.
    var round = 1
    while round < side {
      let before = rows
      for i in 0..<side / 2 {
        (rows[unchecked: 2 &* i], rows[unchecked: 2 &* i &+ 1]) = Register.interleaved(
          before[unchecked: i], before[unchecked: i &+ side / 2])
      }
      round &*= 2
    }
    return rows
  }
}

/// The kernel that transposes planes tile by tile.
///
/// Tiles make up squares whose sides are a line of the cache; squares follow each other along a block of columns, while the source's
/// lines for the next such row of squares are asked for. Where the destination's rows collide in the nearest cache, a square goes by
/// way of a buffer, from which whole lines are written. Edges go element by element.
@inlinable @inline(__always)
package func transposeFunction<T: TransposeTile>(_: T.Type) -> CopyFunction {
  { source, _, sourceStride, destination, destinationStride, _, rows, columns in
    let side = T.side
    let size = MemoryLayout<T.Element>.size
    let line = 64 / size
    let columnBlock = 256
    let fullRows = rows / side &* side
    let fullColumns = columns / side &* side
    // Eight lines at equal places of pages is what nearest caches hold.
    let isBuffered = line > 8 && destinationStride & 1023 == 0
    withUnsafeTemporaryAllocation(byteCount: 64 &* line, alignment: 64) { memory in
      let buffer = memory.baseAddress.unsafelyUnwrapped
      var block = 0
      while block < fullColumns {
        let blockEnd = Swift.min(block &+ columnBlock, fullColumns)
        var row = 0
        while row < fullRows {
          let rowEnd = Swift.min(row &+ line, fullRows)
          let next = Swift.min(rowEnd, rows &- 1) &* size
          var column = block
          while column < blockEnd {
            let end = Swift.min(column &+ line, blockEnd)
            let place = destination + row &* destinationStride + column &* size
            let (target, stride) = isBuffered ? (buffer, 64) : (place, destinationStride)
            var tile = column
            while tile < end {
              let from = source + tile &* sourceStride
              for i in 0..<side { prefetch(from + i &* sourceStride + next) }
              var r = row
              while r < rowEnd {
                T.transpose(from + r &* size, sourceStride, target + (r &- row) &* stride + (tile &- column) &* size, stride)
                r &+= side
              }
              tile &+= side
            }
            if isBuffered {
              for r in 0..<rowEnd &- row {
                copyLine(buffer + 64 &* r, place + r &* destinationStride, (end &- column) &* size)
              }
            }
            column = end
          }
          row = rowEnd
        }
        block = blockEnd
      }
    }
    func edge(_ rowStart: Int, _ rowEnd: Int, _ columnStart: Int, _ columnEnd: Int) {
      for row in rowStart..<rowEnd {
        let from = source + row &* size
        let to = (destination + row &* destinationStride).assumingMemoryBound(to: T.Element.self)
        for column in columnStart..<columnEnd { to[column] = (from + column &* sourceStride).load(as: T.Element.self) }
      }
    }
    edge(0, fullRows, fullColumns, columns)
    edge(fullRows, rows, 0, columns)
  }
}

/// Copies a line of the cache or the first bytes of one.
@inlinable @inline(__always)
func copyLine(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ byteCount: Int) {
  if byteCount == 64 {
    for i in 0..<4 {
      let part = source.load(fromByteOffset: 16 &* i, as: SIMD4<UInt32>.self)
      destination.storeBytes(of: part, toByteOffset: 16 &* i, as: SIMD4<UInt32>.self)
    }
  } else {
    destination.copyMemory(from: source, byteCount: byteCount)
  }
}
