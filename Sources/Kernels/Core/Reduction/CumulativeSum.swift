/// Running sums along the middle axis of a dense [outer, extent, inner] tensor. In place allowed.
package struct CumulativeSum: Sendable {
  private let outer: Int
  private let extent: Int
  private let inner: Int
  private let isExclusive: Bool
  private let isReverse: Bool

  /// `isExclusive`: an element's own value is left out of its sum.
  /// `isReverse`: sums run from the end.
  package init(outer: Int, extent: Int, inner: Int, isExclusive: Bool, isReverse: Bool) {
    self.outer = outer
    self.extent = extent
    self.inner = inner
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  /// Runs a worker's share; sums have the precision of 64 bits.
  package func run(_ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, worker: Int = 0, workers: Int = 1) {
    run(input, output, worker, workers, 0.0, { $0 + Double($1) }, { Float($0) })
  }

  /// Runs a worker's share; sums wrap around.
  package func run<T: FixedWidthInteger & BitwiseCopyable>(
    _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, worker: Int = 0, workers: Int = 1
  ) {
    run(input, output, worker, workers, T(0), { $0 &+ $1 }, { $0 })
  }

  @inline(__always)
  private func run<T: BitwiseCopyable, Sum: BitwiseCopyable>(
    _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ worker: Int, _ workers: Int, _ zero: Sum, _ add: (Sum, T) -> Sum,
    _ result: (Sum) -> T
  ) {
    let step = isReverse ? -inner : inner
    let first = isReverse ? (extent &- 1) &* inner : 0
    // Units are strips of columns, of all outer indices together.
    let width = 16
    let strips = (inner &+ width &- 1) / width
    let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
    for unit in start..<Swift.max(start, end) {
      let plane = unit / strips
      let column = (unit &- plane &* strips) &* width
      let columns = Swift.min(width, inner &- column)
      var offset = plane &* extent &* inner &+ column &+ first
      if columns == 1 {
        var sum = zero
        for _ in 0..<extent {
          let next = add(sum, input[offset])
          output[offset] = result(isExclusive ? sum : next)
          sum = next
          offset &+= step
        }
        continue
      }
      var sums = InlineArray<16, Sum>(repeating: zero)
      for _ in 0..<extent {
        for j in 0..<columns {
          let next = add(sums[unchecked: j], input[offset &+ j])
          output[offset &+ j] = result(isExclusive ? sums[unchecked: j] : next)
          sums[unchecked: j] = next
        }
        offset &+= step
      }
    }
  }
}
