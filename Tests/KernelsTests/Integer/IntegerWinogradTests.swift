import KernelCore
import Kernels
import Testing

/// Winograd's filtering in integers gives what the sum of products gives, to the last bit.
@Suite struct IntegerWinogradTests {
  static let algorithms: [IntegerConvolutionAlgorithm] = [.winograd2x2, .winograd4x4]

  static func image(_ channels: Int, _ outputs: Int, _ height: Int, _ width: Int, pad: Int = 1, batch: Int = 1) -> ConvolutionParameters {
    convolution(
      batch: batch, channels, outputs, height: height, width: width, kernel: (3, 3), padBegin: (pad, pad), padEnd: (pad, pad))
  }

  /// Rows and columns one less, equal and one more than tiles, and multiples; with padding and without.
  @Test(arguments: algorithms) func tileEdges(_ algorithm: IntegerConvolutionAlgorithm) {
    for height in [1, 2, 3, 4, 5, 8, 9] {
      for width in [1, 2, 3, 4, 5, 7, 8, 13, 20] {
        IntegerConvolutionCase(
          Self.image(16, 9, height, width), epilogue: ConvolutionI8Tests.quantized, inputType: width % 2 == 0 ? .u8 : .i8,
          seed: UInt64(height)
        ).check(workers: [1, 2], algorithm: algorithm)
        if height > 2 && width > 2 {
          IntegerConvolutionCase(Self.image(16, 9, height, width, pad: 0), seed: UInt64(width)).check(workers: [1], algorithm: algorithm)
        }
      }
    }
    let uneven = convolution(18, 5, height: 6, width: 9, kernel: (3, 3), padBegin: (2, 0), padEnd: (0, 3))
    IntegerConvolutionCase(uneven, zeroPoint: 200).check(algorithm: algorithm)
  }

  /// Channels that fill registers and panels, one pair and one more or less.
  @Test(arguments: algorithms) func channels(_ algorithm: IntegerConvolutionAlgorithm) {
    for inputs in [16, 18, 30, 32, 34, 64, 120] {
      for outputs in [1, 7, 8, 15, 16, 17, 32, 50] {
        let p = Self.image(inputs, outputs, 6, 7, batch: 1 + outputs % 2)
        IntegerConvolutionCase(p, inputGap: outputs % 3, outputGap: inputs % 5, weights: .mixed, seed: UInt64(outputs))
          .check(workers: [1, 3], algorithm: algorithm)
      }
    }
  }

  /// The greatest sums that bytes and weights make, at the greatest depth.
  @Test(arguments: algorithms) func greatestSums(_ algorithm: IntegerConvolutionAlgorithm) {
    let size = algorithm == .winograd2x2 ? 2 : 4
    let depth = IntegerWinogradPoints.greatestDepth(output: size) / 2 * 2
    #expect(depth >= (size == 2 ? 512 : 128))
    for kind in [WeightKind.worst, .any] {
      for greatest in [UInt8(255), 1] {
        for (type, zeroPoint) in [(ActivationType.u8, Int32(0)), (.u8, 255), (.i8, -128), (.i8, 127)] {
          IntegerConvolutionCase(
            Self.image(depth, 3, 4, 5), inputType: type, zeroPoint: zeroPoint, weights: kind, greatest: greatest, seed: 8
          ).check(workers: [1], algorithm: algorithm)
        }
      }
    }
    for seed in 0..<40 {
      var test = IntegerConvolutionCase(Self.image(depth, 8, 8, 12), zeroPoint: Int32(seed % 2 * 255), seed: UInt64(seed))
      test.isAligned = true
      test.check(workers: [1], algorithm: algorithm)
    }
  }

  @Test(arguments: algorithms) func epilogues(_ algorithm: IntegerConvolutionAlgorithm) {
    for (_, epilogue) in testedIntegerEpilogues {
      IntegerConvolutionCase(Self.image(32, 19, 5, 7), outputGap: 4, epilogue: epilogue).check(algorithm: algorithm)
      IntegerConvolutionCase(Self.image(16, 40, 9, 6, batch: 2), inputGap: 2, epilogue: epilogue, inputType: .i8, weights: .mixed)
        .check(algorithm: algorithm)
    }
  }

  /// Several blocks of tiles and of panels.
  @Test(arguments: algorithms) func blocks(_ algorithm: IntegerConvolutionAlgorithm) {
    for p in [Self.image(128, 300, 12, 10), Self.image(64, 48, 40, 33), Self.image(16, 700, 9, 9)] {
      IntegerConvolutionCase(p, epilogue: ConvolutionI8Tests.quantized, weights: .mixed).check(workers: [1, 2, 5], algorithm: algorithm)
    }
  }

  /// Where the instruction set multiplies bytes faster, and where sums might not fit, another way is taken.
  @Test func isNotPickedElsewhere() {
    func algorithms(_ p: ConvolutionParameters, channel: Int = 1, _ features: CPUFeatures) -> [IntegerConvolutionAlgorithm] {
      ConvolutionI8.algorithms(
        for: p, inputStrides: ImageStrides(batch: 1, row: 1, pixel: 1, channel: channel), features: features)
    }
    let p = Self.image(64, 64, 28, 28)
    #expect(algorithms(p, .avx2).first == .winograd4x4)
    #expect(algorithms(p, .all) == [.matrix])
    #expect(algorithms(p, channel: 784, .avx2) == [.matrix])
    #expect(algorithms(Self.image(15, 64, 28, 28), .avx2) == [.matrix])
    #expect(algorithms(Self.image(14, 64, 28, 28), .avx2) == [.matrix])
    #expect(!algorithms(Self.image(132, 64, 28, 28), .avx2).contains(.winograd4x4))
    #expect(!algorithms(Self.image(4000, 64, 28, 28), .avx2).contains(.winograd2x2))
    #expect(algorithms(p, .avx2).count == 3)
  }
}
