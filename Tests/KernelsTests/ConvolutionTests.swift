import Foundation
import KernelCore
import Kernels
import Testing

/// What the two kinds of convolution have in common.
protocol ConvolutionPrimitive {
  var kernelName: String { get }
  var errorBound: Float { get }
  var packedWeightsByteCount: Int { get }
  var scratchByteCount: Int { get }
  func packWeights(from source: UnsafeRawPointer, _ type: WeightType, into packed: UnsafeMutableRawPointer)
  func run(
    input: UnsafePointer<Float>, weights: UnsafeRawPointer, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int)
}
extension ConvolutionF32: ConvolutionPrimitive {}
extension TransposedConvolutionF32: ConvolutionPrimitive {}

/// One convolution with its data, and the reference's result.
struct ConvolutionCase {
  var parameters: ConvolutionParameters
  var inputStrides: ImageStrides
  var outputStrides: ImageStrides
  var residualStrides: ImageStrides?
  var epilogue = Epilogue()
  var weightType = WeightType.f32
  /// Halves are given as a model stores them, and not a byte more.
  var readsStoredWeights = false
  var isTransposed = false
  var seed: UInt64 = 1

  /// Channels-last, with `gap` elements between pixels' channels and rows.
  init(
    _ p: ConvolutionParameters, inputGap: Int = 0, outputGap: Int = 0, planar: Bool = false, epilogue: Epilogue = Epilogue(),
    seed: UInt64 = 1
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
    if epilogue.hasResidual { residualStrides = strides(p.outputHeight, p.outputWidth, p.outputChannels, outputGap == 0 ? 0 : 3) }
    self.epilogue = epilogue
    self.seed = seed
  }

  static func extent(_ s: ImageStrides, _ p: ConvolutionParameters, output: Bool) -> Int {
    let (height, width, channels) =
      output ? (p.outputHeight, p.outputWidth, p.outputChannels) : (p.inputHeight, p.inputWidth, p.inputChannels)
    return (p.batch - 1) * s.batch + (height - 1) * s.row + (width - 1) * s.pixel + (channels - 1) * s.channel + 1
  }

  /// The case's convolution, but for its epilogue and the type of its weights.
  func primitive(_ features: CPUFeatures, algorithm: ConvolutionAlgorithm) -> ConvolutionF32 {
    ConvolutionF32(parameters, inputStrides: inputStrides, outputStrides: outputStrides, features: features, algorithm: algorithm)
  }

  /// Runs `algorithm` (nil: the cost rule's) with each number of workers and checks result, coverage and repeatability, and that a
  /// worker keeps to its own share of the scratch memory.
  func check(
    _ features: CPUFeatures, algorithm: ConvolutionAlgorithm?, workers: [Int] = [1, 2, 3],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let p = parameters
    var generator = SeededGenerator(seed: seed)
    let input = GuardedFloats(generator.floats(Self.extent(inputStrides, p, output: false)))
    var weights = generator.floats(p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth)
    if weightType == .f16 { weights = weights.map { Float(Float16($0)) } }
    let bias = epilogue.hasBias ? GuardedFloats(generator.floats(p.outputChannels)) : nil
    let residual = residualStrides.map { GuardedFloats(generator.floats(Self.extent($0, p, output: true))) }
    let outputCount = Self.extent(outputStrides, p, output: true)
    let expected = GuardedFloats(count: outputCount)
    let magnitudes = GuardedFloats(count: outputCount, fill: 0)
    let reference = isTransposed ? referenceTransposedConvolution : referenceConvolution
    reference(
      p, input.base, inputStrides, weights, bias.map { UnsafePointer($0.base) }, residual.map { UnsafePointer($0.base) },
      residualStrides, epilogue, expected.base, outputStrides, magnitudes.base)
    let expectedValues = expected.values

    var first: [Float]?
    for workerCount in workers {
      let primitive: any ConvolutionPrimitive =
        isTransposed
        ? TransposedConvolutionF32(
          p, inputStrides: inputStrides, outputStrides: outputStrides, residualStrides: residualStrides, epilogue: epilogue,
          weightType: weightType, workers: workerCount, features: features)
        : ConvolutionF32(
          p, inputStrides: inputStrides, outputStrides: outputStrides, residualStrides: residualStrides, epilogue: epilogue,
          weightType: weightType, workers: workerCount, features: features, algorithm: algorithm,
          readsStoredWeights: readsStoredWeights)
      let packed = AlignedBytes(primitive.packedWeightsByteCount)
      let stored = GuardedBytes(readsStoredWeights ? weights.map { Float16($0) }.withUnsafeBytes { Array($0) } : [])
      if readsStoredWeights {
        #expect((primitive as? ConvolutionF32)?.readsStoredWeights == true && primitive.packedWeightsByteCount == 0)
      } else {
        primitive.packWeights(from: weights, .f32, into: packed.base)
      }
      let kernelWeights = UnsafeRawPointer(readsStoredWeights ? stored.base : packed.base)
      let scratch = AlignedBytes(primitive.scratchByteCount)
      let untouchedScratch = AlignedBytes(primitive.scratchByteCount)
      let scratchShare = primitive.scratchByteCount / workerCount
      var keepsToItsShare = true
      let output = GuardedFloats(count: outputCount)
      var written = [Int](repeating: 0, count: outputCount)
      for worker in 0..<workerCount {
        let part = GuardedFloats(count: outputCount)
        scratch.base.copyMemory(from: untouchedScratch.base, byteCount: primitive.scratchByteCount)
        withExtendedLifetime((input, packed, stored, bias, residual, scratch)) {
          for target in [part, output] {
            primitive.run(
              input: input.base, weights: kernelWeights, bias: bias.map { UnsafePointer($0.base) },
              residual: residual.map { UnsafePointer($0.base) }, output: target.base, scratch: scratch.base, worker: worker,
              workers: workerCount)
          }
        }
        for others in [0..<worker * scratchShare, (worker + 1) * scratchShare..<primitive.scratchByteCount] {
          keepsToItsShare =
            keepsToItsShare && memcmp(scratch.base + others.lowerBound, untouchedScratch.base + others.lowerBound, others.count) == 0
        }
        for (i, value) in part.values.enumerated() where value != GuardedFloats.untouched { written[i] += 1 }
      }
      let values = output.values
      let label = "\(primitive.kernelName) \(workerCount) workers, seed \(seed), \(p)"
      if let worst = SumTolerance.worst(values, expectedValues, magnitudes.values, primitive.errorBound) {
        Issue.record(
          "\(label): element \(worst.index) is \(values[worst.index]), not \(expectedValues[worst.index]): error \(worst.error)",
          sourceLocation: sourceLocation)
      }
      let covered = zip(written, expectedValues).allSatisfy { $0 == ($1 == GuardedFloats.untouched ? 0 : 1) }
      #expect(keepsToItsShare, "\(label): a worker wrote to another one's scratch memory", sourceLocation: sourceLocation)
      #expect(covered, "\(label): not each element is written once", sourceLocation: sourceLocation)
      if let first {
        #expect(first == values, "\(label): another number of workers gave other bits", sourceLocation: sourceLocation)
      } else {
        first = values
      }
    }
  }
}

func convolution(
  batch: Int = 1, groups: Int = 1, _ inputChannels: Int, _ outputChannels: Int, height: Int, width: Int, kernel: (Int, Int) = (1, 1),
  stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1), padBegin: (Int, Int) = (0, 0), padEnd: (Int, Int) = (0, 0)
) -> ConvolutionParameters {
  ConvolutionParameters(
    batch: batch, groups: groups, inputChannels: inputChannels, outputChannels: outputChannels, inputHeight: height, inputWidth: width,
    outputHeight: (height + padBegin.0 + padEnd.0 - (kernel.0 - 1) * dilation.0 - 1) / stride.0 + 1,
    outputWidth: (width + padBegin.1 + padEnd.1 - (kernel.1 - 1) * dilation.1 - 1) / stride.1 + 1,
    kernelHeight: kernel.0, kernelWidth: kernel.1, strideHeight: stride.0, strideWidth: stride.1, dilationHeight: dilation.0,
    dilationWidth: dilation.1, padTop: padBegin.0, padLeft: padBegin.1)
}

@Suite struct ConvolutionTests {
  /// Checks all algorithms that apply.
  func checkAll(
    _ test: ConvolutionCase, _ features: CPUFeatures, workers: [Int] = [1, 2, 3], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for algorithm in ConvolutionF32.algorithms(for: test.parameters, inputStrides: test.inputStrides) {
      test.check(features, algorithm: algorithm, workers: workers, sourceLocation: sourceLocation)
    }
  }

  /// Pixels and channels one less, equal and one more than tiles and panels, and multiples.
  @Test(arguments: testedFeatures) func tileEdges(_ features: CPUFeatures) {
    let kernel = matrixKernels.best(for: features)
    let rows = kernel.tileRows
    let lanes = kernel.lanes
    for pixels in [1, 2, 3, rows - 1, rows, rows + 1, rows + 3, 2 * rows, 3 * rows + 1] {
      let whole = [1, 2, 3, 4, 5, 6].flatMap { [$0 * lanes, $0 * lanes + 1] }
      for outputs in [1, lanes - 1, 5 * lanes + 2] + whole {
        checkAll(ConvolutionCase(convolution(5, outputs, height: 1, width: pixels)), features, workers: [1, 2])
      }
    }
  }

  @Test(arguments: testedFeatures) func windows(_ features: CPUFeatures) {
    let shapes = [
      convolution(3, 8, height: 9, width: 11, kernel: (3, 3), stride: (2, 2), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(16, 24, height: 8, width: 8, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(4, 20, height: 7, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(batch: 2, 6, 5, height: 10, width: 6, kernel: (5, 3), stride: (1, 2), padBegin: (2, 0), padEnd: (1, 1)),
      convolution(7, 9, height: 12, width: 13, kernel: (3, 3), dilation: (2, 3), padBegin: (2, 3), padEnd: (2, 3)),
      convolution(3, 4, height: 4, width: 4, kernel: (7, 7), stride: (2, 2), padBegin: (3, 3), padEnd: (3, 3)),
      convolution(2, 3, height: 1, width: 30, kernel: (1, 8), stride: (1, 4), padBegin: (0, 3), padEnd: (0, 0)),
      convolution(5, 6, height: 9, width: 5, kernel: (1, 1), stride: (3, 2)),
      convolution(130, 17, height: 3, width: 5, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(8, 8, height: 6, width: 6, kernel: (3, 3)),
      convolution(8, 8, height: 1, width: 1, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(2, 3, height: 5, width: 6, kernel: (2, 2), stride: (2, 2), padBegin: (3, 0), padEnd: (0, 4)),
    ]
    for (index, p) in shapes.enumerated() {
      checkAll(ConvolutionCase(p, seed: UInt64(index)), features)
      checkAll(ConvolutionCase(p, inputGap: 5, outputGap: 3, epilogue: Epilogue(hasBias: true), seed: UInt64(index)), features)
      checkAll(ConvolutionCase(p, planar: true, seed: UInt64(index)), features)
    }
  }

  /// Windows that see the image partly, not at all, or through as many taps as can be told apart.
  @Test(arguments: testedFeatures) func listedWindows(_ features: CPUFeatures) {
    let lanes = matrixKernels.best(for: features).lanes
    let shapes = [
      convolution(17, lanes, height: 9, width: 10, kernel: (8, 8), padBegin: (3, 4), padEnd: (4, 3)),
      convolution(16, 2 * lanes, height: 5, width: 6, kernel: (3, 3), stride: (2, 2), dilation: (4, 5), padBegin: (4, 5), padEnd: (4, 5)),
      convolution(batch: 3, 20, 5 * lanes + 2, height: 5, width: 4, kernel: (3, 3), stride: (2, 1), padBegin: (4, 1), padEnd: (3, 5)),
      convolution(
        batch: 2, groups: 2, 32, 6 * lanes, height: 7, width: 7, kernel: (3, 3), stride: (2, 2), padBegin: (1, 1), padEnd: (1, 1)),
    ]
    for (index, p) in shapes.enumerated() {
      for (gap, epilogue) in [(0, Epilogue()), (3, testedEpilogues[index].epilogue), (1, testedEpilogues[index + 4].epilogue)] {
        ConvolutionCase(p, inputGap: gap, outputGap: gap, epilogue: epilogue, seed: UInt64(index)).check(features, algorithm: .indirect)
      }
    }
    func algorithms(_ kernel: (Int, Int), planar: Bool) -> [ConvolutionAlgorithm] {
      let p = convolution(16, 16, height: 20, width: 20, kernel: kernel, padBegin: (1, 1))
      return ConvolutionF32.algorithms(for: p, inputStrides: ConvolutionCase(p, planar: planar).inputStrides)
    }
    #expect(algorithms((8, 8), planar: false).contains(.indirect))
    #expect(!algorithms((13, 5), planar: false).contains(.indirect) && !algorithms((3, 3), planar: true).contains(.indirect))
  }

  @Test(arguments: testedFeatures) func deepSums(_ features: CPUFeatures) {
    for (_, epilogue) in testedEpilogues {
      checkAll(ConvolutionCase(convolution(1500, 21, height: 2, width: 7), epilogue: epilogue), features)
      checkAll(
        ConvolutionCase(
          convolution(200, 40, height: 3, width: 4, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)), epilogue: epilogue), features)
    }
  }

  @Test(arguments: testedFeatures) func epilogues(_ features: CPUFeatures) {
    for (_, epilogue) in testedEpilogues {
      for p in [
        convolution(batch: 2, 6, 19, height: 5, width: 5), convolution(4, 8, height: 6, width: 7, kernel: (3, 3), padBegin: (1, 0)),
        convolution(groups: 11, 11, 11, height: 6, width: 9, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      ] {
        checkAll(ConvolutionCase(p, epilogue: epilogue), features)
        checkAll(ConvolutionCase(p, inputGap: 2, outputGap: 4, epilogue: epilogue), features)
      }
    }
  }

  @Test(arguments: testedFeatures) func groups(_ features: CPUFeatures) {
    for (groups, inputs, outputs) in [(2, 8, 6), (3, 3, 9), (4, 8, 48), (5, 5, 5), (2, 2, 4)] {
      let p = convolution(groups: groups, inputs, outputs, height: 7, width: 6, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1))
      checkAll(ConvolutionCase(p, epilogue: Epilogue(hasBias: true, maximum: 0.5)), features)
      checkAll(ConvolutionCase(p, inputGap: 1, outputGap: 2), features)
    }
  }

  /// Winograd tiles that the output fills, overfills and does not fill, and channels about registers and panels.
  @Test(arguments: testedFeatures) func winograd(_ features: CPUFeatures) {
    let lanes = matrixKernels.best(for: features).lanes
    for (height, width) in [(1, 1), (2, 3), (4, 4), (6, 9), (8, 17)] {
      for (inputs, outputs) in [(1, 1), (lanes, 2 * lanes), (lanes + 1, 3 * lanes + 1), (3 * lanes - 1, 5 * lanes)] {
        for pad in [(0, 0), (1, 1), (2, 1)] where height + pad.0 + 1 > 2 && width + pad.1 + 1 > 2 {
          let p = convolution(batch: 2, inputs, outputs, height: height, width: width, kernel: (3, 3), padBegin: pad, padEnd: (1, 1))
          let test = ConvolutionCase(p, inputGap: pad.0, outputGap: pad.1, epilogue: testedEpilogues[(height + width) % 8].epilogue)
          for algorithm in [ConvolutionAlgorithm.winograd2x2, .winograd4x4] { test.check(features, algorithm: algorithm) }
        }
      }
    }
    let deep = ConvolutionCase(convolution(700, 40, height: 6, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)))
    for algorithm in [ConvolutionAlgorithm.winograd2x2, .winograd4x4] { deep.check(features, algorithm: algorithm) }
    #expect(Set(winogradKernels.supported(by: features).map(\.output)) == [2, 4])
  }

  /// Each depthwise kernel of the table: channels about registers, widths with and without pixels inside.
  @Test(arguments: testedFeatures) func depthwise(_ features: CPUFeatures) {
    let lanes = depthwiseKernels.best(for: features).lanes
    var names = Set<String>()
    for (kernel, stride, dilation) in [(3, 1, 1), (3, 2, 1), (5, 1, 1), (5, 2, 1), (7, 1, 1), (3, 3, 1), (3, 1, 2), (2, 1, 1), (1, 1, 1)] {
      for width in [1, 2, 3, 5, 7, 8, 12, 15, 22] {
        for channels in [1, lanes, lanes + 1, 3 * lanes - 1] {
          let pad = (kernel - 1) * dilation / 2
          let p = convolution(
            batch: 1 + width % 2, groups: channels, channels, channels, height: 5, width: width, kernel: (kernel, kernel),
            stride: (stride, stride), dilation: (dilation, dilation), padBegin: (pad, pad), padEnd: (pad, pad + width % 2))
          let test = ConvolutionCase(p, inputGap: width % 3, outputGap: width % 2, epilogue: Epilogue(hasBias: true, minimum: -0.5))
          test.check(features, algorithm: .depthwise)
          names.insert(test.primitive(features, algorithm: .depthwise).kernelName)
        }
      }
    }
    // One channel takes eight lanes instead of sixteen.
    let expected = depthwiseKernels.supported(by: features).filter {
      ($0.lanes == lanes || lanes == 16 && $0.lanes == 8) && !$0.repeatsChannels
    }.map(\.name)
    #expect(names == Set(expected))
  }

  /// Images larger than usual second caches, which go four pixels at a time in all channels.
  @Test(arguments: testedFeatures) func depthwiseOfLargeImages(_ features: CPUFeatures) {
    let lanes = depthwiseKernels.best(for: features).lanes
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
      let channels = 3 * lanes - 1
      let p = convolution(
        groups: channels, channels, channels, height: (1 << 19) / (150 * channels) + 1, width: 150, kernel: (kernel, kernel),
        stride: (stride, stride), padBegin: (kernel / 2, kernel / 2), padEnd: (kernel / 2, kernel / 2))
      ConvolutionCase(p, epilogue: Epilogue(hasBias: true, maximum: 0.5)).check(features, algorithm: .depthwise)
    }
  }

  /// Several outputs a channel, by kernels that repeat channels and by copies, in one piece and in bands; blocks of channels that begin
  /// between those of one input channel.
  @Test(arguments: testedFeatures) func channelMultipliers(_ features: CPUFeatures) {
    var names = Set<String>()
    for (channels, multiplier) in [(1, 3), (2, 4), (5, 2), (12, 4), (9, 8), (7, 16), (37, 3), (50, 2)] {
      for (stride, dilation, pad) in [(1, 1, 1), (2, 1, 0), (1, 2, 2), (3, 1, 1)] {
        let p = convolution(
          batch: 2, groups: channels, channels, channels * multiplier, height: 9, width: 11, kernel: (3, 3), stride: (stride, stride),
          dilation: (dilation, dilation), padBegin: (pad, pad), padEnd: (pad, 0))
        let epilogue = Epilogue(hasBias: true, hasResidual: stride == 1, minimum: -0.5)
        let test = ConvolutionCase(p, inputGap: stride - 1, outputGap: pad, epilogue: epilogue)
        test.check(features, algorithm: .depthwise)
        names.insert(test.primitive(features, algorithm: .depthwise).kernelName)
      }
    }
    #expect(names.isSuperset(of: depthwiseKernels.supported(by: features).filter(\.repeatsChannels).map(\.name)))
    let wide = convolution(groups: 17, 17, 51, height: 70, width: 300, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1))
    ConvolutionCase(wide).check(features, algorithm: .depthwise)
    // Of rows that a window sees far outside the image there is no copy.
    let far = convolution(
      groups: 4, 4, 8, height: 3, width: 5, kernel: (3, 1), dilation: (1_000_000, 1), padBegin: (1_000_000, 0), padEnd: (1_000_000, 0))
    let test = ConvolutionCase(far)
    test.check(features, algorithm: .depthwise)
    #expect(test.primitive(features, algorithm: .depthwise).scratchByteCount < 1 << 16)
  }

  /// Few channels: those that leave a wide register half empty have kernels of narrower ones.
  @Test(arguments: testedFeatures) func fewChannels(_ features: CPUFeatures) {
    for channels in [3, 8, 24, 40] {
      let p = convolution(groups: channels, channels, channels, height: 6, width: 13, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1))
      ConvolutionCase(p, epilogue: Epilogue(hasBias: true)).check(features, algorithm: .depthwise)
      let narrow = convolution(30, channels % 9, height: 7, width: 9, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1))
      for algorithm in [ConvolutionAlgorithm.padded, .im2col, .indirect] { ConvolutionCase(narrow).check(features, algorithm: algorithm) }
    }
  }

  @Test(arguments: testedFeatures) func halfPrecisionWeights(_ features: CPUFeatures) {
    for p in [
      convolution(40, 21, height: 3, width: 5), convolution(700, 40, height: 2, width: 5), convolution(33, 50, height: 1, width: 1),
      convolution(groups: 2, 8, 20, height: 5, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(groups: 9, 9, 9, height: 5, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
    ] {
      var test = ConvolutionCase(p, epilogue: Epilogue(hasBias: true))
      test.weightType = .f16
      checkAll(test, features)
    }
  }

  /// Halves that are read as the model stores them: channels about tiles of the transposition, registers, panels and depth blocks.
  @Test(arguments: testedFeatures) func storedWeights(_ features: CPUFeatures) {
    let lanes = matrixKernels.best(for: features).lanes
    var shapes = [
      convolution(16, 40, height: 9, width: 8, kernel: (5, 5), padBegin: (2, 2), padEnd: (2, 2)),
      convolution(19, 24, height: 7, width: 6, kernel: (3, 2), stride: (2, 1), dilation: (1, 2), padBegin: (1, 0), padEnd: (1, 1)),
      convolution(16, 8, height: 1, width: 30, kernel: (1, 3)), convolution(21, 17, height: 9, width: 5, stride: (3, 2)),
      convolution(batch: 2, groups: 3, 54, 21, height: 5, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(16, 9, height: 20, width: 20, kernel: (19, 19), padBegin: (1, 1), padEnd: (1, 1)),
    ]
    for (index, channels) in [16, 17, 24, 31, 255, 256, 257, 700].enumerated() {
      for outputs in [1, 7, 8, lanes, lanes + 1, 2 * lanes, 3 * lanes, 3 * lanes + 1, 5 * lanes + 2] {
        let (height, width) = [(1, 1), (1, 2), (1, 3), (3, 5), (6, 6)][(index + outputs) % 5]
        shapes.append(convolution(channels, outputs, height: height, width: width))
        if channels < 300 {
          shapes.append(
            convolution(channels, outputs, height: height, width: width, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)))
        }
      }
    }
    for (index, p) in shapes.enumerated() {
      let epilogue = testedEpilogues[index % testedEpilogues.count].epilogue
      var test = ConvolutionCase(p, inputGap: index % 3, outputGap: index % 2, epilogue: epilogue, seed: UInt64(index))
      test.weightType = .f16
      test.readsStoredWeights = true
      for algorithm in ConvolutionF32.algorithms(for: p, inputStrides: test.inputStrides)
      where [.direct, .indirect, .padded].contains(algorithm) { test.check(features, algorithm: algorithm, workers: [1, 3]) }
    }
  }

  /// One run does not earn back the packing of many weights; a large image reads few of them often.
  @Test func theCostRuleReadsStoredWeightsForFewRuns() {
    func readsStored(_ p: ConvolutionParameters, runs: Int?) -> Bool {
      let test = ConvolutionCase(p)
      return ConvolutionF32(
        p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, weightType: .f16, expectedRuns: runs,
        readsStoredWeights: nil
      ).readsStoredWeights
    }
    let deep = convolution(512, 2048, height: 7, width: 7)
    #expect(readsStored(deep, runs: 1) && !readsStored(deep, runs: 1000) && !readsStored(deep, runs: nil))
    #expect(!readsStored(convolution(3, 64, height: 224, width: 224, kernel: (3, 3)), runs: 1))
    #expect(!readsStored(convolution(groups: 64, 64, 64, height: 7, width: 7, kernel: (3, 3)), runs: 1))
  }

  /// Weights given in half precision pack to the same bytes as the same values in single precision.
  @Test(arguments: testedFeatures) func packsHalfPrecisionSources(_ features: CPUFeatures) {
    for p in [
      convolution(9, 21, height: 4, width: 3, kernel: (3, 2)), convolution(groups: 5, 5, 5, height: 3, width: 3, kernel: (3, 3)),
      convolution(37, 53, height: 4, width: 3), convolution(groups: 3, 60, 48, height: 4, width: 3),
    ] {
      var generator = SeededGenerator(seed: 5)
      let halves = generator.floats(p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth).map { Float16($0) }
      let test = ConvolutionCase(p)
      for type in [WeightType.f32, .f16] {
        let primitive = ConvolutionF32(
          p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, weightType: type, features: features)
        let packed = [AlignedBytes(primitive.packedWeightsByteCount), AlignedBytes(primitive.packedWeightsByteCount)]
        primitive.packWeights(from: halves, .f16, into: packed[0].base)
        primitive.packWeights(from: halves.map { Float($0) }, .f32, into: packed[1].base)
        let bytes = packed.map { Array(UnsafeRawBufferPointer(start: $0.base, count: primitive.packedWeightsByteCount)) }
        #expect(bytes[0] == bytes[1])
      }
    }
  }

  /// Factors of output channels pack to the same bytes as weights that were multiplied before, from either type.
  @Test(arguments: testedFeatures) func packsFactors(_ features: CPUFeatures) {
    for p in [
      convolution(9, 21, height: 4, width: 3, kernel: (3, 2)), convolution(300, 37, height: 3, width: 3),
      convolution(130, 20, height: 9, width: 9, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
      convolution(groups: 2, 6, 34, height: 4, width: 3, kernel: (2, 2)),
      convolution(groups: 21, 21, 21, height: 3, width: 3, kernel: (3, 3)),
    ] {
      let test = ConvolutionCase(p)
      var generator = SeededGenerator(seed: 6)
      let taps = p.groupInputChannels * p.kernelHeight * p.kernelWidth
      let factors = generator.floats(p.outputChannels)
      let halves = generator.floats(p.outputChannels * taps).map { Float16($0) }
      let weights = halves.map { Float($0) }
      let multiplied = weights.indices.map { weights[$0] * factors[$0 / taps] }
      for algorithm in ConvolutionF32.algorithms(for: p, inputStrides: test.inputStrides) {
        let primitive = test.primitive(features, algorithm: algorithm)
        let packed = (0..<3).map { _ in AlignedBytes(primitive.packedWeightsByteCount) }
        primitive.packWeights(from: multiplied, .f32, into: packed[0].base)
        factors.withUnsafeBufferPointer { factors in
          weights.withUnsafeBytes {
            primitive.packWeights(WeightSource($0.baseAddress!, .f32, factors: factors.baseAddress), into: packed[1].base)
          }
          halves.withUnsafeBytes {
            primitive.packWeights(WeightSource($0.baseAddress!, .f16, factors: factors.baseAddress), into: packed[2].base)
          }
        }
        let bytes = packed.map { Array(UnsafeRawBufferPointer(start: $0.base, count: primitive.packedWeightsByteCount)) }
        #expect(bytes[0] == bytes[1] && bytes[0] == bytes[2], "\(primitive.kernelName)")
      }
    }
  }

  /// Bounds let a NaN pass, wherever it comes from.
  @Test(arguments: testedFeatures) func boundsLetNaNPass(_ features: CPUFeatures) {
    for p in [convolution(8, 19, height: 3, width: 7), convolution(groups: 11, 11, 11, height: 5, width: 7, kernel: (3, 3))] {
      let test = ConvolutionCase(p, epilogue: Epilogue(minimum: 0, maximum: 6))
      for algorithm in ConvolutionF32.algorithms(for: p, inputStrides: test.inputStrides) {
        let primitive = ConvolutionF32(
          p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, epilogue: test.epilogue, features: features,
          algorithm: algorithm)
        let packed = AlignedBytes(primitive.packedWeightsByteCount)
        let weights = [Float](repeating: 1, count: p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth)
        primitive.packWeights(from: weights, .f32, into: packed.base)
        let input = GuardedFloats(count: ConvolutionCase.extent(test.inputStrides, p, output: false), fill: .nan)
        let output = GuardedFloats(count: ConvolutionCase.extent(test.outputStrides, p, output: true))
        let scratch = AlignedBytes(primitive.scratchByteCount)
        withExtendedLifetime((packed, input, scratch)) {
          primitive.run(
            input: input.base, weights: packed.base, bias: nil, residual: nil, output: output.base, scratch: scratch.base, worker: 0,
            workers: 1)
        }
        let values = output.values
        #expect(values.allSatisfy { $0.isNaN }, "\(primitive.kernelName)")
      }
    }
  }

  /// The residual may be the output itself.
  @Test(arguments: testedFeatures) func addsToTheOutput(_ features: CPUFeatures) {
    for p in [
      convolution(900, 21, height: 3, width: 7), convolution(groups: 11, 11, 11, height: 5, width: 7, kernel: (3, 3)),
      convolution(4, 8, height: 6, width: 7, kernel: (3, 3), padBegin: (1, 1), padEnd: (1, 1)),
    ] {
      let test = ConvolutionCase(p, epilogue: Epilogue(hasResidual: true, minimum: -3))
      for algorithm in ConvolutionF32.algorithms(for: p, inputStrides: test.inputStrides) {
        var generator = SeededGenerator(seed: 3)
        let primitive = ConvolutionF32(
          p, inputStrides: test.inputStrides, outputStrides: test.outputStrides, residualStrides: test.outputStrides,
          epilogue: test.epilogue, features: features, algorithm: algorithm)
        let packed = AlignedBytes(primitive.packedWeightsByteCount)
        primitive.packWeights(
          from: generator.floats(p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth), .f32, into: packed.base)
        let input = GuardedFloats(generator.floats(ConvolutionCase.extent(test.inputStrides, p, output: false)))
        let residual = GuardedFloats(generator.floats(ConvolutionCase.extent(test.outputStrides, p, output: true)))
        let apart = GuardedFloats(count: residual.count)
        let together = GuardedFloats(residual.values)
        let scratch = AlignedBytes(primitive.scratchByteCount)
        withExtendedLifetime((packed, input, residual, scratch)) {
          for (source, target) in [(residual, apart), (together, together)] {
            primitive.run(
              input: input.base, weights: packed.base, bias: nil, residual: source.base, output: target.base, scratch: scratch.base,
              worker: 0, workers: 1)
          }
        }
        #expect(apart.values == together.values, "\(primitive.kernelName)")
      }
    }
  }

  @Test(arguments: testedFeatures) func transposed(_ features: CPUFeatures) {
    var seed: UInt64 = 0
    for (kernel, stride, dilation, pad, extra) in [
      (2, 2, 1, 0, 0), (3, 1, 1, 1, 0), (3, 2, 1, 1, 1), (4, 2, 1, 1, 0), (3, 2, 2, 2, 1), (5, 3, 1, 0, 2), (2, 3, 1, 0, 1),
      (1, 2, 1, 0, 0),
      (4, 4, 3, 1, 0), (3, 4, 2, 0, 3),
    ] {
      for (groups, inputs, outputs) in [(1, 5, 9), (2, 8, 34), (6, 6, 6)] {
        for epilogue in [Epilogue(hasBias: true), testedEpilogues[3].epilogue, testedEpilogues[7].epilogue] {
          seed += 1
          var p = convolution(
            batch: 2, groups: groups, inputs, outputs, height: 100, width: 100, kernel: (kernel, kernel), stride: (stride, stride),
            dilation: (dilation, dilation), padBegin: (pad, 0))
          p.inputHeight = 4
          p.inputWidth = 3
          p.outputHeight = max(1, 3 * stride + (kernel - 1) * dilation + 1 - 2 * pad + extra)
          p.outputWidth = 2 * stride + (kernel - 1) * dilation + 1 + extra
          var test = ConvolutionCase(p, inputGap: Int(seed % 3), outputGap: Int(seed % 2), epilogue: epilogue, seed: seed)
          test.isTransposed = true
          test.weightType = seed % 4 == 0 ? .f16 : .f32
          test.check(features, algorithm: nil)
        }
      }
    }
  }

  @Test(arguments: testedFeatures, [UInt64(11), 12, 13, 14]) func randomShapes(_ features: CPUFeatures, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<25 {
      func pick(_ values: [Int]) -> Int { values.randomElement(using: &generator)! }
      let groups = pick([1, 1, 1, 2, 3])
      let kernel = (pick([1, 2, 3, 5]), pick([1, 2, 3, 5]))
      let dilation = (pick([1, 1, 2]), pick([1, 1, 2]))
      let size = (pick([1, 4, 7, 12]) + (kernel.0 - 1) * dilation.0, pick([1, 3, 7, 8, 14]) + (kernel.1 - 1) * dilation.1)
      let p = convolution(
        batch: pick([1, 1, 2]), groups: groups, groups * pick([1, 3, 8, 17]), groups * pick([1, 5, 8, 16, 25]), height: size.0,
        width: size.1, kernel: kernel, stride: (pick([1, 1, 2, 3]), pick([1, 1, 2])), dilation: dilation,
        padBegin: (pick([0, 1, 2]), pick([0, 1, 2])), padEnd: (pick([0, 1, 2]), pick([0, 1, 2])))
      let test = ConvolutionCase(
        p, inputGap: pick([0, 0, 1, 7]), outputGap: pick([0, 0, 2]), planar: pick([0, 0, 0, 1]) == 1,
        epilogue: testedEpilogues[pick(Array(testedEpilogues.indices))].epilogue, seed: seed)
      checkAll(test, features, workers: [1, pick([2, 3])])
    }
  }
}
