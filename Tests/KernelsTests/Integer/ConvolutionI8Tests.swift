import KernelCore
import Kernels
import Testing

/// One convolution of 8-bit integers with its data.
struct IntegerConvolutionCase {
  var parameters: ConvolutionParameters
  var inputStrides: ImageStrides
  var outputStrides: ImageStrides
  var residualStrides: ImageStrides?
  var epilogue: IntegerEpilogue
  var inputType: ActivationType
  var zeroPoint: Int32
  var weights: WeightKind
  /// The greatest byte of the input.
  var greatest: UInt8
  /// All channels have the same bytes, 0 or the greatest, and the same weights, the least or the greatest, so that sums are large. For
  /// images without gaps.
  var isAligned = false
  var seed: UInt64

  /// Channels-last, with `gap` elements between pixels' channels and rows.
  init(
    _ p: ConvolutionParameters, inputGap: Int = 0, outputGap: Int = 0, planar: Bool = false, epilogue: IntegerEpilogue = IntegerEpilogue(),
    inputType: ActivationType = .u8, zeroPoint: Int32 = 3, weights: WeightKind = .any, greatest: UInt8 = 255, seed: UInt64 = 1
  ) {
    func strides(_ height: Int, _ width: Int, _ channels: Int, _ gap: Int) -> ImageStrides {
      let pixel = channels + gap
      let row = width * pixel + 2 * gap
      return ImageStrides(batch: height * row + gap, row: row, pixel: pixel)
    }
    parameters = p
    inputStrides =
      planar
      ? .planar(height: p.inputHeight, width: p.inputWidth, channels: p.inputChannels)
      : strides(p.inputHeight, p.inputWidth, p.inputChannels, inputGap)
    outputStrides = strides(p.outputHeight, p.outputWidth, p.outputChannels, outputGap)
    if epilogue.residual != nil { residualStrides = strides(p.outputHeight, p.outputWidth, p.outputChannels, outputGap == 0 ? 0 : 3) }
    self.epilogue = epilogue
    self.inputType = inputType
    self.zeroPoint = zeroPoint
    self.weights = weights
    self.greatest = greatest
    self.seed = seed
  }

  /// Checks that every instruction set gives the reference's bytes with each number of workers, and that shares are disjoint; by one
  /// algorithm where the instruction set has it, or by the one that is picked.
  func check(workers: [Int] = [1, 2, 3], algorithm: IntegerConvolutionAlgorithm? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    let p = parameters
    var generator = SeededGenerator(seed: seed)
    let depth = p.groupInputChannels * p.kernelHeight * p.kernelWidth
    let extent = ConvolutionCase.extent(inputStrides, p, output: false)
    let input: GuardedBytes
    let source: [Int8]
    if isAligned {
      input = GuardedBytes(
        (0..<extent / p.inputChannels).flatMap { _ in
          [UInt8](repeating: Bool.random(using: &generator) ? greatest : 0, count: p.inputChannels)
        })
      source = (0..<p.outputChannels).flatMap { _ in
        let taps = (0..<depth / p.inputChannels).map { _ in Bool.random(using: &generator) ? Int8.max : Int8.min }
        return [[Int8]](repeating: taps, count: p.inputChannels).flatMap { $0 }
      }
    } else {
      input = GuardedBytes(generator.bytes(extent, in: 0...greatest))
      source = generator.weights(p.outputChannels * depth, weights)
    }
    let scales = (0..<p.outputChannels).map { _ in Float.random(in: 0.5...1, using: &generator) / (128 * 75 * Float(depth).squareRoot()) }
    let bias = epilogue.hasBias ? generator.floats(p.outputChannels) : nil
    var residual: GuardedBytes?
    if let residualStrides, let format = epilogue.residual {
      let count = ConvolutionCase.extent(residualStrides, p, output: true)
      if format == .f32 {
        residual = GuardedBytes(generator.floats(count).flatMap { withUnsafeBytes(of: $0) { Array($0) } })
      } else {
        residual = GuardedBytes(generator.bytes(count))
      }
    }
    let count = ConvolutionCase.extent(outputStrides, p, output: true) * epilogue.output.type.byteCount
    let expected = GuardedBytes(count: count)
    withExtendedLifetime((input, residual)) {
      referenceIntegerConvolution(
        p, input: input.base, inputType: inputType, inputZeroPoint: zeroPoint, inputStrides: inputStrides, weights: source,
        scales: scales, bias: bias, residual: residual.map { UnsafeRawPointer($0.base) }, residualStrides: residualStrides,
        epilogue: epilogue, output: expected.base, outputStrides: outputStrides)
    }
    let expectedValues = expected.values
    for features in testedIntegerFeatures {
      let algorithms = ConvolutionI8.algorithms(for: p, inputStrides: inputStrides, features: features)
      for workerCount in workers where algorithm.map(algorithms.contains) ?? true {
        let primitive = ConvolutionI8(
          p, inputStrides: inputStrides, outputStrides: outputStrides, residualStrides: residualStrides, inputType: inputType,
          inputZeroPoint: zeroPoint, epilogue: epilogue, workers: workerCount, features: features, algorithm: algorithm)
        let packed = AlignedBytes(primitive.packedWeightsByteCount)
        primitive.packWeights(from: source, scales: scales, bias: bias, into: packed.base)
        let scratch = AlignedBytes(primitive.scratchByteCount)
        let output = GuardedBytes(count: count)
        var written = [Int](repeating: 0, count: count)
        withExtendedLifetime((input, residual, packed, scratch)) {
          for worker in 0..<workerCount {
            let part = GuardedBytes(count: count)
            for target in [part, output] {
              primitive.run(
                input: input.base, weights: packed.base, residual: residual.map { UnsafeRawPointer($0.base) }, output: target.base,
                scratch: scratch.base, worker: worker, workers: workerCount)
            }
            for (i, value) in part.values.enumerated() where value != GuardedBytes.untouched { written[i] += 1 }
          }
        }
        let label = "\(primitive.kernelName) \(workerCount) workers, seed \(seed), \(weights), \(inputType), \(p)"
        let values = output.values
        if let index = values.indices.first(where: { values[$0] != expectedValues[$0] }) {
          let wrong = values.indices.count { values[$0] != expectedValues[$0] }
          Issue.record(
            "\(label): byte \(index) is \(values[index]), not \(expectedValues[index]); \(wrong) of \(count) differ",
            sourceLocation: sourceLocation)
        }
        #expect(written.allSatisfy { $0 <= 1 }, "\(label): an element is written twice", sourceLocation: sourceLocation)
      }
    }
  }
}

@Suite struct ConvolutionI8Tests {
  static let quantized = testedIntegerEpilogues[1].epilogue

  /// Pixels and channels one less, equal and one more than tiles and panels, and multiples, of every kernel.
  @Test func tileEdges() {
    for kernel in integerMatrixKernels {
      let rows = kernel.tileRows
      let lanes = kernel.lanes
      for pixels in [1, 2, 3, rows - 1, rows, rows + 1, rows + 3, 2 * rows, 3 * rows + 1] where pixels > 0 {
        for outputs in [1, lanes - 1, lanes, lanes + 1, 2 * lanes, 2 * lanes + 1, 3 * lanes, 4 * lanes, 5 * lanes + 2] {
          IntegerConvolutionCase(convolution(8, outputs, height: 1, width: pixels), epilogue: Self.quantized, weights: .mixed)
            .check(workers: [1, 2])
        }
      }
    }
  }

  /// Every class of steps: weights and inputs that let products be summed in 16 bits, and that do not, by quads and by all.
  @Test func weightsOfEveryKind() {
    for weights in WeightKind.allCases {
      for greatest in [UInt8(40), 100, 127, 128, 255] {
        for channels in [8, 16, 40, 64, 72, 136] {
          for inputType in [ActivationType.u8, .i8] {
            IntegerConvolutionCase(
              convolution(channels, 35, height: 3, width: 5), inputType: inputType, weights: weights, greatest: greatest,
              seed: UInt64(channels)
            ).check(workers: [1])
          }
          IntegerConvolutionCase(
            convolution(channels, 17, height: 4, width: 5, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)), weights: weights,
            greatest: greatest, seed: UInt64(channels)
          ).check(workers: [1])
        }
      }
    }
  }

  @Test func windows() {
    let shapes = [
      convolution(3, 8, height: 9, width: 11, kernel: (3, 3), stride: (2, 2), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(3, 33, height: 20, width: 31, kernel: (7, 7), stride: (2, 2), padBegin: (3, 3), padEnd: (3, 3)),
      convolution(16, 24, height: 8, width: 8, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(32, 20, height: 7, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(4, 20, height: 7, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(batch: 2, 6, 5, height: 10, width: 6, kernel: (5, 3), stride: (1, 2), padBegin: (2, 0), padEnd: (1, 1)),
      convolution(7, 9, height: 12, width: 13, kernel: (3, 3), dilation: (2, 3), padBegin: (2, 3), padEnd: (2, 3)),
      convolution(40, 9, height: 12, width: 13, kernel: (3, 3), dilation: (2, 3)),
      convolution(2, 3, height: 1, width: 30, kernel: (1, 8), stride: (1, 4), padBegin: (0, 3), padEnd: (0, 0)),
      convolution(5, 6, height: 9, width: 5, kernel: (1, 1), stride: (3, 2)),
      convolution(64, 6, height: 9, width: 50, kernel: (1, 1), stride: (3, 2)),
      convolution(batch: 3, 24, 40, height: 9, width: 10),
      convolution(130, 17, height: 3, width: 5, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(8, 8, height: 6, width: 6, kernel: (3, 3)),
      convolution(8, 8, height: 1, width: 1, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(2, 3, height: 5, width: 6, kernel: (2, 2), stride: (2, 2), padBegin: (3, 0), padEnd: (0, 4)),
    ]
    for (index, p) in shapes.enumerated() {
      let seed = UInt64(index)
      for (inputType, zeroPoint) in [(ActivationType.u8, Int32(0)), (.u8, 131), (.i8, 0), (.i8, -128), (.i8, 17)] {
        IntegerConvolutionCase(p, epilogue: Self.quantized, inputType: inputType, zeroPoint: zeroPoint, weights: .mixed, seed: seed).check()
      }
      IntegerConvolutionCase(p, inputGap: 5, outputGap: 3, greatest: 99, seed: seed).check()
      IntegerConvolutionCase(p, planar: true, epilogue: Self.quantized, inputType: .i8, seed: seed).check(workers: [1, 2])
    }
  }

  @Test func epilogues() {
    for (_, epilogue) in testedIntegerEpilogues {
      for p in [
        convolution(batch: 2, 6, 19, height: 5, width: 5), convolution(8, 8, height: 6, width: 7, kernel: (3, 3), padBegin: (1, 0)),
        convolution(64, 100, height: 9, width: 20),
        convolution(groups: 11, 11, 11, height: 6, width: 9, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      ] {
        IntegerConvolutionCase(p, epilogue: epilogue).check()
        IntegerConvolutionCase(p, inputGap: 2, outputGap: 4, epilogue: epilogue, inputType: .i8, weights: .mixed).check()
      }
    }
  }

  @Test func groups() {
    for (groups, inputs, outputs) in [(2, 8, 6), (3, 3, 9), (4, 32, 48), (5, 5, 5), (2, 2, 4), (2, 80, 70)] {
      let p = convolution(groups: groups, inputs, outputs, height: 7, width: 6, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1))
      IntegerConvolutionCase(p, epilogue: Self.quantized).check()
      IntegerConvolutionCase(p, inputGap: 1, outputGap: 2, inputType: .i8, weights: .mixed).check()
      IntegerConvolutionCase(convolution(groups: groups, inputs, outputs, height: 7, width: 6), epilogue: Self.quantized).check()
    }
  }

  /// Each depthwise kernel of the table: channels about registers, widths with and without pixels inside.
  @Test func depthwise() {
    var names = Set<String>()
    for (kernel, stride, dilation) in [(3, 1, 1), (3, 2, 1), (5, 1, 1), (5, 2, 1), (7, 1, 1), (3, 3, 1), (3, 1, 2), (2, 1, 1), (1, 1, 1)] {
      for width in [1, 2, 3, 5, 7, 8, 12, 15] {
        for channels in [1, 4, 7, 8, 9, 16, 23, 35, 150] {
          let pad = (kernel - 1) * dilation / 2
          let p = convolution(
            batch: 1 + width % 2, groups: channels, channels, channels, height: 5, width: width, kernel: (kernel, kernel),
            stride: (stride, stride), dilation: (dilation, dilation), padBegin: (pad, pad), padEnd: (pad, pad + width % 2))
          let test = IntegerConvolutionCase(
            p, inputGap: width % 3, outputGap: width % 2, epilogue: testedIntegerEpilogues[(width + channels) % 5].epilogue,
            inputType: width % 2 == 0 ? .u8 : .i8, zeroPoint: Int32(min(channels, 127)), weights: width % 3 == 0 ? .worst : .any)
          test.check(workers: [1, 2])
          for features in testedIntegerFeatures {
            names.insert(
              ConvolutionI8(
                p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, residualStrides: test.residualStrides,
                inputType: test.inputType, inputZeroPoint: 0, epilogue: test.epilogue, features: features
              ).kernelName)
          }
        }
      }
    }
    #expect(
      names
        == Set(
          testedIntegerFeatures.flatMap { features in
            let table = integerDepthwiseKernels.supported(by: features)
            return table.filter { $0.lanes == table[0].lanes }.map(\.name)
          }))
  }

  /// The residual may be the output itself.
  @Test func addsToTheOutput() {
    let u8 = ActivationFormat.quantized(grid(.u8, 1))
    for p in [convolution(72, 21, height: 3, width: 7), convolution(groups: 11, 11, 11, height: 5, width: 7, kernel: (3, 3))] {
      for features in testedIntegerFeatures {
        let test = IntegerConvolutionCase(p, epilogue: IntegerEpilogue(residual: u8, output: u8))
        var generator = SeededGenerator(seed: 3)
        let primitive = ConvolutionI8(
          p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, residualStrides: test.outputStrides, inputType: .u8,
          inputZeroPoint: 9, epilogue: test.epilogue, features: features)
        let packed = AlignedBytes(primitive.packedWeightsByteCount)
        primitive.packWeights(
          from: generator.weights(p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth, .any),
          scales: [Float](repeating: 1e-5, count: p.outputChannels), bias: nil, into: packed.base)
        let input = GuardedBytes(generator.bytes(ConvolutionCase.extent(test.inputStrides, p, output: false)))
        let residual = GuardedBytes(generator.bytes(ConvolutionCase.extent(test.outputStrides, p, output: true)))
        let apart = GuardedBytes(count: residual.count)
        let together = GuardedBytes(residual.values)
        let scratch = AlignedBytes(primitive.scratchByteCount)
        withExtendedLifetime((packed, input, residual, scratch)) {
          for (source, target) in [(residual, apart), (together, together)] {
            primitive.run(
              input: input.base, weights: packed.base, residual: source.base, output: target.base, scratch: scratch.base, worker: 0,
              workers: 1)
          }
        }
        #expect(apart.values == together.values, "\(primitive.kernelName)")
      }
    }
  }

  @Test(arguments: [UInt64(21), 22, 23, 24]) func randomShapes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      func pick(_ values: [Int]) -> Int { values.randomElement(using: &generator)! }
      let groups = pick([1, 1, 1, 2, 3])
      let kernel = (pick([1, 2, 3, 5]), pick([1, 2, 3, 5]))
      let dilation = (pick([1, 1, 2]), pick([1, 1, 2]))
      let size = (pick([1, 4, 7, 12]) + (kernel.0 - 1) * dilation.0, pick([1, 3, 7, 8, 14, 80]) + (kernel.1 - 1) * dilation.1)
      let p = convolution(
        batch: pick([1, 1, 2]), groups: groups, groups * pick([1, 3, 8, 17, 48]), groups * pick([1, 5, 8, 16, 25]), height: size.0,
        width: size.1, kernel: kernel, stride: (pick([1, 1, 2, 3]), pick([1, 1, 2])), dilation: dilation,
        padBegin: (pick([0, 1, 2]), pick([0, 1, 2])), padEnd: (pick([0, 1, 2]), pick([0, 1, 2])))
      IntegerConvolutionCase(
        p, inputGap: pick([0, 0, 1, 7]), outputGap: pick([0, 0, 2]), planar: pick([0, 0, 0, 1]) == 1,
        epilogue: testedIntegerEpilogues[pick(Array(testedIntegerEpilogues.indices))].epilogue, inputType: pick([0, 1]) == 0 ? .u8 : .i8,
        zeroPoint: Int32(pick([0, 5, 127])), weights: WeightKind.allCases[pick([0, 1, 2, 3])], greatest: UInt8(pick([60, 130, 255])),
        seed: seed
      ).check(workers: [1, pick([2, 3])])
    }
  }
}
