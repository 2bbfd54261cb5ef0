/// Copies a plane of `rows` by `columns` elements: destination[row][column] = source[row][column]. Strides are in bytes.
@usableFromInline package typealias CopyFunction =
  @Sendable (
    _ source: UnsafeRawPointer, _ sourceRow: Int, _ sourceColumn: Int, _ destination: UnsafeMutableRawPointer, _ destinationRow: Int,
    _ destinationColumn: Int, _ rows: Int, _ columns: Int
  ) -> Void

/// How the elements of a plane lie in both tensors.
package enum CopyPattern: String, CaseIterable, Sendable {
  /// Columns are neighbours in both.
  case rows
  /// Columns are neighbours in the destination, rows in the source.
  case transpose
  /// Anything else.
  case strided
}

/// A row of the table of copy kernels.
package struct CopyKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let pattern: CopyPattern
  /// Bytes: 1, 2, 4 or 8.
  package let elementSize: Int
  package let run: CopyFunction

  package init(name: String, requires: CPUFeatures, pattern: CopyPattern, elementSize: Int, run: @escaping CopyFunction) {
    self.name = name
    self.requires = requires
    self.pattern = pattern
    self.elementSize = elementSize
    self.run = run
  }
}

/// Copies rows of neighbouring elements of `size` bytes.
package func copyRows(_ size: Int) -> CopyFunction {
  { source, sourceRow, _, destination, destinationRow, _, rows, columns in
    let bytes = columns &* size
    for row in 0..<rows { (destination + row &* destinationRow).copyMemory(from: source + row &* sourceRow, byteCount: bytes) }
  }
}

/// Copies element by element.
@inlinable @inline(__always)
package func copyStrided<T: BitwiseCopyable>(_: T.Type) -> CopyFunction {
  { source, sourceRow, sourceColumn, destination, destinationRow, destinationColumn, rows, columns in
    let size = MemoryLayout<T>.size
    for row in 0..<rows {
      let from = source + row &* sourceRow
      let to = destination + row &* destinationRow
      if sourceColumn == 0 && destinationColumn == size {
        let value = from.load(as: T.self)
        for column in 0..<columns { to.storeBytes(of: value, toByteOffset: column &* size, as: T.self) }
      } else {
        for column in 0..<columns {
          to.storeBytes(
            of: from.load(fromByteOffset: column &* sourceColumn, as: T.self), toByteOffset: column &* destinationColumn, as: T.self)
        }
      }
    }
  }
}

/// A square of elements small enough to be transposed in registers.
@usableFromInline package protocol TransposeTile: SendableMetatype {
  associatedtype Element: BitwiseCopyable
  /// Elements a side.
  static var side: Int { get }
  /// destination[i][j] = source[j][i]. Strides are from row to row in bytes.
  static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int)
}

/// A tile for element sizes without a register transpose.
@usableFromInline package enum ScalarTile<Element: BitwiseCopyable>: TransposeTile {
  @inlinable @inline(__always) package static var side: Int { 8 }
  @inlinable @inline(__always)
  package static func transpose(
    _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer, _ destinationStride: Int
  ) {
    for i in 0..<8 {
      let to = (destination + i &* destinationStride).assumingMemoryBound(to: Element.self)
      for j in 0..<8 { to[j] = (source + j &* sourceStride).assumingMemoryBound(to: Element.self)[i] }
    }
  }
}

/// The kernel that transposes planes tile by tile.
///
/// Tiles follow each other down two tiles of rows, which is a line of the source's cache, and along a block of columns whose
/// lines a cache holds; edges go element by element.
@inlinable @inline(__always)
package func transposeFunction<T: TransposeTile>(_: T.Type) -> CopyFunction {
  { source, _, sourceStride, destination, destinationStride, _, rows, columns in
    let side = T.side
    let size = MemoryLayout<T.Element>.size
    let columnBlock = 256
    let fullRows = rows / side &* side
    let fullColumns = columns / side &* side
    var block = 0
    while block < fullColumns {
      let blockEnd = Swift.min(block &+ columnBlock, fullColumns)
      var row = 0
      while row < fullRows {
        let rowEnd = Swift.min(row &+ 2 &* side, fullRows)
        var column = block
        while column < blockEnd {
          var r = row
          while r < rowEnd {
            T.transpose(
              source + column &* sourceStride + r &* size, sourceStride, destination + r &* destinationStride + column &* size,
              destinationStride)
            r &+= side
          }
          column &+= side
        }
        row = rowEnd
      }
      block = blockEnd
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
