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
  /// - Precondition: `count` ≤ `extent` < 2³¹.
  package init(
    outer: Int, extent: Int, inner: Int, count: Int, takesGreatest: Bool, sortsByIndex: Bool, hasWideIndices: Bool
  ) {
    precondition(count <= extent && extent <= Int32.max)
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
  private var lines: Int { inner == 1 ? 1 : 16 }
  /// Whether the few best of a strip of lines are found row by row, all lines at a time.
  private var insertsRows: Bool { count <= 8 && inner > 1 }
  /// The lines of such a strip at most: its best stay in the nearest cache.
  private var stripWidth: Int {
    let lanes = insertedLanes
    return Swift.min((inner &+ lanes &- 1) / lanes &* lanes, 2048 / Swift.max(count, 1) / lanes &* lanes)
  }
  /// Elements of a line of neighbours of which the best is found at a time.
  private static var chunk: Int { 512 }
  /// Up to so many a heap finds the best.
  private var usesHeap: Bool { count <= 64 }

  private var keyCount: Int { insertsRows ? (2 * count + 1) * stripWidth : lines * keyStride }

  /// Bytes of scratch memory for each worker.
  package func scratchByteCount(_ element: KernelElement) -> Int {
    4 * keyCount + 8 * (usesHeap && element != .i64 ? count : 2 * extent)
  }

  /// Runs a worker's share of the lines; elements are `f32`, `f16`, `i32` or `i64`.
  package func run(
    _ kernel: TopKKernel, _ element: KernelElement, _ input: UnsafeRawPointer, _ values: UnsafeMutableRawPointer,
    _ indices: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    if count == 0 { return }
    let scratch = scratch + worker &* scratchByteCount(element)
    @inline(__always) func run<T: OrderedElement>(_: T.Type) {
      let lines = Lines(
        kernel: kernel, element: element, source: input.assumingMemoryBound(to: T.self), values: values.assumingMemoryBound(to: T.self),
        indices: indices, keys: scratch.assumingMemoryBound(to: UInt32.self),
        entries: (scratch + 4 &* keyCount).assumingMemoryBound(to: UInt64.self))
      if insertsRows { runRows(lines, worker, workers) } else { runLines(lines, worker, workers) }
    }
    switch element {
    case .f32: run(Float.self)
    case .f16: run(Float16.self)
    case .i32: run(Int32.self)
    case .i64: run(Int64.self)
    default: preconditionFailure("there is no order of \(element.rawValue)")
    }
  }

  /// What a worker reads and writes.
  private struct Lines<T: OrderedElement> {
    let kernel: TopKKernel
    let element: KernelElement
    let source: UnsafePointer<T>
    let values: UnsafeMutablePointer<T>
    let indices: UnsafeMutableRawPointer
    let keys: UnsafeMutablePointer<UInt32>
    let entries: UnsafeMutablePointer<UInt64>

    /// Keys as signed numbers, which the oldest instruction set compares.
    @inline(__always) var signedKeys: UnsafeMutablePointer<Int32> { UnsafeMutableRawPointer(keys).assumingMemoryBound(to: Int32.self) }
  }

  /// What turns an element's key into one of which the least is the best.
  private var flip: UInt32 { takesGreatest ? .max : 0 }
  private static var sign: UInt32 { 0x8000_0000 }

  @inline(__always)
  private func writeIndex(_ index: Int, _ place: Int, _ indices: UnsafeMutableRawPointer) {
    if hasWideIndices {
      indices.storeBytes(of: Int64(truncatingIfNeeded: index), toByteOffset: 8 &* place, as: Int64.self)
    } else {
      indices.storeBytes(of: Int32(truncatingIfNeeded: index), toByteOffset: 4 &* place, as: Int32.self)
    }
  }

  /// Line by line, or a strip of lines after the other whose keys are brought together.
  @inline(__always) private func runLines<T: OrderedElement>(_ all: Lines<T>, _ worker: Int, _ workers: Int) {
    forEachStrip(outer: outer, inner: inner, width: lines, worker: worker, workers: workers) { plane, column, width in
      let strip = all.source + plane &* extent &* inner + column
      let first = plane &* count &* inner &+ column
      let origin = T.keyOrigin(strip, rows: extent, stride: inner, columns: width)
      if let origin, count == 1, inner == 1 {
        let index = bestOfLine(all, strip, origin)
        all.values[first] = strip[index]
        writeIndex(index, first, all.indices)
        return
      }
      if let origin { writeKeys(all, strip, width, origin) }
      for line in 0..<width {
        let best = origin == nil ? sortAll(strip + line, all.entries) : self.best(all.keys + line &* keyStride, all.entries)
        write(best, strip + line, first &+ line, all)
      }
    }
  }

  /// Writes the best of a line.
  @inline(__always)
  private func write<T: OrderedElement>(_ best: UnsafePointer<UInt64>, _ line: UnsafePointer<T>, _ first: Int, _ all: Lines<T>) {
    for i in 0..<count {
      let index = Int(truncatingIfNeeded: best[i] & 0xffff_ffff)
      all.values[first &+ i &* inner] = line[index &* inner]
      writeIndex(index, first &+ i &* inner, all.indices)
    }
  }

  /// Row by row, all lines of a strip at a time.
  @inline(__always) private func runRows<T: OrderedElement>(_ all: Lines<T>, _ worker: Int, _ workers: Int) {
    // Strips as wide as possible, but enough of them for all workers.
    let lanes = insertedLanes
    let wanted = (4 &* workers &+ outer &- 1) / outer
    let width = workers == 1 ? stripWidth : Swift.min(stripWidth, (inner / wanted &+ lanes) / lanes &* lanes)
    forEachStrip(outer: outer, inner: inner, width: width, worker: worker, workers: workers) { plane, column, columns in
      let strip = all.source + plane &* extent &* inner + column
      let first = plane &* count &* inner &+ column
      guard let origin = T.keyOrigin(strip, rows: extent, stride: inner, columns: columns) else {
        for line in 0..<columns { write(sortAll(strip + line, all.entries), strip + line, first &+ line, all) }
        return
      }
      let padded = (columns &+ lanes &- 1) / lanes &* lanes
      let slots = all.signedKeys
      let room = (outer &- plane) &* extent &* inner &- column &- padded
      insertRows(all, strip, origin, columns, padded, room)
      if sortsByIndex { sortSlots(slots, padded) }
      for i in 0..<count {
        let (slot, numbers) = (slots + i &* padded, slots + (count &+ i) &* padded)
        let place = first &+ i &* inner
        for line in 0..<columns {
          let key = UInt32(bitPattern: slot[line]) ^ (flip ^ TopKPlan.sign)
          all.values[place &+ line] = T(orderKey: key, origin: origin) ?? strip[Int(numbers[line]) &* inner &+ line]
        }
        for line in 0..<columns { writeIndex(Int(numbers[line]), place &+ line, all.indices) }
      }
    }
  }

  /// Inserts the rows of a strip one by one; `room`: how many elements lie behind its first row.
  @inline(__always)
  private func insertRows<T: OrderedElement>(
    _ all: Lines<T>, _ strip: UnsafePointer<T>, _ origin: Int64, _ columns: Int, _ padded: Int, _ room: Int
  ) {
    let slots = all.signedKeys
    let row = slots + 2 &* count &* padded
    for line in columns..<padded { row[line] = 0 }
    var i = 0
    while i < extent {
      let elements = strip + i &* inner
      let (index, filled) = (Int32(truncatingIfNeeded: i), Swift.min(i, count))
      // Whole registers, as far as there is anything behind a row.
      let last = i &+ insertedRows &- 1
      let rows = filled == count && last < extent && last &* inner <= room ? insertedRows : 1
      let isWhole = (i &+ rows &- 1) &* inner <= room
      if isWhole && all.element == .f32 {
        let floats = UnsafeRawPointer(elements).assumingMemoryBound(to: Float.self)
        all.kernel.insertFloats(floats, inner, rows, flip, index, slots, count, filled, padded)
        i &+= rows
      } else {
        all.kernel.keys(all.element, elements, origin, flip ^ TopKPlan.sign, row, isWhole ? padded : columns)
        all.kernel.insert(row, index, slots, count, filled, padded)
        i &+= 1
      }
    }
  }

  /// The index of the best element of a line of neighbours.
  @inline(__always)
  private func bestOfLine<T: OrderedElement>(_ all: Lines<T>, _ line: UnsafePointer<T>, _ origin: Int64) -> Int {
    let keys = all.signedKeys
    func writeKeys(_ start: Int) -> Int {
      let length = Swift.min(TopKPlan.chunk, extent &- start)
      all.kernel.keys(all.element, line + start, origin, flip ^ TopKPlan.sign, keys, length)
      return length
    }
    var (best, place) = (Int32.max, 0)
    var start = 0
    while start < extent {
      let least = all.kernel.least(keys, writeKeys(start))
      if least < best { (best, place) = (least, start) }
      start &+= TopKPlan.chunk
    }
    _ = writeKeys(place)
    var offset = 0
    while keys[offset] != best { offset &+= 1 }
    return place &+ offset
  }

  /// Puts the indices of the best, and their keys with them, in order.
  private func sortSlots(_ slots: UnsafeMutablePointer<Int32>, _ width: Int) {
    let indices = slots + count &* width
    for i in 1..<Swift.max(1, count) {
      for line in 0..<width {
        var place = i &* width &+ line
        while place >= width && indices[place &- width] > indices[place] {
          (indices[place], indices[place &- width]) = (indices[place &- width], indices[place])
          (slots[place], slots[place &- width]) = (slots[place &- width], slots[place])
          place &-= width
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
    _ all: Lines<T>, _ strip: UnsafePointer<T>, _ width: Int, _ origin: Int64
  ) {
    let keys = all.keys
    if inner == 1 {
      all.kernel.keys(all.element, strip, origin, flip, all.signedKeys, extent)
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
