/// A nest of loops over `N` operands, each with a byte stride per dimension: what broadcasting, copies and other strided
/// traversals have in common.
///
/// Dimensions that every operand walks without a seam are merged, and those of extent 1 dropped; the two innermost left are the
/// rows and columns of the planes that kernels get.
package struct LoopNest<let N: Int>: Sendable {
  /// The dimensions that remain after merging, at most.
  package static var maximumRank: Int { 8 }

  /// One dimension: how many iterations, and how far each operand moves from one to the next.
  package struct Dimension: Sendable {
    package var extent: Int
    /// In bytes; 0 where the operand is broadcast.
    package var strides: InlineArray<N, Int>

    package init(extent: Int, strides: InlineArray<N, Int>) {
      self.extent = extent
      self.strides = strides
    }

    static var single: Self { Self(extent: 1, strides: InlineArray(repeating: 0)) }
  }

  /// The loops around the planes, outermost first; those beyond `outerRank` have extent 1.
  private var outer: InlineArray<6, Dimension>
  private var outerRank: Int
  /// The iterations of all outer loops.
  package private(set) var planes: Int
  package private(set) var rows: Dimension
  package private(set) var columns: Dimension

  /// A nest of `dimensions`, outermost first.
  ///
  /// Returns nil where more than ``maximumRank`` dimensions remain after merging.
  package init?(_ dimensions: [Dimension]) {
    guard let nest = Self(merged: Self.merge(dimensions)) else { return nil }
    self = nest
  }

  /// A nest of dimensions that stay as they are.
  init?(merged: [Dimension]) {
    guard merged.count <= Self.maximumRank else { return nil }
    let padded = Array(repeating: Dimension.single, count: max(0, 2 - merged.count)) + merged
    columns = padded[padded.count - 1]
    rows = padded[padded.count - 2]
    outer = InlineArray(repeating: .single)
    outerRank = padded.count - 2
    planes = 1
    for i in 0..<outerRank {
      outer[i] = padded[i]
      planes *= padded[i].extent
    }
  }

  /// The dimensions without extents of 1 and seams.
  static func merge(_ dimensions: [Dimension]) -> [Dimension] {
    var merged: [Dimension] = []
    for dimension in dimensions where dimension.extent != 1 {
      if let last = merged.last, isSeamless(last, dimension) {
        merged[merged.count - 1] = Dimension(extent: last.extent * dimension.extent, strides: dimension.strides)
      } else {
        merged.append(dimension)
      }
    }
    return merged
  }

  private static func isSeamless(_ outer: Dimension, _ inner: Dimension) -> Bool {
    (0..<N).allSatisfy { outer.strides[$0] == inner.strides[$0] * inner.extent }
  }

  /// Calls `body` with the byte offsets of each operand and the size of each part of a plane that is this worker's.
  ///
  /// Where there are enough rows the workers share those, else each takes some columns of every row.
  @inline(__always)
  package func forEachPlane(
    worker: Int, workers: Int, columnGranule: Int, rowGranule: Int = 1,
    _ body: (_ offsets: InlineArray<N, Int>, _ rows: Int, _ columns: Int) -> Void
  ) {
    let allRows = planes &* rows.extent
    guard allRows > 0, columns.extent > 0 else { return }
    if workers == 1 || allRows >= 4 &* workers &* rowGranule || columns.extent < workers &* columnGranule {
      let (start, end) = share(of: allRows, worker: worker, workers: workers, granule: rowGranule)
      visit(rowStart: start, rowEnd: end, column: 0, columns: columns.extent, body)
    } else {
      let (start, end) = share(of: columns.extent, worker: worker, workers: workers, granule: columnGranule)
      if start < end { visit(rowStart: 0, rowEnd: allRows, column: start, columns: end &- start, body) }
    }
  }

  @inline(__always)
  private func visit(
    rowStart: Int, rowEnd: Int, column: Int, columns width: Int,
    _ body: (_ offsets: InlineArray<N, Int>, _ rows: Int, _ columns: Int) -> Void
  ) {
    var row = rowStart
    while row < rowEnd {
      let plane = row / rows.extent
      let first = row &- plane &* rows.extent
      let count = Swift.min(rows.extent &- first, rowEnd &- row)
      var offsets = InlineArray<N, Int>(repeating: 0)
      Self.advance(&offsets, columns, by: column)
      Self.advance(&offsets, rows, by: first)
      var rest = plane
      var i = outerRank &- 1
      while i >= 0 {
        let quotient = rest / outer[i].extent
        Self.advance(&offsets, outer[i], by: rest &- quotient &* outer[i].extent)
        rest = quotient
        i &-= 1
      }
      body(offsets, count, width)
      row &+= count
    }
  }

  @inline(__always)
  private static func advance(_ offsets: inout InlineArray<N, Int>, _ dimension: Dimension, by count: Int) {
    for k in 0..<N { offsets[k] &+= count &* dimension.strides[k] }
  }
}
