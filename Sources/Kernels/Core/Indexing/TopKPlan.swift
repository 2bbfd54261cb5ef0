/// The greatest or least elements along the middle axis of a dense [outer, extent, inner] tensor, and their indices:
/// [outer, count, inner]. Of equal elements the first comes first; NaN is above all numbers, zeros of either sign are equal.
///
/// The elements of a line become keys of 32 bits of which the least is the best; what follows knows no element types.
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

  /// Keys that are looked at together; lines are filled up to a multiple with the worst key.
  private static var block: Int { 32 }
  private var keyStride: Int { (extent + TopKPlan.block - 1) / TopKPlan.block * TopKPlan.block }
  /// Lines that are read together, so that neighbours in memory are.
  private var lines: Int { inner == 1 ? 1 : TopKPlan.strip }
  private static var strip: Int { 16 }
  /// Whether the few best of a strip of lines are found row by row, all lines at a time.
  private var insertsRows: Bool { count <= 8 && inner > 1 }
  /// Up to so many a heap finds the best.
  private var usesHeap: Bool { count <= 64 }

  private var keyCount: Int { insertsRows ? (2 * count + 1) * TopKPlan.strip : lines * keyStride }

  /// Bytes of scratch memory for each worker.
  package func scratchByteCount(_ element: KernelElement) -> Int {
    4 * keyCount + 8 * (usesHeap && element.size == 4 ? count : 2 * extent)
  }

  /// Runs a worker's share of the lines; elements are `f32`, `i32` or `i64`.
  package func run(
    _ element: KernelElement, _ input: UnsafeRawPointer, _ values: UnsafeMutableRawPointer, _ indices: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    let scratch = scratch + worker &* scratchByteCount(element)
    switch element {
    case .f32: run(Float.self, input, values, indices, scratch, worker, workers)
    case .i32: run(Int32.self, input, values, indices, scratch, worker, workers)
    case .i64: run(Int64.self, input, values, indices, scratch, worker, workers)
    default: preconditionFailure("there is no order of \(element.rawValue)")
    }
  }

  @inline(__always)
  private func run<T: OrderedElement>(
    _: T.Type, _ input: UnsafeRawPointer, _ values: UnsafeMutableRawPointer, _ indices: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) {
    if count == 0 { return }
    let source = input.assumingMemoryBound(to: T.self)
    let target = values.assumingMemoryBound(to: T.self)
    let keys = scratch.assumingMemoryBound(to: UInt32.self)
    let entries = (scratch + 4 &* keyCount).assumingMemoryBound(to: UInt64.self)
    let flip: UInt32 = takesGreatest ? .max : 0
    let strips = (inner &+ lines &- 1) / lines
    let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
    for unit in start..<Swift.max(start, end) {
      let plane = unit / strips
      let column = (unit &- plane &* strips) &* lines
      let width = Swift.min(lines, inner &- column)
      let strip = source + plane &* extent &* inner + column
      let first = plane &* count &* inner &+ column
      @inline(__always) func write(_ index: Int, _ place: Int, _ line: Int) {
        target[place] = strip[index &* inner &+ line]
        if hasWideIndices {
          indices.storeBytes(of: Int64(truncatingIfNeeded: index), toByteOffset: 8 &* place, as: Int64.self)
        } else {
          indices.storeBytes(of: Int32(truncatingIfNeeded: index), toByteOffset: 4 &* place, as: Int32.self)
        }
      }
      let origin = T.keyOrigin(strip, rows: extent, stride: inner, columns: width)
      if let origin, insertsRows {
        insertRows(width, keys) { i, line in strip[i &* inner &+ line].orderKey(origin) ^ flip ^ 0x8000_0000 }
        if sortsByIndex { sortSlots(keys) }
        for i in 0..<count {
          for line in 0..<width { write(Int(keys[(count &+ i) &* TopKPlan.strip &+ line]), first &+ line &+ i &* inner, line) }
        }
        continue
      }
      if let origin, count == 1 {
        write(bestOfLine(strip, origin, flip), first, 0)
        continue
      }
      if let origin { writeKeys(strip, width, origin, flip, keys) }
      for line in 0..<width {
        let best = origin == nil ? sortAll(strip + line, entries) : self.best(keys + line &* keyStride, entries)
        for i in 0..<count { write(Int(truncatingIfNeeded: best[i] & 0xffff_ffff), first &+ line &+ i &* inner, line) }
      }
    }
  }

  /// The index of the best element of a line of neighbours.
  @inline(__always)
  private func bestOfLine<T: OrderedElement>(_ line: UnsafePointer<T>, _ origin: T, _ flip: UInt32) -> Int {
    @inline(__always) func key(_ i: Int) -> Int32 { Int32(bitPattern: line[i].orderKey(origin) ^ flip ^ 0x8000_0000) }
    var (best, place) = (Int32.max, 0)
    var start = 0
    while start < extent {
      let end = Swift.min(start &+ 64, extent)
      var least = Int32.max
      for i in start..<end {
        let next = key(i)
        least = next < least ? next : least
      }
      if least < best { (best, place) = (least, start) }
      start = end
    }
    while key(place) != best { place &+= 1 }
    return place
  }

  /// Finds the best of a strip of lines: ``count`` rows of keys, the best first, then as many of their indices.
  ///
  /// `key`: the key of an index and a line, of signed numbers, which the oldest instruction set compares.
  @inline(__always)
  private func insertRows(_ width: Int, _ slots: UnsafeMutablePointer<UInt32>, key: (_ i: Int, _ line: Int) -> UInt32) {
    let row = slots + 2 &* count &* TopKPlan.strip
    for line in width..<TopKPlan.strip { row[line] = 0 }
    for i in 0..<extent {
      if width == TopKPlan.strip {
        for line in 0..<TopKPlan.strip { row[line] = key(i, line) }
      } else {
        for line in 0..<width { row[line] = key(i, line) }
      }
      insert(row, i, slots)
    }
  }

  /// Inserts a row of keys, that of index `i`, where it belongs among the best.
  @inline(__always)
  private func insert(_ row: UnsafePointer<UInt32>, _ i: Int, _ slots: UnsafeMutablePointer<UInt32>) {
    typealias Lanes = SIMD16<Int32>
    let (keys, indices) = (UnsafeMutableRawPointer(slots), UnsafeMutableRawPointer(slots + count &* TopKPlan.strip))
    @inline(__always) func load(_ p: UnsafeRawPointer, _ slot: Int) -> Lanes { (p + 64 &* slot).loadUnaligned(as: Lanes.self) }
    @inline(__always) func store(_ x: Lanes, _ p: UnsafeMutableRawPointer, _ slot: Int) {
      (p + 64 &* slot).storeBytes(of: x, as: Lanes.self)
    }
    var key = load(row, 0)
    var index = Lanes(repeating: Int32(truncatingIfNeeded: i))
    let filled = Swift.min(i, count)
    if filled == count && !any(key .< load(keys, count &- 1)) { return }
    var isBefore = SIMDMask<Lanes>(repeating: false)
    for slot in 0..<filled {
      let (other, otherIndex) = (load(keys, slot), load(indices, slot))
      // What was displaced stands before all that follow.
      isBefore .|= key .< other
      store(other.replacing(with: key, where: isBefore), keys, slot)
      store(otherIndex.replacing(with: index, where: isBefore), indices, slot)
      key.replace(with: other, where: isBefore)
      index.replace(with: otherIndex, where: isBefore)
    }
    if filled < count {
      store(key, keys, filled)
      store(index, indices, filled)
    }
  }

  /// Puts the indices that ``insertRows`` found in order.
  private func sortSlots(_ slots: UnsafeMutablePointer<UInt32>) {
    let indices = slots + count &* TopKPlan.strip
    for i in 1..<Swift.max(1, count) {
      for line in 0..<TopKPlan.strip {
        var place = i &* TopKPlan.strip &+ line
        while place >= TopKPlan.strip && indices[place &- TopKPlan.strip] > indices[place] {
          let index = indices[place]
          indices[place] = indices[place &- TopKPlan.strip]
          indices[place &- TopKPlan.strip] = index
          place &-= TopKPlan.strip
        }
      }
    }
  }

  /// The entries of all elements of a line in order, where no keys of 32 bits tell them apart: by the lower halves of wider keys, then
  /// by the upper.
  @inline(__always)
  private func sortAll<T: OrderedElement>(
    _ line: UnsafePointer<T>, _ entries: UnsafeMutablePointer<UInt64>
  ) -> UnsafeMutablePointer<UInt64> {
    let flip: UInt64 = takesGreatest ? .max : 0
    for i in 0..<extent { entries[i] = (line[i &* inner].wideOrderKey ^ flip) &<< 32 | UInt64(i) }
    let order = sort(entries, extent)
    for i in 0..<extent {
      let index = order[i] & 0xffff_ffff
      entries[i] = (line[Int(index) &* inner].wideOrderKey ^ flip) & ~0xffff_ffff | index
    }
    let best = sort(entries, extent)
    if sortsByIndex { sortByIndex(best) }
    return best
  }

  /// Writes the keys of a strip of lines, each line's together.
  @inline(__always)
  private func writeKeys<T: OrderedElement>(
    _ strip: UnsafePointer<T>, _ width: Int, _ origin: T, _ flip: UInt32, _ keys: UnsafeMutablePointer<UInt32>
  ) {
    if inner == 1 {
      for i in 0..<extent { keys[i] = strip[i].orderKey(origin) ^ flip }
    } else {
      for i in 0..<extent {
        let row = strip + i &* inner
        for line in 0..<width { keys[line &* keyStride &+ i] = row[line].orderKey(origin) ^ flip }
      }
    }
    for line in 0..<width {
      for i in extent..<keyStride { keys[line &* keyStride &+ i] = .max }
    }
  }

  /// The entries (key and index) of the best elements in the order asked for.
  private func best(_ keys: UnsafePointer<UInt32>, _ entries: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
    var best = entries
    if usesHeap {
      collect(keys, entries)
    } else {
      best = select(keys, entries)
    }
    if sortsByIndex { sortByIndex(best) }
    return best
  }

  private func sortByIndex(_ entries: UnsafeMutablePointer<UInt64>) {
    for i in 0..<count { entries[i] &= 0xffff_ffff }
    heapSort(entries, count)
  }

  /// The least key of a block.
  @inline(__always)
  private func least(_ keys: UnsafePointer<UInt32>) -> UInt32 {
    // Signed numbers, which the oldest instruction set compares.
    var least = Int32.max
    for i in 0..<TopKPlan.block {
      let key = Int32(bitPattern: keys[i] ^ 0x8000_0000)
      least = key < least ? key : least
    }
    return UInt32(bitPattern: least) ^ 0x8000_0000
  }

  /// The best elements in order, by a heap whose top is the worst of them.
  private func collect(_ keys: UnsafePointer<UInt32>, _ heap: UnsafeMutablePointer<UInt64>) {
    @inline(__always) func entry(_ i: Int) -> UInt64 { UInt64(keys[i]) &<< 32 | UInt64(i) }
    for i in 0..<count { heap[i] = entry(i) }
    var root = count / 2
    while root > 0 {
      root &-= 1
      siftDown(heap, root, count)
    }
    var next = count
    while next < extent {
      // Most blocks have nothing better than the worst of the best.
      let end = Swift.min(next | (TopKPlan.block &- 1), extent &- 1) &+ 1
      if UInt64(least(keys + (next & ~(TopKPlan.block &- 1)))) < heap[0] &>> 32 {
        for i in next..<end {
          let entry = entry(i)
          if entry < heap[0] {
            heap[0] = entry
            siftDown(heap, 0, count)
          }
        }
      }
      next = end
    }
    popAll(heap, count)
  }

  /// The best elements in order: those whose upper digit is not above that of the last of them are sorted. The entries have room
  /// for all elements twice.
  private func select(_ keys: UnsafePointer<UInt32>, _ entries: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
    var limit = UInt32.max
    if count < extent {
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2048) { buffer in
        let numbers = buffer.baseAddress.unsafelyUnwrapped
        for digit in 0..<2048 { numbers[digit] = 0 }
        for i in 0..<extent { numbers[Int(truncatingIfNeeded: keys[i] &>> 21)] &+= 1 }
        var (digit, sum) = (0, Int(numbers[0]))
        while sum < count {
          digit &+= 1
          sum &+= Int(numbers[digit])
        }
        limit = UInt32(truncatingIfNeeded: digit) &<< 21 | 0x1f_ffff
      }
    }
    var found = 0
    for i in 0..<extent {
      entries[found] = UInt64(keys[i]) &<< 32 | UInt64(i)
      found &+= keys[i] <= limit ? 1 : 0
    }
    return sort(entries, found)
  }

  /// Sorts entries by their keys, digit by digit of eleven bits; there is room for them twice. Equal ones keep their order.
  private func sort(_ entries: UnsafeMutablePointer<UInt64>, _ number: Int) -> UnsafeMutablePointer<UInt64> {
    var (from, to) = (entries, entries + number)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { buffer in
      let places = buffer.baseAddress.unsafelyUnwrapped
      var shift: UInt64 = 32
      while shift < 64 {
        for digit in 0..<2048 { places[digit] = 0 }
        for i in 0..<number { places[Int(truncatingIfNeeded: from[i] &>> shift & 2047)] &+= 1 }
        var sum = 0
        for digit in 0..<2048 {
          let size = places[digit]
          places[digit] = sum
          sum &+= size
        }
        for i in 0..<number {
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

/// An element with keys that compare as it does.
package protocol OrderedElement: BitwiseCopyable {
  /// What keys of these elements are relative to, so that 32 bits tell them apart; nil where none do.
  static func keyOrigin(_ elements: UnsafePointer<Self>, rows: Int, stride: Int, columns: Int) -> Self?
  func orderKey(_ origin: Self) -> UInt32
  /// A key for all elements of the type.
  var wideOrderKey: UInt64 { get }
}

extension OrderedElement where Self: ExpressibleByIntegerLiteral {
  @inline(__always)
  package static func keyOrigin(_: UnsafePointer<Self>, rows: Int, stride: Int, columns: Int) -> Self? { 0 }
  @inline(__always) package var wideOrderKey: UInt64 { UInt64(orderKey(0)) }
}

extension Float: OrderedElement {
  @inline(__always)
  package func orderKey(_: Float) -> UInt32 {
    // Adding zero makes −0 into 0.
    let bits = (self + 0).bitPattern
    let key = bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) &>> 31) | 0x8000_0000)
    return self == self ? key : .max
  }
}

extension Int32: OrderedElement {
  @inline(__always) package func orderKey(_: Int32) -> UInt32 { UInt32(bitPattern: self) ^ 0x8000_0000 }
}

extension Int64: OrderedElement {
  @inline(__always)
  package static func keyOrigin(_ elements: UnsafePointer<Int64>, rows: Int, stride: Int, columns: Int) -> Int64? {
    var (least, greatest) = (elements[0], elements[0])
    for row in 0..<rows {
      for column in 0..<columns {
        let x = elements[row &* stride &+ column]
        least = x < least ? x : least
        greatest = x > greatest ? x : greatest
      }
    }
    return UInt64(bitPattern: greatest &- least) >> 32 == 0 ? least : nil
  }
  @inline(__always) package func orderKey(_ origin: Int64) -> UInt32 { UInt32(truncatingIfNeeded: self &- origin) }
  @inline(__always) package var wideOrderKey: UInt64 { UInt64(bitPattern: self) ^ (1 &<< 63) }
}
