import Foundation
import KernelCore
import Kernels
import Testing

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

@Suite struct RecurrentTests {
  static let kernels = RecurrentKernels.table.supported(by: .current)

  /// Rows of up to four operands in memory of their own, with room between the rows.
  private struct Operands {
    var memory: [[Float]]
    let strides: [Int]

    init(widths: [Int], rows: Int, _ samples: inout SeededGenerator) {
      let strides = widths.map { $0 + 3 }
      self.strides = strides
      memory = strides.map { samples.floats(rows * $0, in: -6...6) }
    }

    func value(_ operand: Int, _ row: Int, _ i: Int) -> Double { Double(memory[operand][row * strides[operand] + i]) }
  }

  @Test(arguments: kernels) func cells(_ kernel: RecurrentKernel) {
    for size in Array(1...34) + [64, 65, 128] {
      for clip: Float in [.infinity, 1.5] {
        var samples = SeededGenerator(seed: UInt64(size))
        let rows = samples.int(1...3)
        let workers = samples.int(1...3)
        let widths: [Int]
        switch kernel.operation {
        case .lstm: widths = [4 * size, size, size, size]
        case .gruReset: widths = [2 * size, size, size, 1]
        case .gruUpdate: widths = [size, size, size, size]
        case .gruLinearBeforeReset: widths = [3 * size, 3 * size, size, size]
        }
        let before = Operands(widths: widths, rows: rows, &samples)
        var after = before
        for worker in 0..<workers {
          Self.run(kernel, &after, rows: rows, size: size, clip: clip, worker: worker, workers: workers)
        }
        var expected = before.memory.map { $0.map(Double.init) }
        for row in 0..<rows {
          for i in 0..<size { Self.cell(kernel.operation, before, &expected, row: row, i: i, size: size, clip: Double(clip)) }
        }
        let error = distance(after.memory.joined(), Array(expected.joined()))
        #expect(error < 4e-6, "\(kernel.name), \(rows) rows of \(size), clip \(clip)")
      }
    }
  }

  private static func run(
    _ kernel: RecurrentKernel, _ operands: inout Operands, rows: Int, size: Int, clip: Float, worker: Int, workers: Int
  ) {
    let strides = operands.strides
    let count = operands.memory.count
    let pointers = (0..<count).map { i in
      let p = UnsafeMutablePointer<Float>.allocate(capacity: operands.memory[i].count)
      p.update(from: operands.memory[i], count: operands.memory[i].count)
      return p
    }
    let r = (0..<count).map { RecurrentRows(pointers[$0], stride: strides[$0]) }
    kernel.run(r[0], r[1], r[2], r[3], rows, size, clip, worker, workers)
    for i in 0..<count {
      operands.memory[i] = Array(UnsafeBufferPointer(start: pointers[i], count: operands.memory[i].count))
      pointers[i].deallocate()
    }
  }

  /// One unit, in the words of the specification; whatever is not an output stays.
  private static func cell(
    _ operation: RecurrentOperation, _ x: Operands, _ result: inout [[Double]], row: Int, i: Int, size: Int, clip: Double
  ) {
    func clipped(_ value: Double) -> Double { min(max(value, -clip), clip) }
    func set(_ operand: Int, _ value: Double) { result[operand][row * x.strides[operand] + i] = value }
    func gate(_ k: Int) -> Double { clipped(x.value(0, row, k * size + i)) }
    switch operation {
    case .lstm:
      let next = sigmoid(gate(0)) * x.value(1, row, i) + sigmoid(gate(1)) * tanh(gate(2))
      set(2, next)
      set(3, sigmoid(gate(3)) * tanh(next))
    case .gruReset:
      set(0, sigmoid(gate(0)))
      set(2, sigmoid(gate(1)) * x.value(1, row, i))
    case .gruUpdate:
      let z = x.value(0, row, i)
      set(3, (1 - z) * tanh(clipped(x.value(1, row, i))) + z * x.value(2, row, i))
    case .gruLinearBeforeReset:
      func sum(_ k: Int) -> Double { clipped(x.value(0, row, k * size + i) + x.value(1, row, k * size + i)) }
      let z = sigmoid(sum(0))
      let h = tanh(clipped(x.value(0, row, 2 * size + i) + sigmoid(sum(1)) * x.value(1, row, 2 * size + i)))
      set(3, (1 - z) * h + z * x.value(2, row, i))
    }
  }
}

extension RecurrentKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
