import KernelCore
import Kernels
import Testing

@Suite struct FusedChainTests {
  /// Random chains against their steps one after the other in double precision.
  @Test(arguments: [CPUFeatures.current, []]) func chains(features: CPUFeatures) throws {
    let binary: [(BinaryOperation, @Sendable (Double, Double) -> Double)] = [
      (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.maximum, { max($0, $1) }),
    ]
    let unary: [(UnaryOperation, @Sendable (Double) -> Double)] = [
      (.relu, { max($0, 0) }), (.negative, { -$0 }), (.affine, { $0 * 0.5 + 0.25 }), (.softsign, { $0 / (1 + abs($0)) }),
    ]
    for seed in 1...UInt64(60) {
      var samples = SeededGenerator(seed: seed)
      let rows = samples.int(0...60)
      let columns = seed % 5 == 0 ? samples.int(900...2500) : samples.int(1...70)
      let gap = samples.int(0...1) * 3
      let stride = columns + gap
      let input = samples.floats(rows * stride + 1, in: -2...2)
      let operands = [
        samples.floats(rows * columns + 1, in: -2...2), samples.floats(columns, in: -2...2), samples.floats(1, in: -2...2),
        samples.floats(rows + 1, in: -2...2),
      ]
      var expected = (0..<rows).flatMap { r in (0..<columns).map { Double(input[r * stride + $0]) } }
      var steps: [ChainStep] = []
      for _ in 0..<samples.int(1...6) {
        if samples.int(0...1) == 0 {
          let (operation, exact) = unary.randomElement(using: &samples)!
          steps.append(
            ChainStep(.unary(UnaryKernels.function(for: operation, features: features).run, alpha: 0.5, beta: 0.25)))
          expected = expected.map(exact)
        } else {
          let (operation, exact) = binary.randomElement(using: &samples)!
          let operand = [
            ChainOperand.tensor(0, columns: columns), .vector(1), .scalar(2), ChainOperand(index: 3, rowStride: 1, isScalar: true),
          ].randomElement(using: &samples)!
          let isReversed = samples.int(0...1) == 0
          let functions = try #require(BinaryKernels.function(for: operation, element: .f32, features: features)).functions
          steps.append(ChainStep(.binary(functions, operand: operand, isReversed: isReversed)))
          for i in expected.indices {
            let place = i / columns * operand.rowStride + (operand.isScalar ? 0 : i % columns)
            let other = Double(operands[operand.index][place])
            expected[i] = isReversed ? exact(other, expected[i]) : exact(expected[i], other)
          }
        }
      }
      var output = [Float](repeating: -77, count: rows * columns + 1)
      let workers = samples.int(1...3)
      operands[0].withUnsafeBufferPointer { a in
        operands[1].withUnsafeBufferPointer { b in
          operands[2].withUnsafeBufferPointer { c in
            operands[3].withUnsafeBufferPointer { d in
              let pointers = [a, b, c, d].map { $0.baseAddress! }
              for worker in 0..<workers {
                FusedChain.run(
                  steps, steps.count, input: input, inputStride: stride, operands: pointers, output: &output, outputStride: columns,
                  rows: rows, columns: columns, worker: worker, workers: workers)
              }
            }
          }
        }
      }
      expected.append(-77)
      let scale = expected.map(abs).max() ?? 1
      #expect(distance(output, expected) <= 2e-6 * scale, "\(rows) × \(columns), \(steps.count) steps, seed \(seed)")
    }
  }
}
