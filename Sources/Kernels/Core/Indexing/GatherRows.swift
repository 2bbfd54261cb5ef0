/// Takes rows of tables by their indices: data [batches, outer, extent, row] and indices [batches, count] give
/// [batches, outer, count, row].
package struct GatherRows: Sendable {
  private let outer: Int
  private let extent: Int
  private let count: Int
  private let planes: Int
  private let rowBytes: Int
  private let hasWideIndices: Bool
  private let fillsOutOfRange: Bool

  /// `row`: the bytes of a row.
  /// `hasWideIndices`: indices have 64 bits, otherwise 32; negative ones count from the end.
  /// `fillsOutOfRange`: an index outside the table gives zeros; otherwise it is a failure.
  package init(
    batches: Int, outer: Int, extent: Int, count: Int, rowBytes: Int, hasWideIndices: Bool, fillsOutOfRange: Bool
  ) {
    self.outer = outer
    self.extent = extent
    self.count = count
    planes = batches * outer
    self.rowBytes = rowBytes
    self.hasWideIndices = hasWideIndices
    self.fillsOutOfRange = fillsOutOfRange
  }

  /// Runs a worker's share.
  ///
  /// - Returns: `false` where an index was out of range and must not be; the rows behind it may be missing.
  package func run(
    _ table: UnsafeRawPointer, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) -> Bool {
    switch rowBytes {
    case 1: run(ElementRow<UInt8>(), table, indices, output, worker, workers)
    case 2: run(ElementRow<UInt16>(), table, indices, output, worker, workers)
    case 4: run(ElementRow<UInt32>(), table, indices, output, worker, workers)
    case 8: run(ElementRow<UInt64>(), table, indices, output, worker, workers)
    default: run(ByteRow(byteCount: rowBytes), table, indices, output, worker, workers)
    }
  }

  /// The same for a table of half-precision numbers, widened on the way: the output's rows have twice the bytes.
  package func runWidening(
    _ table: UnsafeRawPointer, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, widen: @escaping ConversionFunction,
    worker: Int = 0,
    workers: Int = 1
  ) -> Bool {
    run(WideningRow(count: rowBytes / 2, widen: widen), table, indices, output, worker, workers)
  }

  @inline(__always)
  private func run<Row: GatheredRow>(
    _ kind: Row, _ table: UnsafeRawPointer, _ indices: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) -> Bool {
    let (start, end) = share(of: planes &* count, worker: worker, workers: workers)
    var row = start
    while row < end {
      let plane = row / count
      let first = row &- plane &* count
      let length = Swift.min(count &- first, end &- row)
      let source = table + plane &* extent &* rowBytes
      let position = plane / outer &* count &+ first
      let target = output + row &* kind.outputBytes
      let isWhole =
        hasWideIndices
        ? gather(kind, source, indices.assumingMemoryBound(to: Int64.self) + position, length, target)
        : gather(kind, source, indices.assumingMemoryBound(to: Int32.self) + position, length, target)
      if !isWhole { return false }
      row &+= length
    }
    return true
  }

  @inline(__always)
  private func gather<Row: GatheredRow, Index: FixedWidthInteger & SignedInteger>(
    _ kind: Row, _ source: UnsafeRawPointer, _ indices: UnsafePointer<Index>, _ count: Int, _ target: UnsafeMutableRawPointer
  ) -> Bool {
    var start = 0
    while start < count {
      let end = Swift.min(start &+ 256, count)
      if areInRange(indices + start, end &- start, extent) {
        for i in start..<end {
          kind.copy(from: source + Int(truncatingIfNeeded: indices[i]) &* kind.sourceBytes, to: target + i &* kind.outputBytes)
        }
      } else {
        for i in start..<end {
          var index = Int(truncatingIfNeeded: indices[i])
          if index < 0 { index &+= extent }
          let place = target + i &* kind.outputBytes
          if index >= 0, index < extent {
            kind.copy(from: source + index &* kind.sourceBytes, to: place)
          } else {
            if !fillsOutOfRange { return false }
            place.initializeMemory(as: UInt8.self, repeating: 0, count: kind.outputBytes)
          }
        }
      }
      start = end
    }
    return true
  }
}

/// How a row is copied.
private protocol GatheredRow {
  var sourceBytes: Int { get }
  var outputBytes: Int { get }
  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer)
}

/// A row of one element.
private struct ElementRow<T: BitwiseCopyable>: GatheredRow {
  @inline(__always) var sourceBytes: Int { MemoryLayout<T>.size }
  @inline(__always) var outputBytes: Int { MemoryLayout<T>.size }
  @inline(__always)
  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    target.storeBytes(of: source.load(as: T.self), as: T.self)
  }
}

private struct ByteRow: GatheredRow {
  let byteCount: Int
  @inline(__always) var sourceBytes: Int { byteCount }
  @inline(__always) var outputBytes: Int { byteCount }
  @inline(__always)
  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) { target.copyMemory(from: source, byteCount: byteCount) }
}

private struct WideningRow: GatheredRow {
  let count: Int
  let widen: ConversionFunction
  @inline(__always) var sourceBytes: Int { 2 &* count }
  @inline(__always) var outputBytes: Int { 4 &* count }
  @inline(__always)
  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) { widen(source, target, count) }
}
