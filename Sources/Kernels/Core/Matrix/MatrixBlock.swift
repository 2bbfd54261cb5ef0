/// A run of consecutive values of a row of A: `length` values, `offset` elements after the row's beginning.
@frozen @usableFromInline package struct MatrixSegment {
  @usableFromInline package var offset: Int
  @usableFromInline package var length: Int
  /// The tap of a convolution's window that the values belong to, where rows are ``MatrixWindow``s.
  @usableFromInline package var tap: UInt64

  @inlinable @inline(__always) package init(offset: Int, length: Int, tap: Int = 0) {
    self.offset = offset
    self.length = length
    self.tap = UInt64(truncatingIfNeeded: tap)
  }
}

/// A row of A that is a convolution's window, perhaps over the image's border.
///
/// Dukhan, The Indirect Convolution Algorithm (2019), keeps a pointer for each tap instead.
@frozen @usableFromInline package struct MatrixWindow: BitwiseCopyable {
  /// Elements from the block's A to the window's first tap, be it inside the image or not.
  @usableFromInline package var offset: Int
  /// The taps inside the image, the first in the lowest bit.
  @usableFromInline package var taps: UInt64

  @inlinable @inline(__always) package init(offset: Int, taps: UInt64) {
    self.offset = offset
    self.taps = taps
  }

  /// The most taps of a window, and the most rows of a tile of windows: each has an address of its own in a register.
  @inlinable @inline(__always) package static var mostTaps: Int { 64 }
  @inlinable @inline(__always) package static var mostRows: Int { 9 }
}

/// A block of a product C = A · B, and what becomes of it: what one call of a matrix kernel computes.
///
/// C has `groups` × `rows` rows and `columns` columns. A row of A is a list of ``MatrixSegment``s, the same for all rows, whose
/// values meet the packed rows of B in order; so a row can be a matrix row, or what a convolution's window sees of an image.
/// B is packed as ``MatrixPanels`` says, or read as a model stores it (``StoredColumns``). Strides are in elements, except those of B.
@frozen @usableFromInline package struct MatrixBlock {
  /// The first row of A, to which the segments' offsets are added.
  @usableFromInline package var a: UnsafePointer<Float>
  @usableFromInline package var aRowStride: Int
  @usableFromInline package var aGroupStride: Int
  @usableFromInline package var segments: UnsafePointer<MatrixSegment>
  @usableFromInline package var segmentCount: Int
  /// A row of A each, group by group, instead of those that lie a stride apart.
  @usableFromInline package var windows: UnsafePointer<MatrixWindow>?
  /// What taps outside the image meet: as many zeros as the longest segment has values. Unused without windows.
  @usableFromInline package var zeros: UnsafePointer<Float>

  /// The first panel, the bytes from a panel to the next, and the row in each that the segments' first value meets.
  @usableFromInline package var b: UnsafeRawPointer
  @usableFromInline package var bPanelStride: Int
  @usableFromInline package var bRow: Int
  /// What is read when this block is done, to be fetched in the meantime: a panel at the row that will be met first.
  @usableFromInline package var next: UnsafeRawPointer?
  /// The bytes of `next` for each of the segments' values; 0: as many as a row of the panel has.
  @usableFromInline package var nextRowBytes: Int
  /// B holds half-precision values. They are widened panel by panel into `widened` where rows are more than ``rowsOfHalves``.
  @usableFromInline package var bIsHalf: Bool
  /// Room for a panel's widened rows that the segments meet; unused where B is single precision or rows are few.
  @usableFromInline package var widened: UnsafeMutablePointer<Float>
  /// How halves lie that are not packed; `b` is the first column of the first panel then.
  @usableFromInline package var stored: StoredColumns?

  @usableFromInline package var c: UnsafeMutablePointer<Float>
  @usableFromInline package var cRowStride: Int
  @usableFromInline package var cGroupStride: Int
  @usableFromInline package var rows: Int
  @usableFromInline package var groups: Int
  @usableFromInline package var columns: Int
  /// The whole product has one row. Its sums are formed two by two, so that they do not wait for each other; elsewhere a row's sums
  /// are the same in every tile.
  @usableFromInline package var isVector: Bool

  /// What the sum starts from (C itself where products of earlier segments lie there, or a residual); nil for zero.
  @usableFromInline package var initial: UnsafePointer<Float>?
  @usableFromInline package var initialRowStride: Int
  @usableFromInline package var initialGroupStride: Int
  /// What each column's sums are multiplied by before anything is added.
  @usableFromInline package var columnScale: UnsafePointer<Float>?
  /// Added to each column.
  @usableFromInline package var columnBias: UnsafePointer<Float>?
  /// Added to each row.
  @usableFromInline package var rowBias: UnsafePointer<Float>?
  /// The bounds of the result; a NaN passes.
  @usableFromInline package var minimum: Float
  @usableFromInline package var maximum: Float
  /// Added to the bounded result.
  @usableFromInline package var residual: UnsafePointer<Float>?
  @usableFromInline package var residualRowStride: Int
  @usableFromInline package var residualGroupStride: Int

  /// The most rows that meet halves one by one, widened in registers.
  @inlinable @inline(__always) package static var rowsOfHalves: Int { 2 }

  /// A block without anything done to the product.
  package init(
    a: UnsafePointer<Float>, aRowStride: Int, segments: UnsafePointer<MatrixSegment>, segmentCount: Int,
    b: UnsafeRawPointer, bPanelStride: Int, c: UnsafeMutablePointer<Float>, cRowStride: Int, rows: Int, columns: Int
  ) {
    self.a = a
    self.aRowStride = aRowStride
    aGroupStride = 0
    self.segments = segments
    self.segmentCount = segmentCount
    windows = nil
    zeros = a
    self.b = b
    self.bPanelStride = bPanelStride
    bRow = 0
    next = nil
    nextRowBytes = 0
    bIsHalf = false
    widened = c
    stored = nil
    self.c = c
    self.cRowStride = cRowStride
    cGroupStride = 0
    self.rows = rows
    groups = 1
    self.columns = columns
    isVector = false
    initial = nil
    initialRowStride = 0
    initialGroupStride = 0
    columnScale = nil
    columnBias = nil
    rowBias = nil
    minimum = -.infinity
    maximum = .infinity
    residual = nil
    residualRowStride = 0
    residualGroupStride = 0
  }
}

/// Computes a ``MatrixBlock``.
package typealias MatrixBlockFunction = @Sendable (_ block: UnsafePointer<MatrixBlock>) -> Void

/// A row of the table of matrix kernels.
package struct MatrixKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// Floats in a register.
  package let lanes: Int
  package let shape: MatrixTileShape
  package let run: MatrixBlockFunction

  package init(name: String, requires: CPUFeatures, lanes: Int, shape: MatrixTileShape, run: @escaping MatrixBlockFunction) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.shape = shape
    self.run = run
  }

  /// The rows of a tile of a whole panel.
  package var tileRows: Int { shape.rows[MatrixPanels.wholeWidth(lanes: lanes) - 1] }
}
