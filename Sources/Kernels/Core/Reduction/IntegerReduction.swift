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

  /// Runs a worker's share.
  package func run<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, worker: Int = 0, workers: Int = 1
  ) {
    switch operation {
    case .sum: run(input, output, worker, workers) { $0 &+ $1 }
    case .mean:
      run(input, output, worker, workers) { $0 &+ $1 }
      let (start, end) = units(worker, workers)
      let divisor = T(truncatingIfNeeded: reduced)
      for i in start..<Swift.max(start, end) {
        if inner == 1 {
          output[i] /= divisor
        } else {
          for j in 0..<inner { output[i &* inner &+ j] /= divisor }
        }
      }
    case .maximum: run(input, output, worker, workers) { $0 < $1 ? $1 : $0 }
    case .minimum: run(input, output, worker, workers) { $1 < $0 ? $1 : $0 }
    case .product: run(input, output, worker, workers) { $0 &* $1 }
    case .logicalAnd: run(input, output, worker, workers) { $0 & $1 }
    case .logicalOr: run(input, output, worker, workers) { $0 | $1 }
    }
  }

  private func units(_ worker: Int, _ workers: Int) -> (Int, Int) { share(of: outer, worker: worker, workers: workers) }

  @inline(__always)
  private func run<T: FixedWidthInteger & BitwiseCopyable>(
    _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ worker: Int, _ workers: Int, _ combine: (T, T) -> T
  ) {
    let (start, end) = units(worker, workers)
    for plane in start..<Swift.max(start, end) {
      let source = input + plane &* reduced &* inner
      if inner == 1 {
        var total = source[0]
        for i in 1..<reduced { total = combine(total, source[i]) }
        output[plane] = total
        continue
      }
      let target = output + plane &* inner
      for j in 0..<inner { target[j] = source[j] }
      for i in 1..<reduced {
        let row = source + i &* inner
        for j in 0..<inner { target[j] = combine(target[j], row[j]) }
      }
    }
  }
}
