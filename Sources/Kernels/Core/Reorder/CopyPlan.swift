/// A strided copy between two tensors of one shape, cut down to planes: transposition, concatenation, slicing, padding's middle,
/// depth-to-space and channel shuffle are all this.
package struct CopyPlan: Sendable {
  private let nest: LoopNest<2>
  package let pattern: CopyPattern
  package let elementSize: Int

  /// Copies elements of `elementSize` bytes (1, 2, 4 or 8) over `shape`, with strides in elements; a stride of 0 in the source
  /// repeats.
  ///
  /// Returns nil where more dimensions remain after merging than ``LoopNest`` takes.
  package init?(shape: [Int], sourceStrides: [Int], destinationStrides: [Int], elementSize: Int) {
    precondition([1, 2, 4, 8].contains(elementSize))
    // In the order of the destination's memory, whatever the order of the axes.
    let order = shape.indices.filter { shape[$0] != 1 }.sorted { abs(destinationStrides[$0]) > abs(destinationStrides[$1]) }
    var dimensions = LoopNest<2>.merge(
      order.map { .init(extent: shape[$0], strides: [sourceStrides[$0] * elementSize, destinationStrides[$0] * elementSize]) })
    var pattern = CopyPattern.strided
    if let last = dimensions.last, last.strides[1] == elementSize {
      if last.strides[0] == elementSize {
        pattern = .rows
      } else if let i = dimensions.dropLast().lastIndex(where: { $0.strides[0] == elementSize }) {
        // The source's neighbours become the plane's rows.
        dimensions.insert(dimensions.remove(at: i), at: dimensions.count - 1)
        pattern = .transpose
      }
    } else if dimensions.isEmpty {
      pattern = .rows
    }
    guard let nest = LoopNest<2>(merged: dimensions) else { return nil }
    self.nest = nest
    self.pattern = pattern
    self.elementSize = elementSize
  }

  /// The elements of the shorter side of a plane.
  package var shortSide: Int { min(nest.rows.extent, nest.columns.extent) }

  /// Runs a worker's share with a kernel of this plan's pattern and element size.
  package func run(
    _ kernel: CopyFunction, source: UnsafeRawPointer, destination: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    let rowStrides = nest.rows.strides
    let columnStrides = nest.columns.strides
    // Whole lines of the cache to each worker, and in a transpose of both tensors' lines.
    let granule = 64 / elementSize
    nest.forEachPlane(
      worker: worker, workers: workers, columnGranule: granule, rowGranule: pattern == .transpose ? granule : 1
    ) { offsets, rows, columns in
      kernel(
        source + offsets[0], rowStrides[0], columnStrides[0], destination + offsets[1], rowStrides[1], columnStrides[1], rows, columns)
    }
  }
}
