/// The element type of compressed weights.
package enum CompressedType: Hashable, Sendable, CaseIterable {
  case u8, i8, u4, i4
  /// Sixteen quantiles of the normal distribution.
  case nf4

  package var bits: Int { self == .u8 || self == .i8 ? 8 : 4 }
}

/// How the codes of packed weights are read.
@frozen @usableFromInline package enum CompressedCode: Sendable {
  /// Bytes.
  case u8
  /// Halves of bytes.
  case u4
  /// Halves of bytes that count the values of ``nf4Values``.
  case nf4
}

/// The values of `nf4` (Dettmers et al., QLoRA, appendix E), as OpenVINO has them.
package let nf4Values: [Float] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941,
  0.7229568362236023, 1,
]

/// How a matrix B of compressed weights is cut into panels of columns.
///
/// A weight is (q − zero point) · scale, with a scale and a zero point for each column and group of `groupSize` rows. A panel is as
/// wide as one of ``IntegerPanels``. It holds, group by group, the zero points of its columns, then their scales, then codes, unsigned,
/// of four rows at a time: column by column the four rows' codes, the first in the lowest bits. Columns beyond the last have scales of
/// zero.
@frozen @usableFromInline package struct CompressedPanels: Hashable, Sendable {
  @usableFromInline package let lanes: Int
  @usableFromInline package let depth: Int
  @usableFromInline package let columns: Int
  @usableFromInline package let groupSize: Int
  @usableFromInline package let bits: Int

  package init(lanes: Int, depth: Int, columns: Int, groupSize: Int, bits: Int) {
    self.lanes = lanes
    self.depth = depth
    self.columns = columns
    self.groupSize = groupSize
    self.bits = bits
  }

  package var groups: Int { (depth + groupSize - 1) / groupSize }
  package var panelColumns: Int { MatrixPanels.wholeColumns(lanes: lanes) }
  package var count: Int { (columns + panelColumns - 1) / panelColumns }
  /// How many bytes before they are read panels are asked for; they lie one behind the other.
  @inlinable @inline(__always) package static var fetchedAhead: Int { 1024 }
  /// Bytes of a panel's column in a group.
  @inlinable @inline(__always)
  package static func groupBytes(groupSize: Int, bits: Int) -> Int {
    8 &+ (groupSize &+ 3) / 4 &* bits / 2
  }
  /// Bytes from the beginning of a panel of `width` columns to the codes of a row. Behind the last row the next panel begins.
  package func offset(ofRow row: Int, width: Int) -> Int {
    let (group, inGroup) = row.quotientAndRemainder(dividingBy: groupSize)
    if inGroup == 0 { return group * Self.groupBytes(groupSize: groupSize, bits: bits) * width }
    return (group * Self.groupBytes(groupSize: groupSize, bits: bits) + 8 + inGroup / 4 * bits / 2) * width
  }
  private func byteCount(width: Int) -> Int {
    (groups * Self.groupBytes(groupSize: groupSize, bits: bits) * width * lanes + 63) / 64 * 64
  }
  /// Bytes from a panel's beginning to the next one's.
  package var panelStride: Int { byteCount(width: MatrixPanels.wholeWidth(lanes: lanes)) }
  /// Bytes of all panels.
  package var byteCount: Int {
    (count - 1) * panelStride + byteCount(width: IntegerPanels.width(rest: columns - (count - 1) * panelColumns, lanes: lanes))
  }
}

/// A panel of compressed weights against rows of A: what one call of a compressed kernel computes, or expands.
@frozen @usableFromInline package struct CompressedBlock {
  /// The panel, its columns, and those that exist.
  @usableFromInline package var panel: UnsafeRawPointer
  @usableFromInline package var columns: Int
  @usableFromInline package var depth: Int
  @usableFromInline package var groupSize: Int
  @usableFromInline package var code: CompressedCode
  /// Expanded weights are not multiplied by their scales; sums will be, as there is but one group.
  @usableFromInline package var scalesSums: Bool
  /// ``nf4Values``.
  @usableFromInline package var values: UnsafePointer<Float>

  /// Strides are in elements.
  @usableFromInline package var a: UnsafePointer<Float>
  @usableFromInline package var aRowStride: Int
  @usableFromInline package var rows: Int
  @usableFromInline package var c: UnsafeMutablePointer<Float>
  @usableFromInline package var cRowStride: Int
  /// Added to each column.
  @usableFromInline package var columnBias: UnsafePointer<Float>?
  /// Added to each row.
  @usableFromInline package var rowBias: UnsafePointer<Float>?
  @usableFromInline package var residual: UnsafePointer<Float>?
  @usableFromInline package var residualRowStride: Int
  /// The residual is added to the bounded result instead of the sum.
  @usableFromInline package var residualIsLate: Bool
  /// The bounds of the result; a NaN passes.
  @usableFromInline package var minimum: Float
  @usableFromInline package var maximum: Float

  /// Whether ``scalesSums`` may be set: codes of four bits hardly ever have but one group, and no code is made for it.
  @inlinable @inline(__always) package static func canScaleSums(bits: Int) -> Bool { bits == 8 }

  package init(
    panel: UnsafeRawPointer, columns: Int, depth: Int, groupSize: Int, code: CompressedCode,
    values: UnsafePointer<Float>,
    a: UnsafePointer<Float>, aRowStride: Int, rows: Int, c: UnsafeMutablePointer<Float>,
    cRowStride: Int
  ) {
    self.panel = panel
    self.columns = columns
    self.depth = depth
    self.groupSize = groupSize
    self.code = code
    scalesSums = false
    self.values = values
    self.a = a
    self.aRowStride = aRowStride
    self.rows = rows
    self.c = c
    self.cRowStride = cRowStride
    columnBias = nil
    rowBias = nil
    residual = nil
    residualRowStride = 0
    residualIsLate = false
    minimum = -.infinity
    maximum = .infinity
  }
}

/// Computes a ``CompressedBlock``: C = A · B and what follows it.
package typealias CompressedFunction = @Sendable (_ block: UnsafePointer<CompressedBlock>) -> Void
/// Writes rows `first` to `end` of a block's weights, row by row, as floats.
package typealias ExpansionFunction =
  @Sendable (
    _ block: UnsafePointer<CompressedBlock>, _ first: Int, _ end: Int,
    _ target: UnsafeMutablePointer<Float>
  ) -> Void

/// A row of the table of kernels of compressed weights.
package struct CompressedKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// Floats in a register.
  package let lanes: Int
  package let run: CompressedFunction
  package let expand: ExpansionFunction

  package init(
    name: String, requires: CPUFeatures, lanes: Int, run: @escaping CompressedFunction,
    expand: @escaping ExpansionFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.run = run
    self.expand = expand
  }

  /// The most rows of a tile whose weights are made in registers.
  package var tileRows: Int { MatrixPanels.isWide(lanes: lanes) ? 8 : 4 }

  /// How many tiles there are for so many rows, the last ones of half, a quarter … of the most rows.
  package func tileCount(rows: Int) -> Int { rows / tileRows + (rows % tileRows).nonzeroBitCount }
}
