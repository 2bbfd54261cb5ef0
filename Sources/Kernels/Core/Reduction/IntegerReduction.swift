/// Reductions of integers, and of booleans as bytes of 0 and 1.
package enum IntegerReductionOperation: String, CaseIterable, Sendable {
  case sum
  /// Rounded towards zero.
  case mean
  case maximum
  case minimum
  case product
  case logicalAnd = "logical_and"
  case logicalOr = "logical_or"
}

/// Reduces the middle axis of a dense [outer, reduced, inner] tensor of integers to [outer, inner]. Sums and products wrap around.
package struct IntegerReduction: Sendable {
  private let operation: IntegerReductionOperation
  private let outer: Int
  private let reduced: Int
  private let inner: Int

  /// - Precondition: `reduced` > 0.
  package init(_ operation: IntegerReductionOperation, outer: Int, reduced: Int, inner: Int) {
    precondition(reduced > 0)
    self.operation = operation
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }

  /// Runs a worker's share; elements are `i32`, `i64` or `u8`.
  package func run(
    _ element: KernelElement, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, worker: Int = 0, workers: Int = 1
  ) {
    switch element {
    case .i32: run(Int32.self, input, output, worker, workers)
    case .i64: run(Int64.self, input, output, worker, workers)
    case .u8: run(UInt8.self, input, output, worker, workers)
    default: preconditionFailure("\(element.rawValue) is not reduced as an integer")
    }
  }

  @inline(__always)
  private func run<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) {
    let (input, output) = (input.assumingMemoryBound(to: T.self), output.assumingMemoryBound(to: T.self))
    switch operation {
    case .sum: run(input, output, worker, workers) { $0 &+ $1 }
    case .mean:
      run(input, output, worker, workers) { $0 &+ $1 }
      let divisor = T(truncatingIfNeeded: reduced)
      forEachStrip(worker, workers) { plane, column, columns in
        for j in column..<column &+ columns { output[plane &* inner &+ j] /= divisor }
      }
    case .maximum: run(input, output, worker, workers) { $0 < $1 ? $1 : $0 }
    case .minimum: run(input, output, worker, workers) { $1 < $0 ? $1 : $0 }
    case .product: run(input, output, worker, workers) { $0 &* $1 }
    case .logicalAnd: run(input, output, worker, workers) { $0 & $1 }
    case .logicalOr: run(input, output, worker, workers) { $0 | $1 }
    }
  }

  /// Calls `body` for the strips of columns that are a worker's: sums of a strip stay in the nearest cache.
  @inline(__always)
  private func forEachStrip(_ worker: Int, _ workers: Int, _ body: (_ plane: Int, _ column: Int, _ columns: Int) -> Void) {
    KernelCore.forEachStrip(outer: outer, inner: inner, width: 512, worker: worker, workers: workers, body)
  }

  @inline(__always)
  private func run<T: FixedWidthInteger & BitwiseCopyable>(
    _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ worker: Int, _ workers: Int, _ combine: (T, T) -> T
  ) {
    forEachStrip(worker, workers) { plane, column, columns in
      let source = input + plane &* reduced &* inner + column
      let target = output + plane &* inner + column
      if inner == 1 {
        var total = source[0]
        for i in 1..<reduced { total = combine(total, source[i]) }
        target[0] = total
        return
      }
      for j in 0..<columns { target[j] = source[j] }
      for i in 1..<reduced {
        let row = source + i &* inner
        for j in 0..<columns { target[j] = combine(target[j], row[j]) }
      }
    }
  }
}
