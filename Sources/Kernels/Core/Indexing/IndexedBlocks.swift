/// Where indices point to, as offsets in blocks of a tensor: what GatherElements, GatherND and the Scatter operations have in
/// common.
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

  /// Computes the offsets `start..<end`. An index that is out of range counts as 0.
  ///
  /// `offsets`: where the first of them belongs.
  ///
  /// - Returns: whether all indices are in range.
  package func run(_ indices: UnsafeRawPointer, _ offsets: UnsafeMutablePointer<Int>, _ start: Int, _ end: Int) -> Bool {
    hasWideIndices
      ? write(indices.assumingMemoryBound(to: Int64.self), offsets - start, start, end)
      : write(indices.assumingMemoryBound(to: Int32.self), offsets - start, start, end)
  }

  @inline(__always)
  private func write<Index: FixedWidthInteger & SignedInteger>(
    _ indices: UnsafePointer<Index>, _ offsets: UnsafeMutablePointer<Int>, _ start: Int, _ end: Int
  ) -> Bool {
    switch form {
    case .elements(_, let extent, let count, let inner):
      if inner == 1 {
        return Self.forEachRun(start, end, count) { plane, first, last in
          Self.places(indices + first, offsets + first, last &- first, extent) { plane &* extent &+ $0 }
        }
      }
      return Self.forEachRun(start, end, inner) { row, first, last in
        let (base, column) = (row / count &* extent, first &- row &* inner)
        var next = column
        return Self.places(indices + first, offsets + first, last &- first, extent) { place in
          defer { next &+= 1 }
          return (base &+ place) &* inner &+ next
        }
      }
    case .rows(_, let extent, let count):
      return Self.forEachRun(start, end, count) { plane, first, last in
        Self.places(indices + (first &- plane &* count), offsets + first, last &- first, extent) { plane &* extent &+ $0 }
      }
    case .tuples(_, let count, let extents, let strides, let batchStride):
      if extents.count == 1 {
        let stride = strides[0]
        return Self.forEachRun(start, end, count) { batch, first, last in
          Self.places(indices + first, offsets + first, last &- first, extents[0]) { batch &* batchStride &+ $0 &* stride }
        }
      }
      return extents.withUnsafeBufferPointer { extents in
        strides.withUnsafeBufferPointer { strides in
          Self.forEachRun(start, end, count) { batch, first, last in
            var isValid = true
            for i in first..<last {
              var offset = batch &* batchStride
              for axis in 0..<extents.count {
                let index = Int(truncatingIfNeeded: indices[i &* extents.count &+ axis])
                let place = index &+ index &>> 63 & extents[axis]
                if UInt(bitPattern: place) < UInt(bitPattern: extents[axis]) { offset &+= place &* strides[axis] } else { isValid = false }
              }
              offsets[i] = offset
            }
            return isValid
          }
        }
      }
    }
  }

  /// Calls `body` for the parts of `start..<end` that lie in one run of `length`, with the run's number; returns whether it was always
  /// true.
  @inline(__always)
  private static func forEachRun(_ start: Int, _ end: Int, _ length: Int, _ body: (_ run: Int, _ first: Int, _ last: Int) -> Bool) -> Bool {
    var isValid = true
    var run = start / length
    var first = start
    while first < end {
      let last = Swift.min(end, (run &+ 1) &* length)
      if !body(run, first, last) { isValid = false }
      first = last
      run &+= 1
    }
    return isValid
  }

  /// The offsets `start..<end` without computing them, where the indices are the offsets from a place: 64-bit indices of one run of
  /// an axis, none of them negative or out of range.
  fileprivate func direct(_ indices: UnsafeRawPointer, _ start: Int, _ end: Int) -> (base: Int, offsets: UnsafePointer<Int>)? {
    let (extent, length, base, skip): (Int, Int, Int, Int)
    switch form {
    case .elements(_, let axis, let count, 1): (extent, length, base, skip) = (axis, count, axis, 0)
    case .rows(_, let axis, let count): (extent, length, base, skip) = (axis, count, axis, count)
    case .tuples(_, let count, let extents, let strides, let batchStride) where strides == [1]:
      (extent, length, base, skip) = (extents[0], count, batchStride, 0)
    default: return nil
    }
    let run = start / length
    guard hasWideIndices, end <= (run &+ 1) &* length else { return nil }
    let first = indices.assumingMemoryBound(to: Int64.self) + (start &- run &* skip)
    guard areInRange(first, end &- start, extent) else { return nil }
    return (run &* base, UnsafeRawPointer(first).assumingMemoryBound(to: Int.self))
  }

  /// Writes the offsets of indices into an axis; returns whether all are in range.
  @inline(__always)
  private static func places<Index: FixedWidthInteger & SignedInteger>(
    _ indices: UnsafePointer<Index>, _ offsets: UnsafeMutablePointer<Int>, _ count: Int, _ extent: Int, _ offset: (Int) -> Int
  ) -> Bool {
    if areInRange(indices, count, extent) {
      for i in 0..<count { offsets[i] = offset(Int(truncatingIfNeeded: indices[i])) }
      return true
    }
    var outside = false
    for i in 0..<count {
      let index = Int(truncatingIfNeeded: indices[i])
      // Negative indices count from the end.
      let place = index &+ index &>> 63 & extent
      let isInside = UInt(bitPattern: place) < UInt(bitPattern: extent)
      outside = outside || !isInside
      offsets[i] = offset(isInside ? place : 0)
    }
    return !outside
  }
}

/// Whether all indices are in 0..<`extent`: none counts from the end, none is out of range.
@inline(__always)
func areInRange<Index: FixedWidthInteger & SignedInteger>(_ indices: UnsafePointer<Index>, _ count: Int, _ extent: Int) -> Bool {
  let last = Index(clamping: extent &- 1)
  var signs: Index = 0
  for i in 0..<count { signs |= indices[i] | (last &- indices[i]) }
  return signs >= 0
}

/// Blocks of neighbouring elements that move to or from the places that indices name.
package struct BlockMovement: Sendable {
  private let offsets: IndexOffsets
  private let blockBytes: Int
  /// Blocks of different groups never share a place: workers may take groups of their own.
  private let groups: Int

  package init(_ offsets: IndexOffsets, blockBytes: Int, groups: Int = 1) {
    self.offsets = offsets
    self.blockBytes = blockBytes
    self.groups = groups
  }

  private var count: Int { offsets.count }

  /// Collects a worker's share: block `i` of `output` is the block of `data` at the place of index `i`.
  ///
  /// - Returns: whether all indices of the share are in range.
  package func gather(
    _ data: UnsafeRawPointer, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) -> Bool {
    let (start, end) = share(of: count, worker: worker, workers: workers, granule: 16)
    return forEachChunk(start, end, indices) { first, count, base, offsets in
      let data = data + base &* blockBytes
      @inline(__always) func gather<T: BitwiseCopyable>(_: T.Type) {
        let (from, to) = (data.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self) + first)
        for i in 0..<count { to[i] = from[offsets[i]] }
      }
      switch blockBytes {
      case 1: gather(UInt8.self)
      case 2: gather(UInt16.self)
      case 4: gather(UInt32.self)
      case 8: gather(UInt64.self)
      default:
        for i in 0..<count {
          (output + (first &+ i) &* blockBytes).copyMemory(from: data + offsets[i] &* blockBytes, byteCount: blockBytes)
        }
      }
    }
  }

  /// Distributes a worker's share in order, so that the last block for a place stays: the block of `output` at the place of index `i`
  /// becomes block `i` of `updates`.
  ///
  /// - Returns: whether all indices of the share are in range.
  package func scatter(
    _ updates: UnsafeRawPointer, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) -> Bool {
    let (start, end, firstByte, lastByte) = scatterShare(worker, workers)
    return forEachChunk(start, end, indices) { first, count, base, offsets in
      let output = output + base &* blockBytes
      @inline(__always) func scatter<T: BitwiseCopyable>(_: T.Type) {
        let (from, to) = (updates.assumingMemoryBound(to: T.self) + first, output.assumingMemoryBound(to: T.self))
        for i in 0..<count { to[offsets[i]] = from[i] }
      }
      switch blockBytes {
      case 1: scatter(UInt8.self)
      case 2: scatter(UInt16.self)
      case 4: scatter(UInt32.self)
      case 8: scatter(UInt64.self)
      default:
        for i in 0..<count where firstByte < lastByte {
          (output + offsets[i] &* blockBytes + firstByte).copyMemory(
            from: updates + (first &+ i) &* blockBytes + firstByte, byteCount: lastByte &- firstByte)
        }
      }
    }
  }

  /// The same, but each element of a block, `f32`, `i32` or `i64`, is combined with what stands at its place.
  package func scatter(
    _ element: KernelElement, _ combination: ScatterCombination, _ updates: UnsafeRawPointer, _ indices: UnsafeRawPointer,
    _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) -> Bool {
    switch element {
    case .f32: scatter(Float.self, combination, updates, indices, output, worker, workers)
    case .i32: scatter(Int32.self, combination, updates, indices, output, worker, workers)
    case .i64: scatter(Int64.self, combination, updates, indices, output, worker, workers)
    default: preconditionFailure("\(element.rawValue) is not combined")
    }
  }

  @inline(__always)
  private func scatter<T: ScatteredNumber>(
    _: T.Type, _ combination: ScatterCombination, _ updates: UnsafeRawPointer, _ indices: UnsafeRawPointer,
    _ output: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) -> Bool {
    let elementBytes = MemoryLayout<T>.size
    let (start, end, firstByte, lastByte) = scatterShare(worker, workers, granule: elementBytes)
    let size = blockBytes / elementBytes
    let (firstElement, lastElement) = (firstByte / elementBytes, lastByte / elementBytes)
    return forEachChunk(start, end, indices) { first, count, base, offsets in
      let to = output.assumingMemoryBound(to: T.self) + base &* size
      let from = updates.assumingMemoryBound(to: T.self) + (first &* size)
      @inline(__always) func forEach(_ combine: (T, T) -> T) {
        for i in 0..<count {
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
  }

  /// Divides each element that updates were added to by how many numbers are in it, its own included; integers are rounded down.
  ///
  /// `counts`: room for a number for each block of `output`.
  package func average(
    _ element: KernelElement, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, counts: UnsafeMutablePointer<Int32>,
    worker: Int = 0, workers: Int = 1
  ) {
    switch element {
    case .f32: average(Float.self, indices, output, counts, worker, workers)
    case .i32: average(Int32.self, indices, output, counts, worker, workers)
    case .i64: average(Int64.self, indices, output, counts, worker, workers)
    default: preconditionFailure("\(element.rawValue) is not combined")
    }
  }

  @inline(__always)
  private func average<T: ScatteredNumber>(
    _: T.Type, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ counts: UnsafeMutablePointer<Int32>, _ worker: Int,
    _ workers: Int
  ) {
    let (group, groupEnd) = groups >= workers ? share(of: groups, worker: worker, workers: workers) : (0, worker == 0 ? groups : 0)
    let (start, end) = (count / groups &* group, count / groups &* Swift.max(group, groupEnd))
    let size = blockBytes / MemoryLayout<T>.size
    let output = output.assumingMemoryBound(to: T.self)
    @inline(__always) func forEachBlock(_ body: (Int) -> Void) {
      _ = forEachChunk(start, end, indices) { _, count, base, offsets in
        for i in 0..<count { body(base &+ offsets[i]) }
      }
    }
    forEachBlock { counts[$0] = 1 }
    forEachBlock { counts[$0] &+= 1 }
    forEachBlock { block in
      // A block is divided where it is met first.
      let number = counts[block]
      if number == 0 { return }
      counts[block] = 0
      let target = output + block &* size
      for j in 0..<size { target[j] = T.mean(target[j], number) }
    }
  }

  /// Calls `body` for parts of `start..<end` with their offsets from a block, few enough that these stay in the nearest cache; returns
  /// whether all indices are in range.
  @inline(__always)
  private func forEachChunk(
    _ start: Int, _ end: Int, _ indices: UnsafeRawPointer,
    _ body: (_ first: Int, _ count: Int, _ base: Int, _ offsets: UnsafePointer<Int>) -> Void
  ) -> Bool {
    var isValid = true
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 512) { buffer in
      let places = buffer.baseAddress.unsafelyUnwrapped
      var first = start
      while first < end {
        let last = Swift.min(first &+ 512, end)
        var (base, chunk) = (0, UnsafePointer(places))
        if let direct = offsets.direct(indices, first, last) {
          (base, chunk) = direct
        } else if !offsets.run(indices, places, first, last) {
          isValid = false
        }
        body(first, last &- first, base, chunk)
        first = last
      }
    }
    return isValid
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
  /// Integers are rounded down.
  static func mean(_ a: Self, _ count: Int32) -> Self
}

extension Float: ScatteredNumber {
  @inline(__always) package static func adding(_ a: Float, _ b: Float) -> Float { a + b }
  @inline(__always) package static func subtracting(_ a: Float, _ b: Float) -> Float { a - b }
  @inline(__always) package static func multiplying(_ a: Float, _ b: Float) -> Float { a * b }
  @inline(__always) package static func least(_ a: Float, _ b: Float) -> Float { a < b || a != a ? a : b }
  @inline(__always) package static func greatest(_ a: Float, _ b: Float) -> Float { a > b || a != a ? a : b }
  @inline(__always) package static func mean(_ a: Float, _ count: Int32) -> Float { a / Float(count) }
}

extension ScatteredNumber where Self: FixedWidthInteger {
  @inline(__always) package static func adding(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) package static func subtracting(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) package static func multiplying(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) package static func least(_ a: Self, _ b: Self) -> Self { b < a ? b : a }
  @inline(__always) package static func greatest(_ a: Self, _ b: Self) -> Self { b > a ? b : a }
  @inline(__always) package static func mean(_ a: Self, _ count: Int32) -> Self {
    let divisor = Self(truncatingIfNeeded: count)
    return a / divisor &- (a % divisor < 0 ? 1 : 0)
  }
}

extension Int32: ScatteredNumber {}
extension Int64: ScatteredNumber {}
