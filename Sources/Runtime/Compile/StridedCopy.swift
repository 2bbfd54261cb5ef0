/// Copies a value between two layouts of the same shape.
struct StridedCopy: Sendable {
  /// Extents of the merged axes, outermost first, with both sides' strides in elements.
  private let extents: [Int]
  private let sourceStrides: [Int]
  private let targetStrides: [Int]
  private let elementSize: Int
  let isParallel = false
  let kernelName = "copy"

  init(from source: View, to target: View) {
    precondition(source.shape == target.shape && source.elementType == target.elementType, "a copy keeps shape and type")
    let axes = source.shape.indices.filter { source.shape[$0] != 1 }.sorted { (target.strides[$0], $1) > (target.strides[$1], $0) }
    extents = axes.map { source.shape[$0] }
    sourceStrides = axes.map { source.strides[$0] }
    targetStrides = axes.map { target.strides[$0] }
    elementSize = source.elementSize
  }

  func run(from: UnsafeMutableRawPointer, to: UnsafeMutableRawPointer, worker: Int, workers: Int) {
    if extents.contains(0) { return }
    copy(axis: 0, from, to)
  }

  private func copy(axis: Int, _ from: UnsafeMutableRawPointer, _ to: UnsafeMutableRawPointer) {
    guard axis < extents.count else {
      to.copyMemory(from: from, byteCount: elementSize)
      return
    }
    if axis == extents.count - 1 && sourceStrides[axis] == 1 && targetStrides[axis] == 1 {
      to.copyMemory(from: from, byteCount: elementSize * extents[axis])
      return
    }
    for i in 0..<extents[axis] {
      copy(axis: axis + 1, from + i * sourceStrides[axis] * elementSize, to + i * targetStrides[axis] * elementSize)
    }
  }
}
