import KernelCore

/// The ways to compute a convolution.
package enum ConvolutionAlgorithm: Hashable, Sendable, CaseIterable {
  /// A matrix product straight from the image: windows that lie inside it.
  case direct
  /// The same from windows that may reach beyond the image, each found on its own.
  case indirect
  /// The same from a copy of the rows at hand with zeros around them.
  case padded
  /// A matrix product from a copy of every window.
  case im2col
  /// Channel by channel, where each is a group.
  case depthwise
  /// Winograd's minimal filtering with output tiles of 2×2.
  case winograd2x2
  /// Winograd's minimal filtering with output tiles of 4×4.
  case winograd4x4

  /// The largest error of a result, as a part of the sum of the magnitudes of what is added to make it.
  package var errorBound: Float {
    switch self {
    case .direct, .indirect, .padded, .im2col, .depthwise: 1e-6
    case .winograd2x2: 2e-6
    case .winograd4x4: 1e-5
    }
  }
}

extension ConvolutionAlgorithm {
  /// What a matrix product reads the rows of A from; nil for other algorithms.
  var matrixSource: MatrixConvolution.Source? {
    switch self {
    case .direct: .image
    case .indirect: .listedWindows
    case .padded: .paddedRows
    case .im2col: .windows
    case .depthwise, .winograd2x2, .winograd4x4: nil
    }
  }
}

/// Pointers of one run, and the worker's place among its fellows.
struct ConvolutionArguments {
  var input: UnsafePointer<Float>
  var weights: UnsafeRawPointer
  var bias: UnsafePointer<Float>?
  var residual: UnsafePointer<Float>?
  var output: UnsafeMutablePointer<Float>
  /// This worker's own.
  var scratch: UnsafeMutableRawPointer
  var worker: Int
  var workers: Int
}

/// What makes a convolution and its algorithm.
struct ConvolutionDescription: Sendable {
  var parameters: ConvolutionParameters
  var input: ImageStrides
  var output: ImageStrides
  var residual: ImageStrides?
  var epilogue: Epilogue
  var weightType: WeightType
  var features: CPUFeatures

  /// The epilogue as kernels of images take it, but for its pointers.
  var pixelEpilogue: PixelEpilogue {
    PixelEpilogue(epilogue, residualPixel: residual?.pixel ?? 0, residualRow: residual?.row ?? 0)
  }
}

/// An algorithm bound to a description.
protocol ConvolutionImplementation: AnyObject, Sendable {
  var kernelName: String { get }
  var packedWeightsByteCount: Int { get }
  /// Of one worker.
  var scratchByteCount: Int { get }
  /// Whether it runs with weights as the model stores them; others are packed.
  var readsStoredWeights: Bool { get }
  /// About the cycles of a run that go into weights as the model stores them.
  var storedCycles: Double { get }
  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer)
  func run(_ arguments: ConvolutionArguments)
}

extension ConvolutionImplementation {
  var readsStoredWeights: Bool { false }
  var storedCycles: Double { 0 }
}

/// A two-dimensional convolution of single-precision images with packed weights of single or half precision.
///
/// Made once, then run with nothing but pointers; ``run(input:weights:bias:residual:output:scratch:worker:workers:)`` allocates nothing.
/// The input is channels-last, or of any channel stride where few channels make a copy cheap; output and residual are channels-last.
package final class ConvolutionF32: Sendable {
  package let parameters: ConvolutionParameters
  package let algorithm: ConvolutionAlgorithm
  package let workers: Int
  private let implementation: any ConvolutionImplementation

  /// The kernel that runs, as in `conv_f32_6x16_avx2`.
  package var kernelName: String { implementation.kernelName }
  /// The largest error of a result, as a part of the sum of the magnitudes of what is added to make it.
  package var errorBound: Float { algorithm.errorBound }
  package var packedWeightsByteCount: Int { implementation.packedWeightsByteCount }
  /// Whether it runs with weights as the model stores them instead of packed ones.
  package var readsStoredWeights: Bool { implementation.readsStoredWeights }
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { workerScratchByteCount * workers }
  /// Of one worker.
  var workerScratchByteCount: Int { scratchStride(implementation.scratchByteCount) }

  /// Strides of the residual are needed where the epilogue has one. Weights are packed to `weightType`; sums are single precision
  /// either way. At most `workers` share a run. `algorithm` is one of ``algorithms(for:inputStrides:)``, or nil for the one that the
  /// cost rule picks; of a convolution that is expected to run `expectedRuns` times it counts the packing of weights too.
  /// `readsStoredWeights`: whether weights of half precision are read as the model stores them, O×I×kh×kw, where the algorithm can; nil
  /// for what the cost rule picks.
  package init(
    _ parameters: ConvolutionParameters, inputStrides: ImageStrides, outputStrides: ImageStrides,
    residualStrides: ImageStrides? = nil, epilogue: Epilogue = Epilogue(), weightType: WeightType = .f32, workers: Int = 1,
    features: CPUFeatures = .current, expectedRuns: Int? = nil, algorithm: ConvolutionAlgorithm? = nil,
    readsStoredWeights: Bool? = false
  ) {
    precondition(outputStrides.channel == 1 && (residualStrides?.channel ?? 1) == 1, "the output's channels are neighbours")
    precondition(epilogue.hasResidual == (residualStrides != nil), "a residual has strides")
    precondition(workers > 0 && parameters.multiplyAdditions > 0, "no work")
    let description = ConvolutionDescription(
      parameters: parameters, input: inputStrides, output: outputStrides, residual: residualStrides, epilogue: epilogue,
      weightType: weightType, features: features)
    let applicable = Self.algorithms(for: parameters, inputStrides: inputStrides)
    // Many runs earn back any packing.
    let ways = readsStoredWeights.map { [$0] } ?? (expectedRuns == nil ? [false] : [false, true])
    let choices = applicable.filter { $0 == algorithm ?? $0 }.flatMap { algorithm in
      let canReadStored = algorithm.matrixSource.map { MatrixConvolution.canReadStoredWeights(description, $0) } ?? false
      let runCycles = Self.runCycles(algorithm, description)
      return ways.filter { !$0 || canReadStored }.map { Choice(algorithm: algorithm, readsStoredWeights: $0, runCycles: runCycles) }
    }
    precondition(!choices.isEmpty, "the algorithm does not fit the convolution")
    let cheapest = Self.cheapest(of: choices, description, expectedRuns: expectedRuns)
    self.parameters = parameters
    self.algorithm = cheapest.algorithm
    self.workers = workers
    implementation = cheapest.implementation
  }

  /// An algorithm, and what it does about weights.
  private struct Choice {
    var algorithm: ConvolutionAlgorithm
    var readsStoredWeights: Bool
    /// About the cycles of a run, without what it does about weights.
    var runCycles: Double
  }

  private static func implementation(_ choice: Choice, _ description: ConvolutionDescription) -> any ConvolutionImplementation {
    switch choice.algorithm {
    case .direct, .indirect, .padded, .im2col:
      MatrixConvolution(description, choice.algorithm.matrixSource!, readsStoredWeights: choice.readsStoredWeights)
    case .depthwise: DepthwiseConvolution(description)
    case .winograd2x2: WinogradConvolution(description, output: 2)
    case .winograd4x4: WinogradConvolution(description, output: 4)
    }
  }

  /// The algorithms that can compute such a convolution.
  package static func algorithms(
    for parameters: ConvolutionParameters, inputStrides: ImageStrides
  ) -> [ConvolutionAlgorithm] {
    var result: [ConvolutionAlgorithm] = [.padded, .im2col]
    if parameters.isInside && inputStrides.channel == 1 { result.append(.direct) }
    if MatrixConvolution.listsWindows(parameters, inputStrides: inputStrides) { result.append(.indirect) }
    if DepthwiseConvolution.applies(to: parameters, inputStrides: inputStrides) { result.append(.depthwise) }
    if WinogradTiling.applies(to: parameters, inputStrides: inputStrides) { result += [.winograd2x2, .winograd4x4] }
    return result
  }

  /// Cycles for a byte of packed weights: most of them pass while the system clears its page.
  static let packingCycles = 2.0

  private static func runCycles(_ algorithm: ConvolutionAlgorithm, _ description: ConvolutionDescription) -> Double {
    switch algorithm {
    case .direct, .indirect, .padded, .im2col: MatrixConvolution.cycles(description, algorithm.matrixSource!)
    case .depthwise: DepthwiseConvolution.cycles(description)
    case .winograd2x2: WinogradConvolution.cycles(description, output: 2)
    case .winograd4x4: WinogradConvolution.cycles(description, output: 4)
    }
  }

  private static func cheapest(
    of choices: [Choice], _ description: ConvolutionDescription, expectedRuns: Int?
  ) -> (algorithm: ConvolutionAlgorithm, implementation: any ConvolutionImplementation) {
    var best: (algorithm: ConvolutionAlgorithm, implementation: any ConvolutionImplementation)?
    var least = Double.infinity
    // Once a run alone costs more, so do all that follow.
    for choice in choices.sorted(by: { $0.runCycles < $1.runCycles }) where choice.runCycles < least {
      let implementation = implementation(choice, description)
      var cycles = choice.runCycles
      if let expectedRuns {
        cycles += implementation.storedCycles + packingCycles * Double(implementation.packedWeightsByteCount) / Double(expectedRuns)
      }
      if cycles < least {
        best = (choice.algorithm, implementation)
        least = cycles
      }
    }
    return best!
  }

  /// Packs weights of shape O×I×kh×kw (of groups: O and I/groups) into ``packedWeightsByteCount`` bytes.
  package func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    implementation.packWeights(source, into: packed)
  }

  /// Packs weights that are not multiplied by anything.
  package func packWeights(from source: UnsafeRawPointer, _ type: WeightType, into packed: UnsafeMutableRawPointer) {
    packWeights(WeightSource(source, type), into: packed)
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make the output.
  package func run(
    input: UnsafePointer<Float>, weights: UnsafeRawPointer, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    run(
      ConvolutionArguments(
        input: input, weights: weights, bias: bias, residual: residual, output: output,
        scratch: scratch + worker * workerScratchByteCount, worker: worker, workers: workers))
  }

  /// Computes a worker's share in ``workerScratchByteCount`` bytes of its own.
  func run(_ arguments: ConvolutionArguments) { implementation.run(arguments) }
}
