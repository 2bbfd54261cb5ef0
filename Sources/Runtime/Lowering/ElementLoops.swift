import KernelCore

/// The loops around runs of elements that several views of one shape have side by side.
struct ElementLoops: Sendable {
  /// Below this many elements a step is over before a second worker has begun.
  static let parallelThreshold = 8192

  /// Merged axes outside the run, outermost first: extents, and for each view the strides in elements.
  private let extents: [Int]
  private let strides: [[Int]]
  private let runLength: Int

  /// - Precondition: the views have the shape `shape`.
  init(shape: Shape, _ views: [View]) {
    let last = views.last!
    let axes = shape.indices.filter { shape[$0] != 1 }.sorted { (last.strides[$0], $1) > (last.strides[$1], $0) }
    var merged: [(extent: Int, strides: [Int])] = []
    for axis in axes {
      let steps = views.map { $0.strides[axis] }
      if let outer = merged.last, zip(outer.strides, steps).allSatisfy({ $0 == $1 * shape[axis] }) {
        merged[merged.count - 1] = (outer.extent * shape[axis], steps)
      } else {
        merged.append((shape[axis], steps))
      }
    }
    if let inner = merged.last, inner.strides.allSatisfy({ $0 == 1 }) {
      runLength = inner.extent
      merged.removeLast()
    } else {
      runLength = 1
    }
    extents = merged.map(\.extent)
    strides = merged.map(\.strides)
  }

  /// Calls `body` with the element offsets of each view and the length of each run in a worker's share.
  @inline(__always)
  func forEachRun(worker: Int, workers: Int, _ body: (_ offsets: InlineArray<2, Int>, _ count: Int) -> Void) {
    if extents.isEmpty {
      let (start, end) = share(of: runLength, worker: worker, workers: workers, granule: 16)
      if end > start { body([start, start], end - start) }
      return
    }
    let total = extents.reduce(1, *)
    let (start, end) = share(of: total, worker: worker, workers: workers)
    for index in start..<max(start, end) {
      var offsets: InlineArray<2, Int> = [0, 0]
      var rest = index
      for axis in extents.indices.reversed() {
        let i = rest % extents[axis]
        rest /= extents[axis]
        offsets[0] += i * strides[axis][0]
        offsets[1] += i * strides[axis][1]
      }
      body(offsets, runLength)
    }
  }
}
