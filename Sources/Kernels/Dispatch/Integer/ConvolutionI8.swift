import KernelCore

/// The ways to compute a convolution of 8-bit integers. All give the same integers.
package enum IntegerConvolutionAlgorithm: Hashable, Sendable, CaseIterable {
  /// A matrix product: a row for each output pixel.
  case matrix
  /// Channel by channel, where each is a group.
  case depthwise
  /// Winograd's minimal filtering with output tiles of 2×2.
  case winograd2x2
  /// Winograd's minimal filtering with output tiles of 4×4.
  case winograd4x4
}

/// A two-dimensional convolution of channels-last 8-bit images with constant i8 weights, exact int32 sums and an ``IntegerEpilogue``.
///
/// Made once, then run with nothing but pointers; ``run(input:weights:residual:output:scratch:worker:workers:)`` allocates nothing.
/// Strides are in elements. Padding has the value of the input's zero point. All instruction sets give the same result, bit for bit.
package final class ConvolutionI8: Sendable {
  package let parameters: ConvolutionParameters
  package let workers: Int
  private let implementation: any IntegerConvolutionImplementation

  /// The kernel that runs, as in `conv_u8i8_4x16_avx2`.
  package var kernelName: String { implementation.kernelName }
  package var packedWeightsByteCount: Int { implementation.packedWeightsByteCount }
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { workerScratchByteCount * workers }
  /// Of one worker.
  private var workerScratchByteCount: Int { scratchStride(implementation.scratchByteCount) }

  /// Strides of the residual are needed where the epilogue has one. At most `workers` share a run. `algorithm` is one of
  /// ``algorithms(for:inputStrides:features:expectedRuns:)``, or nil for the one that the cost rule picks.
  package init(
    _ parameters: ConvolutionParameters, inputStrides: ImageStrides, outputStrides: ImageStrides,
    residualStrides: ImageStrides? = nil, inputType: ActivationType, inputZeroPoint: Int32, epilogue: IntegerEpilogue = IntegerEpilogue(),
    workers: Int = 1, features: CPUFeatures = .current, expectedRuns: Int? = nil,
    algorithm: IntegerConvolutionAlgorithm? = nil
  ) {
    precondition(outputStrides.channel == 1 && (residualStrides?.channel ?? 1) == 1, "the output's channels are neighbours")
    precondition((epilogue.residual != nil) == (residualStrides != nil), "a residual has strides")
    precondition(inputType != .f32 && inputType.range.contains(inputZeroPoint), "no 8-bit input")
    precondition(workers > 0 && parameters.multiplyAdditions > 0, "no work")
    self.parameters = parameters
    self.workers = workers
    let description = IntegerConvolutionDescription(
      parameters: parameters, input: inputStrides, output: outputStrides, residual: residualStrides, inputType: inputType,
      inputZeroPoint: inputZeroPoint, epilogue: epilogue, features: features)
    let applicable = Self.algorithms(for: parameters, inputStrides: inputStrides, features: features, expectedRuns: expectedRuns)
    precondition(algorithm.map(applicable.contains) ?? true, "the algorithm does not fit the convolution")
    let algorithm = algorithm ?? applicable[0]
    switch algorithm {
    case .matrix: implementation = IntegerMatrixConvolution(description)
    case .depthwise: implementation = IntegerDepthwiseConvolution(description)
    case .winograd2x2, .winograd4x4:
      let kernels = IntegerWinogradConvolution.kernels(for: parameters, inputStrides: inputStrides, features: features)
      implementation = IntegerWinogradConvolution(description, kernels.first { $0.algorithm == algorithm }!)
    }
  }

  /// The algorithms that can compute such a convolution; first the one that the cost rule picks, which counts the packing of weights too
  /// where `expectedRuns` runs are expected.
  package static func algorithms(
    for p: ConvolutionParameters, inputStrides: ImageStrides, features: CPUFeatures = .current, expectedRuns: Int? = nil
  ) -> [IntegerConvolutionAlgorithm] {
    if IntegerDepthwiseConvolution.applies(to: p, inputStrides: inputStrides) { return [.depthwise, .matrix] }
    let winograd = IntegerWinogradConvolution.kernels(for: p, inputStrides: inputStrides, features: features)
    guard let lanes = winograd.first?.lanes else { return [.matrix] }
    func cycles(_ run: Double, _ weights: Int) -> Double {
      run + Double(weights) * (1 / weightBytesPerCycle + (expectedRuns.map { ConvolutionF32.packingCycles / Double($0) } ?? 0))
    }
    var choices: [(IntegerConvolutionAlgorithm, cycles: Double)] = [
      (.matrix, cycles(IntegerMatrixConvolution.cycles(p, lanes: lanes), p.outputChannels * p.inputChannels * 9))
    ]
    choices += winograd.map {
      ($0.algorithm, cycles(IntegerWinogradConvolution.cycles(p, $0), IntegerWinogradConvolution.weightBytes(p, $0)))
    }
    return choices.sorted { $0.cycles < $1.cycles }.map(\.0)
  }

  /// Packed weights that a run fetches in a cycle.
  private static let weightBytesPerCycle = 8.0

  /// Packs weights of shape O×I×kh×kw (of groups: O and I/groups) and what the epilogue needs of each output channel into
  /// ``packedWeightsByteCount`` bytes, to be aligned to 64.
  ///
  /// `scales` has the input's scale times the weights' for each output channel, `bias` a value in real units.
  package func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer
  ) {
    implementation.packWeights(from: source, scales: scales, bias: bias, into: packed)
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make the output.
  ///
  /// A residual that is added before the activation may be the output itself, at the same strides, if their types are the same.
  package func run(
    input: UnsafeRawPointer, weights: UnsafeRawPointer, residual: UnsafeRawPointer?, output: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    implementation.run(
      IntegerConvolutionArguments(
        input: input, weights: weights, residual: residual, output: output,
        scratch: scratch + worker * workerScratchByteCount, worker: worker, workers: workers))
  }
}

extension IntegerWinogradKernel {
  fileprivate var algorithm: IntegerConvolutionAlgorithm { output == 2 ? .winograd2x2 : .winograd4x4 }
}
