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

  /// Runs a worker's share; elements are `f32`, of which sums have the precision of 64 bits, or `i32` or `i64`, of which they wrap
  /// around.
  package func run(
    _ element: KernelElement, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    @inline(__always) func bound<T>(_: T.Type) -> (UnsafePointer<T>, UnsafeMutablePointer<T>) {
      (input.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
    }
    switch element {
    case .f32: run(bound(Float.self), worker, workers, 0.0, { $0 + Double($1) }, { Float($0) })
    case .i32: run(bound(Int32.self), worker, workers, Int32(0), { $0 &+ $1 }, { $0 })
    case .i64: run(bound(Int64.self), worker, workers, Int64(0), { $0 &+ $1 }, { $0 })
    default: preconditionFailure("there is no sum of \(element.rawValue)")
    }
  }

  @inline(__always)
  private func run<T: BitwiseCopyable, Sum: BitwiseCopyable>(
    _ tensors: (UnsafePointer<T>, UnsafeMutablePointer<T>), _ worker: Int, _ workers: Int, _ zero: Sum, _ add: (Sum, T) -> Sum,
    _ result: (Sum) -> T
  ) {
    let (input, output) = tensors
    let step = isReverse ? -inner : inner
    let first = isReverse ? (extent &- 1) &* inner : 0
    if inner == 1 {
      // Four lines at a time: their sums do not wait for each other.
      let (start, end) = share(of: outer, worker: worker, workers: workers, granule: 4)
      var line = start
      while line < end {
        var offset = line &* extent &+ first
        if end &- line >= 4 {
          var sums = InlineArray<4, Sum>(repeating: zero)
          for _ in 0..<extent {
            for j in 0..<4 {
              let next = add(sums[unchecked: j], input[offset &+ j &* extent])
              output[offset &+ j &* extent] = result(isExclusive ? sums[unchecked: j] : next)
              sums[unchecked: j] = next
            }
            offset &+= step
          }
          line &+= 4
        } else {
          var sum = zero
          for _ in 0..<extent {
            let next = add(sum, input[offset])
            output[offset] = result(isExclusive ? sum : next)
            sum = next
            offset &+= step
          }
          line &+= 1
        }
      }
      return
    }
    // Units are strips of columns, of all outer indices together.
    forEachStrip(outer: outer, inner: inner, width: 16, worker: worker, workers: workers) { plane, column, columns in
      var offset = plane &* extent &* inner &+ column &+ first
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
