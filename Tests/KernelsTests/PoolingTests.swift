import KernelCore
import Kernels
import Testing

@Suite struct PoolingTests {
  static let kernels = PoolingKernels.table.supported(by: .current)

  /// One window's result, in the words of the specification.
  private static func exact(
    _ operation: PoolingOperation, _ g: PoolingGeometry, _ input: [Float], _ n: Int, _ y: Int, _ x: Int, _ c: Int
  ) -> Double {
    var values: [Double] = []
    var padded = 0
    for i in 0..<g.height.kernel {
      for j in 0..<g.width.kernel {
        let row = y * g.height.stride - g.height.padBegin + i * g.height.dilation
        let column = x * g.width.stride - g.width.padBegin + j * g.width.dilation
        if row < g.height.input + g.height.padEnd, column < g.width.input + g.width.padEnd { padded += 1 }
        guard (0..<g.height.input).contains(row), (0..<g.width.input).contains(column) else { continue }
        values.append(
          Double(input[n * g.inputBatchStride + row * g.height.inputStride + column * g.width.inputStride + c]))
      }
    }
    let sum = values.reduce(0, +)
    return switch operation {
    case .maximum: values.max() ?? -Double(Float.greatestFiniteMagnitude)
    case .averageExcludingPad: values.isEmpty ? 0 : sum / Double(values.count)
    case .averageIncludingPad: padded == 0 ? 0 : sum / Double(padded)
    case .averageOfKernel: sum / Double(g.height.kernel * g.width.kernel)
    }
  }

  @Test(arguments: kernels) func windows(_ kernel: PoolingKernel) {
    for seed in 1...UInt64(160) {
      var samples = SeededGenerator(seed: seed)
      let channels = seed <= 70 ? Int(seed) : samples.int(1...130)
      let pixel = channels + samples.int(0...3)
      func axis(_ inputStride: Int, _ outputStride: Int) -> PoolingGeometry.Axis {
        let kernel = samples.int(1...4)
        let dilation = samples.int(1...2)
        let reach = (kernel - 1) * dilation + 1
        let padBegin = samples.int(0...kernel - 1)
        let padEnd = samples.int(0...kernel - 1)
        let input = max(1, reach - padBegin - padEnd) + samples.int(0...5)
        let stride = samples.int(1...3)
        // Rounded up at times: then the last window starts inside the input but leaves the padded one.
        let room = input + padBegin + padEnd - reach
        let rounded = (room + (samples.int(0...1) == 0 ? 0 : stride - 1)) / stride
        let output = rounded * stride < input + padBegin ? rounded + 1 : room / stride + 1
        return .init(
          input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padBegin: padBegin, padEnd: padEnd,
          inputStride: inputStride, outputStride: outputStride)
      }
      let outputPixel = channels + samples.int(0...2)
      let width = axis(pixel, outputPixel)
      let height = axis(pixel * width.input, outputPixel * width.output)
      var geometry = PoolingGeometry(
        batch: samples.int(1...2), channels: channels, height: height, width: width, inputBatchStride: pixel * width.input * height.input,
        outputBatchStride: outputPixel * width.output * height.output)
      let input = samples.floats(geometry.batch * geometry.inputBatchStride, in: -2...2)
      var output = [Float](repeating: -77, count: geometry.batch * geometry.outputBatchStride)
      let workers = samples.int(1...3)
      for worker in 0..<workers { kernel.run(&geometry, input, &output, worker, workers) }
      for n in 0..<geometry.batch {
        for y in 0..<height.output {
          for x in 0..<width.output {
            for c in 0..<outputPixel {
              let got = output[n * geometry.outputBatchStride + y * height.outputStride + x * outputPixel + c]
              let expected = c < channels ? Self.exact(kernel.operation, geometry, input, n, y, x, c) : -77
              guard abs(Double(got) - expected) <= 1e-6 else {
                Issue.record("\(kernel.name), seed \(seed), \(geometry): \(got), not \(expected), at \(n), \(y), \(x), \(c)")
                return
              }
            }
          }
        }
      }
    }
  }
}

extension PoolingKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
