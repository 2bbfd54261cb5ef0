import KernelCore
import Testing

@testable import Kernels

/// The wide kernels' sources with emulated registers.
@Suite struct EmulatedKernelTests {
  static let kernels: [IntegerMatrixKernel] = [
    IntegerMatrixKernel(name: "exact", requires: [], lanes: 16, tileRows: 6) { computeIntegerBlock(EmulatedTiles<ExactDots>.self, $0) },
    IntegerMatrixKernel(name: "saturating", requires: [], lanes: 16, tileRows: 6, prefersSmallValues: true) {
      computeIntegerBlock(EmulatedTiles<SaturatingDots>.self, $0)
    },
  ]

  /// Through the same primitive as the instruction sets' kernels.
  @Test(arguments: [0, 1]) func matrices(_ index: Int) {
    var seed: UInt64 = 70
    for kernel in Self.kernels[index...index] {
      for weights in WeightKind.allCases {
        for (channels, outputs, pixels, size) in [(8, 33, 17, 1), (64, 20, 9, 1), (72, 40, 5, 3), (3, 16, 10, 3)] {
          for greatest in [UInt8(90), 255] {
            seed += 1
            let pad = size / 2
            let p = convolution(
              channels, outputs, height: 2, width: pixels, kernel: (size, size), padBegin: (pad, pad), padEnd: (pad, pad))
            let test = IntegerConvolutionCase(
              p, epilogue: testedIntegerEpilogues[Int(seed) % 4].epilogue, inputType: seed % 3 == 0 ? .i8 : .u8, weights: weights,
              greatest: greatest, seed: seed)
            test.check(kernel)
          }
        }
      }
    }
  }

  @Test func depthwise() {
    for (channels, width, stride) in [(16, 9, 1), (35, 12, 2), (5, 4, 1)] {
      let p = convolution(
        groups: channels, channels, channels, height: 3, width: width, kernel: (3, 3), stride: (stride, stride), padBegin: (1, 1),
        padEnd: (1, 1))
      let kernel = IntegerDepthwiseKernel(
        name: "emulated", requires: [], lanes: 16, kernelWidth: 3, stride: stride, rows: stride == 1 ? 2 : 1
      ) {
        if stride == 1 {
          computeIntegerDepthwise(
            EmulatedI32x16<ExactDots>.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, InlineArray<2, Void>.self, $0)
        } else {
          computeIntegerDepthwise(
            EmulatedI32x16<ExactDots>.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, InlineArray<1, Void>.self, $0)
        }
      }
      for inputType in [ActivationType.u8, .i8] {
        IntegerConvolutionCase(p, epilogue: testedIntegerEpilogues[1].epilogue, inputType: inputType).check(kernel)
      }
    }
  }
}

extension IntegerConvolutionCase {
  private func description(_ epilogue: IntegerEpilogue) -> IntegerConvolutionDescription {
    IntegerConvolutionDescription(
      parameters: parameters, input: inputStrides, output: outputStrides, residual: residualStrides, inputType: inputType,
      inputZeroPoint: zeroPoint, epilogue: epilogue, features: [])
  }

  /// Checks a matrix kernel that is in no table.
  func check(_ kernel: IntegerMatrixKernel) { check(kernel.name) { IntegerMatrixConvolution(description($0), kernel) } }
  /// Checks a depthwise kernel that is in no table.
  func check(_ kernel: IntegerDepthwiseKernel) { check(kernel.name) { IntegerDepthwiseConvolution(description($0), kernel) } }

  private func check(_ name: String, _ make: (IntegerEpilogue) -> any IntegerConvolutionImplementation) {
    let p = parameters
    var generator = SeededGenerator(seed: seed)
    let depth = p.groupInputChannels * p.kernelHeight * p.kernelWidth
    let input = GuardedBytes(generator.bytes(ConvolutionCase.extent(inputStrides, p, output: false), in: 0...greatest))
    let source = generator.weights(p.outputChannels * depth, weights)
    let scales = [Float](repeating: 1 / (128 * 75 * Float(depth).squareRoot()), count: p.outputChannels)
    let bias = epilogue.hasBias ? generator.floats(p.outputChannels) : nil
    let count = ConvolutionCase.extent(outputStrides, p, output: true) * epilogue.output.type.byteCount
    let expected = GuardedBytes(count: count)
    let output = GuardedBytes(count: count)
    let primitive = make(epilogue)
    let packed = AlignedBytes(primitive.packedWeightsByteCount)
    let scratch = AlignedBytes(primitive.scratchByteCount)
    primitive.packWeights(from: source, scales: scales, bias: bias, into: packed.base)
    withExtendedLifetime((input, packed, scratch)) {
      referenceIntegerConvolution(
        p, input: input.base, inputType: inputType, inputZeroPoint: zeroPoint, inputStrides: inputStrides, weights: source,
        scales: scales, bias: bias, residual: nil, residualStrides: nil, epilogue: epilogue, output: expected.base,
        outputStrides: outputStrides)
      primitive.run(
        IntegerConvolutionArguments(
          input: input.base, weights: packed.base, residual: nil, output: output.base, scratch: scratch.base, worker: 0, workers: 1))
    }
    #expect(output.values == expected.values, "\(name) seed \(seed), \(weights), \(p)")
  }
}
