import KernelCore
import Kernels
import Testing

private func exact(_ operation: ReductionOperation, _ x: [Double]) -> Double {
  let sum = x.reduce(0, +)
  let squares = x.reduce(0) { $0 + $1 * $1 }
  return switch operation {
  case .sum: sum
  case .mean: sum / Double(x.count)
  case .maximum: x.max() ?? -.infinity
  case .minimum: x.min() ?? .infinity
  case .product: x.reduce(1, *)
  case .l1: x.reduce(0) { $0 + abs($1) }
  case .l2: squares.squareRoot()
  case .sumOfSquares: squares
  }
}

@Suite struct ReductionTests {
  static let kernels = ReductionKernels.table.supported(by: .current)

  /// What rounding may do to a blocked sum of `x`: a few units of the sum of magnitudes.
  private static func allowance(_ operation: ReductionOperation, _ x: [Double], exact: Double) -> Double {
    let unit = Double(Float.ulpOfOne)
    let magnitudes = x.reduce(0) { $0 + abs($1) }
    switch operation {
    case .maximum, .minimum: return 0
    case .sum, .l1: return 4 * unit * magnitudes
    case .mean: return 4 * unit * magnitudes / Double(max(1, x.count))
    case .product: return unit * Double(x.count + 1) * abs(exact)
    case .l2, .sumOfSquares: return 4 * unit * abs(exact)
    }
  }

  private static func check(_ kernel: ReductionKernel, _ outer: Int, _ reduced: Int, _ inner: Int, workers: Int, seed: UInt64) {
    var samples = SeededGenerator(seed: seed)
    let range: ClosedRange<Float> = kernel.operation == .product ? 0.9...1.1 : -2...2
    let input = samples.floats(outer * reduced * inner, in: range)
    var output = [Float](repeating: -77, count: outer * inner + 1)
    for worker in 0..<workers { kernel.run(input, &output, outer, reduced, inner, worker, workers) }
    let comment: Comment = "\(kernel.name), \(outer) × \(reduced) × \(inner), \(workers) workers, seed \(seed)"
    #expect(output[outer * inner] == -77, comment)
    for o in 0..<outer {
      for i in 0..<inner {
        let x = (0..<reduced).map { Double(input[(o * reduced + $0) * inner + i]) }
        let expected = exact(kernel.operation, x)
        let got = Double(output[o * inner + i])
        guard got == expected || abs(got - expected) <= allowance(kernel.operation, x, exact: expected) else {
          Issue.record("\(comment): \(got), not \(expected), at \(o), \(i)")
          return
        }
      }
    }
  }

  @Test(arguments: kernels) func rows(_ kernel: ReductionKernel) {
    for reduced in Array(1...70) + [127, 128, 129, 512, 4099, 20_011] {
      Self.check(kernel, 3, reduced, 1, workers: 1 + reduced % 4, seed: UInt64(reduced))
    }
  }

  @Test(arguments: kernels) func columns(_ kernel: ReductionKernel) {
    for inner in Array(2...70) + [127, 129] {
      for reduced in [1, 2, 49, 300] {
        Self.check(kernel, 2, reduced, inner, workers: 1 + inner % 3, seed: UInt64(inner))
      }
    }
  }

  /// The strips that workers are dealt are narrower where there are few; no column's result depends on that.
  @Test(arguments: kernels) func anyNumberOfWorkersGivesTheSameBits(_ kernel: ReductionKernel) {
    let seed: UInt64 = 5
    var samples = SeededGenerator(seed: seed)
    for (outer, inner) in [(1, 8), (1, 32), (1, 65), (1, 200), (3, 16)] {
      let reduced = 600
      let input = samples.floats(outer * reduced * inner, in: 0.9...1.1)
      let results = [1, 2, 3, 7].map { workers in
        var output = [Float](repeating: -77, count: outer * inner)
        for worker in 0..<workers { kernel.run(input, &output, outer, reduced, inner, worker, workers) }
        return output
      }
      #expect(results.allSatisfy { $0 == results[0] }, "\(kernel.name), \(outer) × \(reduced) × \(inner), seed \(seed)")
    }
  }
}

extension ReductionKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
