import KernelCore
import Kernels
import Testing

@Suite struct ResamplingTests {
  static let kernels = ResamplingKernels.table.supported(by: .current)

  private typealias Taps = [[(index: Int, weight: Float)]]

  @Test(arguments: kernels) func imagesAreResized(_ kernel: ResamplingKernel) {
    var orders: Set<[Bool]> = []
    for seed in 1...UInt64(100) {
      var samples = SeededGenerator(seed: seed)
      let channels = seed <= 40 ? Int(seed) : samples.int(1...70)
      let (batch, height, width) = (samples.int(1...2), samples.int(1...6), samples.int(1...6))
      let (outputHeight, outputWidth) = (samples.int(1...9), samples.int(1...9))
      let (inputPixel, outputPixel) = (channels + samples.int(0...2), channels + samples.int(0...1))
      let geometry = ResamplingGeometry(
        batch: batch, channels: channels, inputWidth: width, outputHeight: outputHeight, outputWidth: outputWidth,
        inputBatchStride: height * width * inputPixel, inputRowStride: width * inputPixel, inputPixelStride: inputPixel,
        outputBatchStride: outputHeight * outputWidth * outputPixel, outputRowStride: outputWidth * outputPixel,
        outputPixelStride: outputPixel)
      // None, one as it is, two, or more; or the same number everywhere, or one or two.
      func taps(_ count: Int, _ extent: Int) -> Taps {
        let range = [0...8, 1...1, 2...2, 1...2, 4...4][samples.int(0...4)]
        return (0..<count).map { _ in
          let number = samples.int(range)
          if number == 1 { return [(samples.int(0...extent - 1), 1)] }
          return (0..<number).map { _ in (samples.int(0...extent - 1), Float.random(in: -1...1, using: &samples)) }
        }
      }
      let (rows, columns) = (taps(outputHeight, height), taps(outputWidth, width))
      let plan = ResizePlan(geometry, rows: ResamplingTaps(rows), columns: ResamplingTaps(columns))
      orders.insert([plan.isColumnsFirst, geometry.isNarrow])
      let input = samples.floats(batch * geometry.inputBatchStride, in: -2...2)
      var output = [Float](repeating: -77, count: batch * geometry.outputBatchStride + 1)
      let workers = samples.int(1...3)
      let scratch = AlignedBytes(workers * plan.scratchByteCount)
      for worker in (0..<workers).reversed() {
        plan.run(kernel, input: input, output: &output, scratch: scratch.base, worker: worker, workers: workers)
      }
      // Between pixels nothing is written.
      var expected = [Double](repeating: -77, count: output.count)
      for n in 0..<batch {
        for (y, row) in rows.enumerated() {
          for (x, column) in columns.enumerated() {
            for c in 0..<channels {
              var sum = 0.0
              for (i, v) in row {
                for (j, w) in column {
                  sum += Double(v) * Double(w) * Double(input[n * geometry.inputBatchStride + (i * width + j) * inputPixel + c])
                }
              }
              expected[n * geometry.outputBatchStride + (y * outputWidth + x) * outputPixel + c] = sum
            }
          }
        }
      }
      #expect(distance(output, expected) < 1e-5, "\(kernel.name), seed \(seed), \(geometry)")
    }
    #expect(orders.count == 4)
  }

  /// Sums in the order of the weights, of elements of each type and of numbers in between, exactly.
  @Test(arguments: [(1, 5, 1), (2, 3, 7), (3, 4, 8), (1, 9, 130), (6, 1, 3)])
  func axesAreResampled(_ outer: Int, _ extent: Int, _ inner: Int) {
    var random = SeededGenerator(seed: UInt64(100 * outer + inner))
    let taps = (0..<11).map { _ in
      (0..<random.int(0...4)).map { _ in (index: random.int(0...extent - 1), weight: Double.random(in: -1...1, using: &random)) }
    }
    let plan = AxisResampling(outer: outer, extent: extent, inner: inner, taps: taps)
    let numbers = (0..<outer * extent * inner).map { _ in random.int(0...100) }
    let sums = (0..<outer * taps.count * inner).map { place -> Double in
      let (plane, column) = (place / inner / taps.count, place % inner)
      return taps[place / inner % taps.count].reduce(0.0) { sum, tap in
        sum + tap.weight * Double(numbers[(plane * extent + tap.index) * inner + column])
      }
    }
    func check<T: Equatable & BitwiseCopyable>(_ element: KernelElement, _ input: [T], _ convert: (Double) -> T) {
      let wide = numbers.map { Double($0) }
      func rounded(_ x: Double) -> Double { x.rounded(.toNearestOrAwayFromZero) }
      for (rounding, expected) in [
        (ResamplingRounding.none, sums), (.nearest, sums.map(rounded)),
        (.saturated(least: -9, greatest: 20), sums.map { min(max(rounded($0), -9), 20) }),
      ] {
        for workers in 1...2 {
          var output = input + input
          output = (0..<sums.count).map { output[$0 % output.count] }
          var wideOutput = [Double](repeating: .nan, count: sums.count)
          for worker in 0..<workers {
            plan.run(element, input, isWideInput: false, &wideOutput, isWideOutput: true, rounding, worker: worker, workers: workers)
          }
          #expect(wideOutput == expected, "\(element), \(outer) × \(extent) × \(inner)")
          for isWideInput in [false, true] {
            for worker in 0..<workers {
              if isWideInput {
                plan.run(element, wide, isWideInput: true, &output, isWideOutput: false, rounding, worker: worker, workers: workers)
              } else {
                plan.run(element, input, isWideInput: false, &output, isWideOutput: false, rounding, worker: worker, workers: workers)
              }
            }
            #expect(output == expected.map(convert), "\(element), \(outer) × \(extent) × \(inner), wide \(isWideInput)")
          }
        }
      }
    }
    check(.f32, numbers.map { Float($0) }) { Float($0) }
    check(.f16, numbers.map { Float16($0) }) { Float16($0) }
    check(.i32, numbers.map { Int32($0) }) { Int32($0) }
    check(.u8, numbers.map { UInt8($0) }) { UInt8(truncatingIfNeeded: Int64($0)) }
    check(.i8, numbers.map { Int8($0) }) { Int8(truncatingIfNeeded: Int64($0)) }
  }

  @Test(arguments: kernels, GridSamplingMode.allCases) func imagesAreSampled(_ kernel: ResamplingKernel, _ mode: GridSamplingMode) {
    for (seed, padding) in (1...UInt64(20)).flatMap({ seed in GridPaddingMode.allCases.map { (seed, $0) } }) {
      var samples = SeededGenerator(seed: seed)
      let alignsCorners = samples.int(0...1) == 1
      let (batch, channels, height, width, points) = (2, samples.int(1...40), samples.int(1...5), samples.int(1...5), samples.int(1...40))
      let plan = GridSamplingPlan(
        mode: mode, padding: padding, alignsCorners: alignsCorners, batch: batch, channels: channels, height: height, width: width,
        points: points)
      let input = samples.floats(batch * height * width * channels, in: -2...2)
      var grid = samples.floats(batch * points * 2, in: -3...3)
      grid[0] = .nan
      grid[1] = .infinity
      var output = [Float](repeating: -77, count: batch * points * channels + 1)
      for worker in 0..<2 { plan.run(kernel, input: input, grid: grid, output: &output, worker: worker, workers: 2) }
      func pixel(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Double {
        func place(_ i: Int, _ extent: Int) -> Int? {
          switch padding {
          case .zeros: return (0..<extent).contains(i) ? i : nil
          case .border: return min(max(i, 0), extent - 1)
          case .reflection:
            var i = i
            while !(0..<extent).contains(i) {
              if extent == 1 { return 0 }
              i = alignsCorners ? (i < 0 ? -i : 2 * (extent - 1) - i) : (i < 0 ? -1 - i : 2 * extent - 1 - i)
            }
            return i
          }
        }
        guard let row = place(y, height), let column = place(x, width) else { return 0 }
        return Double(input[((n * height + row) * width + column) * channels + c])
      }
      var expected: [Double] = []
      for point in 0..<batch * points {
        func position(_ value: Float, _ extent: Int) -> Float {
          alignsCorners ? (value + 1) * (Float(extent) - 1) / 2 : ((value + 1) * Float(extent) - 1) / 2
        }
        let (x, y) = (position(grid[2 * point], width), position(grid[2 * point + 1], height))
        for c in 0..<channels {
          guard x.isFinite, y.isFinite else {
            expected.append(0)
            continue
          }
          var sum = 0.0
          func weight(_ distance: Double) -> Double {
            let d = abs(distance)
            switch mode {
            case .nearest: return 0
            case .bilinear: return max(0, 1 - d)
            case .bicubic:
              let a = -0.75
              return d <= 1 ? (a + 2) * d * d * d - (a + 3) * d * d + 1 : d < 2 ? a * (d * d * d - 5 * d * d + 8 * d - 4) : 0
            }
          }
          if mode == .nearest {
            sum = pixel(point / points, Int(y.rounded(.toNearestOrEven)), Int(x.rounded(.toNearestOrEven)), c)
          } else {
            for i in Int(y.rounded(.down)) - 1...Int(y.rounded(.down)) + 2 {
              for j in Int(x.rounded(.down)) - 1...Int(x.rounded(.down)) + 2 {
                sum += weight(Double(y) - Double(i)) * weight(Double(x) - Double(j)) * pixel(point / points, i, j, c)
              }
            }
          }
          expected.append(sum)
        }
      }
      expected.append(-77)
      #expect(distance(output, expected) < 2e-5, "\(kernel.name), \(mode), \(padding), seed \(seed), corners \(alignsCorners)")
    }
  }
}

extension ResamplingKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
