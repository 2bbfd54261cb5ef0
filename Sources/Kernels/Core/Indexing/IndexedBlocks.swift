/// Where indices point to, as offsets in blocks of a tensor: what GatherElements, GatherND and the Scatter operations have in
/// common. A step computes the offsets, another moves the blocks.
package struct IndexOffsets: Sendable {
  /// How indices name places.
  package enum Form: Sendable {
    /// Indices [outer, count, inner] into data [outer, extent, inner]: the index replaces the position on the middle axis.
    case elements(outer: Int, extent: Int, count: Int, inner: Int)
    /// Indices [count] into the middle axis of data [outer, extent, …]: offsets [outer, count].
    case rows(outer: Int, extent: Int, count: Int)
    /// Tuples [batch, count, size] of positions in the leading axes of each batch's data; `extents` and `strides` (in blocks) of
    /// these axes, and the blocks of a batch.
    case tuples(batch: Int, count: Int, extents: [Int], strides: [Int], batchStride: Int)
  }

  private let form: Form
  private let hasWideIndices: Bool
  /// How many offsets there are.
  package let count: Int

  /// `hasWideIndices`: indices have 64 bits, otherwise 32; negative ones count from the end.
  package init(_ form: Form, hasWideIndices: Bool) {
    self.form = form
    self.hasWideIndices = hasWideIndices
    switch form {
    case .elements(let outer, _, let count, let inner): self.count = outer * count * inner
    case .rows(let outer, _, let count): self.count = outer * count
    case .tuples(let batch, let count, _, _, _): self.count = batch * count
    }
  }

  /// The extent that bounds each element of a tuple of indices.
  package var extents: [Int] {
    switch form {
    case .elements(_, let extent, _, _), .rows(_, let extent, _): [extent]
    case .tuples(_, _, let extents, _, _): extents
    }
  }

  /// Computes a worker's share of the offsets. An index that is out of range counts as 0.
  ///
  /// - Returns: whether all indices are in range.
  package func run(
    _ indices: UnsafeRawPointer, _ offsets: UnsafeMutablePointer<Int>, worker: Int = 0, workers: Int = 1
  ) -> Bool {
    let (start, end) = share(of: count, worker: worker, workers: workers, granule: 8)
    if start >= end { return true }
    return hasWideIndices
      ? run(indices.assumingMemoryBound(to: Int64.self), offsets, start, end)
      : run(indices.assumingMemoryBound(to: Int32.self), offsets, start, end)
  }

  @inline(__always)
  private func run<Index: FixedWidthInteger>(
    _ indices: UnsafePointer<Index>, _ offsets: UnsafeMutablePointer<Int>, _ start: Int, _ end: Int
  ) -> Bool {
    switch form {
    case .elements(_, let extent, let count, let inner):
      var isValid = true
      var plane = start / (count &* inner)
      var column = start % inner
      var left = count &* inner &- start % (count &* inner)
      for i in start..<end {
        let index = Int(truncatingIfNeeded: indices[i])
        var place = index < 0 ? index &+ extent : index
        if place < 0 || place >= extent {
          isValid = false
          place = 0
        }
        offsets[i] = (plane &* extent &+ place) &* inner &+ column
        column &+= 1
        if column == inner { column = 0 }
        left &-= 1
        if left == 0 {
          plane &+= 1
          left = count &* inner
        }
      }
      return isValid
    case .rows(_, let extent, let count):
      var isValid = true
      for i in start..<end {
        let plane = i / count
        let index = Int(truncatingIfNeeded: indices[i &- plane &* count])
        var place = index < 0 ? index &+ extent : index
        if place < 0 || place >= extent {
          isValid = false
          place = 0
        }
        offsets[i] = plane &* extent &+ place
      }
      return isValid
    case .tuples(_, let count, let extents, let strides, let batchStride):
      return extents.withUnsafeBufferPointer { extents in
        strides.withUnsafeBufferPointer { strides in
          var isValid = true
          for i in start..<end {
            var offset = i / count &* batchStride
            for axis in 0..<extents.count {
              let index = Int(truncatingIfNeeded: indices[i &* extents.count &+ axis])
              let place = index < 0 ? index &+ extents[axis] : index
              if place >= 0 && place < extents[axis] { offset &+= place &* strides[axis] } else { isValid = false }
            }
            offsets[i] = offset
          }
          return isValid
        }
      }
    }
  }
}

/// Blocks of neighbouring elements that move to or from places anywhere in a tensor.
package struct BlockMovement: Sendable {
  private let blockBytes: Int
  private let count: Int
  /// Blocks of different groups never share a place: workers may take groups of their own.
  private let groups: Int

  package init(count: Int, blockBytes: Int, groups: Int = 1) {
    self.count = count
    self.blockBytes = blockBytes
    self.groups = groups
  }

  /// Collects a worker's share: block `i` of `output` is the block of `data` at `offsets[i]` (in blocks).
  package func gather(
    _ data: UnsafeRawPointer, _ offsets: UnsafePointer<Int>, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    let (start, end) = share(of: count, worker: worker, workers: workers, granule: 16)
    if start >= end { return }
    func gather<T: BitwiseCopyable>(_: T.Type) {
      let (from, to) = (data.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
      for i in start..<end { to[i] = from[offsets[i]] }
    }
    switch blockBytes {
    case 1: gather(UInt8.self)
    case 2: gather(UInt16.self)
    case 4: gather(UInt32.self)
    case 8: gather(UInt64.self)
    default:
      for i in start..<end { (output + i &* blockBytes).copyMemory(from: data + offsets[i] &* blockBytes, byteCount: blockBytes) }
    }
  }

  /// Distributes a worker's share in order, so that the last block for a place stays: the block of `output` at `offsets[i]` (in
  /// blocks) becomes block `i` of `updates`.
  package func scatter(
    _ updates: UnsafeRawPointer, _ offsets: UnsafePointer<Int>, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    let (start, end, first, last) = scatterShare(worker, workers)
    func scatter<T: BitwiseCopyable>(_: T.Type) {
      let (from, to) = (updates.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
      for i in start..<end { to[offsets[i]] = from[i] }
    }
    switch blockBytes {
    case 1: scatter(UInt8.self)
    case 2: scatter(UInt16.self)
    case 4: scatter(UInt32.self)
    case 8: scatter(UInt64.self)
    default:
      for i in start..<max(start, end) where first < last {
        (output + offsets[i] &* blockBytes + first).copyMemory(from: updates + i &* blockBytes + first, byteCount: last &- first)
      }
    }
  }

  /// The same, but each element of a block is combined with what stands at its place.
  package func scatter<T: ScatteredNumber>(
    _: T.Type, _ combination: ScatterCombination, _ updates: UnsafeRawPointer, _ offsets: UnsafePointer<Int>,
    _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    let (start, end, first, last) = scatterShare(worker, workers, granule: MemoryLayout<T>.size)
    let size = blockBytes / MemoryLayout<T>.size
    let (firstElement, lastElement) = (first / MemoryLayout<T>.size, last / MemoryLayout<T>.size)
    let (from, to) = (updates.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
    @inline(__always) func forEach(_ combine: (T, T) -> T) {
      for i in start..<max(start, end) {
        let target = to + offsets[i] &* size
        let source = from + i &* size
        for j in firstElement..<max(firstElement, lastElement) { target[j] = combine(target[j], source[j]) }
      }
    }
    switch combination {
    case .sum: forEach { T.adding($0, $1) }
    case .sub: forEach { T.subtracting($0, $1) }
    case .prod: forEach { T.multiplying($0, $1) }
    case .min: forEach { T.least($0, $1) }
    case .max: forEach { T.greatest($0, $1) }
    }
  }

  /// Which blocks, and which bytes of each, are a worker's: groups where there are enough, otherwise a part of every block where
  /// these are large, otherwise one worker has it all.
  private func scatterShare(_ worker: Int, _ workers: Int, granule: Int = 1) -> (start: Int, end: Int, first: Int, last: Int) {
    if groups >= workers {
      let (start, end) = share(of: groups, worker: worker, workers: workers)
      return (count / groups &* start, count / groups &* Swift.max(start, end), 0, blockBytes)
    }
    if blockBytes >= 256 &* workers {
      let (first, last) = share(of: blockBytes, worker: worker, workers: workers, granule: 64)
      return (0, count, first, Swift.max(first, last))
    }
    return (0, worker == 0 ? count : 0, 0, blockBytes)
  }
}

/// How an update is combined with what stands at its place.
package enum ScatterCombination: String, CaseIterable, Sendable {
  case sum, sub, prod, min, max
}

/// A number that can be combined with others of its kind; integers wrap around.
package protocol ScatteredNumber: BitwiseCopyable {
  static func adding(_ a: Self, _ b: Self) -> Self
  static func subtracting(_ a: Self, _ b: Self) -> Self
  static func multiplying(_ a: Self, _ b: Self) -> Self
  static func least(_ a: Self, _ b: Self) -> Self
  static func greatest(_ a: Self, _ b: Self) -> Self
}

extension Float: ScatteredNumber {
  @inline(__always) package static func adding(_ a: Float, _ b: Float) -> Float { a + b }
  @inline(__always) package static func subtracting(_ a: Float, _ b: Float) -> Float { a - b }
  @inline(__always) package static func multiplying(_ a: Float, _ b: Float) -> Float { a * b }
  @inline(__always) package static func least(_ a: Float, _ b: Float) -> Float { a < b || a != a ? a : b }
  @inline(__always) package static func greatest(_ a: Float, _ b: Float) -> Float { a > b || a != a ? a : b }
}

extension ScatteredNumber where Self: FixedWidthInteger {
  @inline(__always) package static func adding(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) package static func subtracting(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) package static func multiplying(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) package static func least(_ a: Self, _ b: Self) -> Self { b < a ? b : a }
  @inline(__always) package static func greatest(_ a: Self, _ b: Self) -> Self { b > a ? b : a }
}

extension Int32: ScatteredNumber {}
extension Int64: ScatteredNumber {}
