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
  /// Elements a side of its tiles; what is left of a plane's sides goes element by element.
  package let side: Int
  package let run: CopyFunction

  package init(
    name: String, requires: CPUFeatures, pattern: CopyPattern, elementSize: Int, side: Int = 1, run: @escaping CopyFunction
  ) {
    self.name = name
    self.requires = requires
    self.pattern = pattern
    self.elementSize = elementSize
    self.side = side
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
      } else if sourceColumn == 2 &* size && destinationColumn == size {
        // Known steps become shuffles of registers.
        for column in 0..<columns {
          to.storeBytes(of: from.load(fromByteOffset: 2 &* size &* column, as: T.self), toByteOffset: column &* size, as: T.self)
        }
      } else {
        for column in 0..<columns {
          to.storeBytes(
            of: from.load(fromByteOffset: column &* sourceColumn, as: T.self), toByteOffset: column &* destinationColumn, as: T.self)
        }
      }
    }
  }
}
