import KernelCore
import Kernels
import Testing

@Suite struct IntegerReductionTests {
  private static let shapes = [(1, 1, 1), (3, 7, 1), (2, 5, 3), (1, 130, 33), (9, 2, 16), (2, 3, 1300)]

  @Test(arguments: IntegerReductionOperation.allCases)
  func reductions(_ operation: IntegerReductionOperation) {
    func check<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ element: KernelElement, _ range: ClosedRange<Int>) {
      for (outer, reduced, inner) in Self.shapes {
        let seed = UInt64(outer * reduced)
        var samples = SeededGenerator(seed: seed)
        let input = (0..<outer * reduced * inner).map { _ in T(samples.int(range)) }
        let expected = (0..<outer * inner).map { place -> T in
          let x = (0..<reduced).map { input[(place / inner * reduced + $0) * inner + place % inner] }
          return switch operation {
          case .sum: x.reduce(0, &+)
          case .mean: x.reduce(0, &+) / T(reduced)
          case .maximum: x.max()!
          case .minimum: x.min()!
          case .product: x.reduce(1, &*)
          case .logicalAnd: x.reduce(x[0], &)
          case .logicalOr: x.reduce(0, |)
          }
        }
        let reduction = IntegerReduction(operation, outer: outer, reduced: reduced, inner: inner)
        for workers in 1...3 {
          var output = [T](repeating: 77, count: outer * inner + 1)
          for worker in 0..<workers { reduction.run(element, input, &output, worker: worker, workers: workers) }
          #expect(output == expected + [77], "\(T.self), \(outer) × \(reduced) × \(inner), \(workers) workers, seed \(seed)")
        }
      }
    }
    if operation == .logicalAnd || operation == .logicalOr {
      check(UInt8.self, .u8, 0...1)
    } else {
      check(Int32.self, .i32, -100...100)
      check(Int64.self, .i64, -1_000_000...1_000_000)
    }
  }

  @Test(arguments: [false, true], [false, true])
  func runningSums(_ isExclusive: Bool, _ isReverse: Bool) {
    for (outer, extent, inner) in Self.shapes + [(2, 9, 17), (1, 4, 40), (8, 5, 1), (19, 3, 1)] {
      let seed = UInt64(extent * 100 + inner)
      var samples = SeededGenerator(seed: seed)
      let input = (0..<outer * extent * inner).map { _ in Int32(samples.int(-50...50)) }
      var expected = input
      for line in 0..<outer * inner {
        var sum: Int32 = 0
        for i in isReverse ? Array((0..<extent).reversed()) : Array(0..<extent) {
          let place = (line / inner * extent + i) * inner + line % inner
          expected[place] = isExclusive ? sum : sum + input[place]
          sum += input[place]
        }
      }
      let plan = CumulativeSum(outer: outer, extent: extent, inner: inner, isExclusive: isExclusive, isReverse: isReverse)
      for workers in 1...2 {
        // In place.
        var integers = input
        var wide = input.map { Int64($0) }
        var floats = input.map { Float($0) }
        for worker in 0..<workers {
          integers.withUnsafeMutableBufferPointer { plan.run(.i32, $0.baseAddress!, $0.baseAddress!, worker: worker, workers: workers) }
          wide.withUnsafeMutableBufferPointer { plan.run(.i64, $0.baseAddress!, $0.baseAddress!, worker: worker, workers: workers) }
          floats.withUnsafeMutableBufferPointer { plan.run(.f32, $0.baseAddress!, $0.baseAddress!, worker: worker, workers: workers) }
        }
        let comment: Comment = "\(outer) × \(extent) × \(inner), \(workers) workers, seed \(seed)"
        #expect(integers == expected, comment)
        #expect(wide == expected.map { Int64($0) }, comment)
        #expect(floats == expected.map { Float($0) }, comment)
      }
    }
  }
}
