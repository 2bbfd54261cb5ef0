import KernelCore
import Kernels
import Testing

@Suite struct InterpolationTests {
  static let kernels = InterpolationKernels.table.supported(by: .current)

  @Test(arguments: kernels) func images(_ kernel: InterpolationKernel) {
    for seed in 1...UInt64(80) {
      var samples = Samples(seed: seed)
      let channels = seed <= 40 ? Int(seed) : samples.int(1...70)
      let (height, width) = (samples.int(1...6), samples.int(1...6))
      let pixel = channels + samples.int(0...2)
      let g = InterpolationGeometry(
        batch: samples.int(1...2), channels: channels, outputHeight: samples.int(1...9), outputWidth: samples.int(1...9),
        inputBatchStride: height * width * pixel, inputRowStride: width * pixel, inputPixelStride: pixel, outputBatchStride: 0,
        outputRowStride: 0, outputPixelStride: channels)
      var geometry = g
      geometry.outputRowStride = g.outputWidth * channels
      geometry.outputBatchStride = geometry.outputRowStride * g.outputHeight
      func taps(_ count: Int, _ extent: Int) -> [InterpolationTap] {
        (0..<count).map { _ in
          let low = samples.int(0...extent - 1)
          let weight = Float.random(in: 0...1, using: &samples)
          return InterpolationTap(
            low: Int32(low), high: Int32(min(low + 1, extent - 1)), lowWeight: 1 - weight, highWeight: weight)
        }
      }
      let rows = taps(g.outputHeight, height)
      let columns = taps(g.outputWidth, width)
      let input = samples.floats(g.batch * g.inputBatchStride)
      var output = [Float](repeating: -77, count: g.batch * geometry.outputBatchStride + 1)
      let workers = samples.int(1...3)
      for worker in 0..<workers { kernel.run(&geometry, rows, columns, input, &output, worker, workers) }
      var expected: [Double] = []
      for n in 0..<g.batch {
        for row in rows {
          for column in columns {
            for c in 0..<channels {
              func at(_ y: Int32, _ x: Int32) -> Double {
                Double(input[n * g.inputBatchStride + Int(y) * g.inputRowStride + Int(x) * pixel + c])
              }
              if kernel.operation == .nearest {
                expected.append(at(row.low, column.low))
                continue
              }
              let upper = at(row.low, column.low) * Double(column.lowWeight) + at(row.low, column.high) * Double(column.highWeight)
              let lower = at(row.high, column.low) * Double(column.lowWeight) + at(row.high, column.high) * Double(column.highWeight)
              expected.append(upper * Double(row.lowWeight) + lower * Double(row.highWeight))
            }
          }
        }
      }
      expected.append(-77)
      #expect(distance(output, expected) < 1e-6, "\(kernel.name), seed \(seed), \(geometry)")
    }
  }
}

extension InterpolationKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
