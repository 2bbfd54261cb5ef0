import Foundation
import KernelCore
import Kernels
import Testing

@Suite struct NormalizationTests {
  static let softmaxKernels = SoftmaxKernels.table.supported(by: .current)
  static let kernels = NormalizationKernels.table.supported(by: .current)
  /// Lengths around the vector widths, as the axis of a row or as the extent inside the axis.
  static let lengths = Array(1...36) + [63, 64, 65, 129, 384]

  /// Calls `body` with each (outer, axis, inner) to test.
  static func forEachShape(_ body: (_ outer: Int, _ axis: Int, _ inner: Int) -> Void) {
    for length in lengths {
      body(3, length, 1)
      if length <= 20 { body(37, length, 1) }
      for axis in [1, 5, 49] where length > 1 { body(2, axis, length) }
    }
  }

  /// Runs `expected` on the values along the axis of each (outer, inner), and compares.
  static func compare(
    _ output: [Float], _ input: [Float], _ shape: (outer: Int, axis: Int, inner: Int), tolerance: Double, _ comment: Comment,
    _ expected: (_ x: [Double], _ inner: Int) -> [Double]
  ) {
    for o in 0..<shape.outer {
      for i in 0..<shape.inner {
        let places = (0..<shape.axis).map { (o * shape.axis + $0) * shape.inner + i }
        let error = distance(places.map { output[$0] }, expected(places.map { Double(input[$0]) }, i))
        guard error <= tolerance else {
          Issue.record("\(comment): off by \(error) at \(o), \(i)")
          return
        }
      }
    }
  }

  @Test(arguments: softmaxKernels) func softmax(_ kernel: SoftmaxKernel) {
    Self.forEachShape { outer, axis, inner in
      for spread: Float in [1, 60] {
        let seed = UInt64(axis * 1000 + inner)
        var samples = SeededGenerator(seed: seed)
        let count = outer * axis * inner
        let input = samples.floats(count, in: -spread...spread)
        // In place, the last float a guard.
        var output = input + [-77]
        let workers = 1 + axis % 3
        output.withUnsafeMutableBufferPointer { p in
          for worker in 0..<workers { kernel.run(p.baseAddress!, p.baseAddress!, outer, axis, inner, worker, workers) }
        }
        let comment: Comment = "\(kernel.name), \(outer) × \(axis) × \(inner), ±\(spread), seed \(seed)"
        #expect(output[count] == -77, comment)
        Self.compare(output, input, (outer, axis, inner), tolerance: kernel.isLogarithmic ? 2e-5 : 1e-6, comment) { x, _ in
          let greatest = x.max()!
          let sum = x.reduce(0) { $0 + exp($1 - greatest) }
          return x.map { kernel.isLogarithmic ? $0 - greatest - log(sum) : exp($0 - greatest) / sum }
        }
        if !kernel.isLogarithmic { #expect(output.dropLast().allSatisfy { (0...1).contains($0) }, comment) }
      }
    }
  }

  private static func scale(_ operation: NormalizationOperation, _ x: [Double], epsilon: Double) -> Double {
    let squares = x.reduce(0) { $0 + $1 * $1 }
    let mean = squares / Double(x.count)
    return switch operation {
    case .layer, .rms: 1 / (mean + epsilon).squareRoot()
    case .layerEpsilonOutside: 1 / (mean.squareRoot() + epsilon)
    case .center: 1
    case .l2EpsilonAdded: 1 / (squares + epsilon).squareRoot()
    case .l2EpsilonMaximum: 1 / max(squares, epsilon).squareRoot()
    }
  }

  @Test(arguments: kernels) func normalization(_ kernel: NormalizationKernel) {
    let isCentered = [.layer, .layerEpsilonOutside, .center].contains(kernel.operation)
    Self.forEachShape { outer, axis, inner in
      let seed = UInt64(axis * 1000 + inner)
      var samples = SeededGenerator(seed: seed)
      let count = outer * axis * inner
      let input = samples.floats(count, in: 1...5)
      let parameters = inner == 1 ? axis : inner
      let gamma: [Float]? = samples.int(0...2) > 0 ? samples.floats(parameters, in: -2...2) : nil
      let beta: [Float]? = samples.int(0...2) > 0 ? samples.floats(parameters, in: -2...2) : nil
      let epsilon: Float = 0.01
      var output = input + [-77]
      let workers = 1 + axis % 3
      output.withUnsafeMutableBufferPointer { p in
        for worker in 0..<workers {
          func run(_ gamma: UnsafePointer<Float>?, _ beta: UnsafePointer<Float>?) {
            kernel.run(p.baseAddress!, p.baseAddress!, gamma, beta, epsilon, outer, axis, inner, worker, workers)
          }
          switch (gamma, beta) {
          case (let gamma?, let beta?): run(gamma, beta)
          case (let gamma?, nil): run(gamma, nil)
          case (nil, let beta?): run(nil, beta)
          case (nil, nil): run(nil, nil)
          }
        }
      }
      let comment: Comment = "\(kernel.name), \(outer) × \(axis) × \(inner), \(gamma != nil) \(beta != nil), seed \(seed)"
      #expect(output[count] == -77, comment)
      Self.compare(output, input, (outer, axis, inner), tolerance: 2e-5, comment) { x, i in
        let mean = isCentered ? x.reduce(0, +) / Double(x.count) : 0
        let centered = x.map { $0 - mean }
        let scale = Self.scale(kernel.operation, centered, epsilon: Double(epsilon))
        return centered.indices.map { k in
          let parameter = inner == 1 ? k : i
          return centered[k] * scale * Double(gamma?[parameter] ?? 1) + Double(beta?[parameter] ?? 0)
        }
      }
    }
  }
}

extension SoftmaxKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}

extension NormalizationKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
