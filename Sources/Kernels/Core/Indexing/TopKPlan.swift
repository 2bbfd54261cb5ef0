/// The greatest or least elements along the middle axis of a dense [outer, extent, inner] tensor, and their indices:
/// [outer, count, inner]. Of equal elements the first comes first; NaN is above all numbers, zeros of either sign are equal.
package struct TopKPlan: Sendable {
  private let outer: Int
  private let extent: Int
  private let inner: Int
  private let count: Int
  private let takesGreatest: Bool
  private let sortsByIndex: Bool
  private let hasWideIndices: Bool

  /// `sortsByIndex`: the order of the results, otherwise best first.
  /// `hasWideIndices`: indices are written with 64 bits, otherwise 32.
  ///
  /// - Precondition: `count` ≤ `extent` < 2³².
  package init(
    outer: Int, extent: Int, inner: Int, count: Int, takesGreatest: Bool, sortsByIndex: Bool, hasWideIndices: Bool
  ) {
    precondition(count <= extent && extent <= UInt32.max)
    self.outer = outer
    self.extent = extent
    self.inner = inner
    self.count = count
    self.takesGreatest = takesGreatest
    self.sortsByIndex = sortsByIndex
    self.hasWideIndices = hasWideIndices
  }

  /// Up to this share of the elements a heap of the best finds them sooner than sorting all.
  private var usesHeap: Bool { count <= 16 || count <= extent / 16 }

  /// Bytes of scratch memory for each worker.
  package var scratchByteCount: Int { 8 * (usesHeap ? count : 2 * extent) }

  /// Runs a worker's share of the lines.
  package func run<T: OrderedElement>(
    _: T.Type, _ input: UnsafePointer<T>, _ values: UnsafeMutablePointer<T>, _ indices: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    if count == 0 { return }
    let entries = (scratch + worker &* scratchByteCount).assumingMemoryBound(to: UInt64.self)
    let flip: UInt32 = takesGreatest ? .max : 0
    let (start, end) = share(of: outer &* inner, worker: worker, workers: workers)
    for line in start..<Swift.max(start, end) {
      let plane = line / inner
      let column = line &- plane &* inner
      let source = input + plane &* extent &* inner + column
      let best: UnsafeMutablePointer<UInt64>
      if count == 1 {
        entries[0] = UInt64(first(source, flip))
        best = entries
      } else if usesHeap {
        collect(source, flip, entries)
        best = entries
      } else {
        best = sort(source, flip, entries)
      }
      if sortsByIndex {
        for i in 0..<count { best[i] &= 0xffff_ffff }
        heapSort(best, count)
      }
      let offset = plane &* count &* inner &+ column
      for i in 0..<count {
        let index = Int(truncatingIfNeeded: best[i] & 0xffff_ffff)
        let place = offset &+ i &* inner
        values[place] = source[index &* inner]
        if hasWideIndices {
          indices.storeBytes(of: Int64(truncatingIfNeeded: index), toByteOffset: 8 &* place, as: Int64.self)
        } else {
          indices.storeBytes(of: Int32(truncatingIfNeeded: index), toByteOffset: 4 &* place, as: Int32.self)
        }
      }
    }
  }

  /// The index of the first of the best elements.
  @inline(__always)
  private func first<T: OrderedElement>(_ source: UnsafePointer<T>, _ flip: UInt32) -> Int {
    // Two loops without branches: what is the best, then where it stands.
    var best = UInt32.max
    if inner == 1 {
      for i in 0..<extent {
        let key = source[i].orderKey ^ flip
        best = key < best ? key : best
      }
    } else {
      for i in 0..<extent {
        let key = source[i &* inner].orderKey ^ flip
        best = key < best ? key : best
      }
    }
    for i in 0..<extent where source[i &* inner].orderKey ^ flip == best { return i }
    return 0
  }

  /// The best elements in order, by a heap whose top is the worst of them.
  @inline(__always)
  private func collect<T: OrderedElement>(_ source: UnsafePointer<T>, _ flip: UInt32, _ heap: UnsafeMutablePointer<UInt64>) {
    @inline(__always) func entry(_ i: Int) -> UInt64 { UInt64(source[i &* inner].orderKey ^ flip) &<< 32 | UInt64(i) }
    for i in 0..<count { heap[i] = entry(i) }
    var root = count / 2
    while root > 0 {
      root &-= 1
      siftDown(heap, root, count)
    }
    for i in count..<extent {
      let next = entry(i)
      if next < heap[0] {
        heap[0] = next
        siftDown(heap, 0, count)
      }
    }
    popAll(heap, count)
  }

  /// All elements in order, sorted by digits of eleven bits; the scratch memory has room for them twice.
  @inline(__always)
  private func sort<T: OrderedElement>(
    _ source: UnsafePointer<T>, _ flip: UInt32, _ entries: UnsafeMutablePointer<UInt64>
  ) -> UnsafeMutablePointer<UInt64> {
    for i in 0..<extent { entries[i] = UInt64(source[i &* inner].orderKey ^ flip) &<< 32 | UInt64(i) }
    var (from, to) = (entries, entries + extent)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { buffer in
      let places = buffer.baseAddress.unsafelyUnwrapped
      var shift: UInt64 = 32
      while shift < 64 {
        for digit in 0..<2048 { places[digit] = 0 }
        for i in 0..<extent { places[Int(truncatingIfNeeded: from[i] &>> shift & 2047)] &+= 1 }
        var sum = 0
        for digit in 0..<2048 {
          let number = places[digit]
          places[digit] = sum
          sum &+= number
        }
        for i in 0..<extent {
          let digit = Int(truncatingIfNeeded: from[i] &>> shift & 2047)
          to[places[digit]] = from[i]
          places[digit] &+= 1
        }
        (from, to) = (to, from)
        shift &+= 11
      }
    }
    return from
  }
}

/// Lets the entry at `root` sink until none below it is greater.
@inline(__always)
private func siftDown(_ heap: UnsafeMutablePointer<UInt64>, _ root: Int, _ count: Int) {
  var place = root
  let entry = heap[root]
  while true {
    var child = 2 &* place &+ 1
    if child >= count { break }
    if child &+ 1 < count, heap[child &+ 1] > heap[child] { child &+= 1 }
    if heap[child] <= entry { break }
    heap[place] = heap[child]
    place = child
  }
  heap[place] = entry
}

/// Turns a heap into ascending order.
@inline(__always)
private func popAll(_ heap: UnsafeMutablePointer<UInt64>, _ count: Int) {
  var last = count &- 1
  while last > 0 {
    let greatest = heap[0]
    heap[0] = heap[last]
    heap[last] = greatest
    siftDown(heap, 0, last)
    last &-= 1
  }
}

@inline(__always)
private func heapSort(_ entries: UnsafeMutablePointer<UInt64>, _ count: Int) {
  var root = count / 2
  while root > 0 {
    root &-= 1
    siftDown(entries, root, count)
  }
  popAll(entries, count)
}

/// An element with 32 bits that compare as it does.
package protocol OrderedElement: BitwiseCopyable {
  var orderKey: UInt32 { get }
}

extension Float: OrderedElement {
  @inline(__always)
  package var orderKey: UInt32 {
    // Adding zero makes −0 into 0.
    let bits = (self + 0).bitPattern
    let key = bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) &>> 31) | 0x8000_0000)
    return self == self ? key : .max
  }
}

extension Int32: OrderedElement {
  @inline(__always) package var orderKey: UInt32 { UInt32(bitPattern: self) ^ 0x8000_0000 }
}
