import KernelCore

/// A two-dimensional convolution of channels-last 8-bit images with constant i8 weights, exact int32 sums and an ``IntegerEpilogue``.
///
/// Made once, then run with nothing but pointers; ``run(input:weights:residual:output:scratch:worker:workers:)`` allocates nothing.
/// Strides are in elements. Padding has the value of the input's zero point. All instruction sets give the same result, bit for bit.
package final class ConvolutionI8: Sendable {
  package let parameters: ConvolutionParameters
  package let workers: Int
  private let inputStrides: ImageStrides
  private let outputStrides: ImageStrides
  private let residualStrides: ImageStrides?
  private let epilogue: IntegerEpilogue
  private let inputType: ActivationType
  private let inputZeroPoint: Int32

  /// The kernel that runs, as in `conv_u8i8_4x16_avx2`.
  package var kernelName: String { "conv_u8i8_reference" }
  package var packedWeightsByteCount: Int { weightCount + 8 * parameters.outputChannels }
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { 0 }

  private var weightCount: Int {
    let p = parameters
    return (p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth).roundedUp(to: 4)
  }

  /// Strides of the residual are needed where the epilogue has one. At most `workers` share a run.
  package init(
    _ parameters: ConvolutionParameters, inputStrides: ImageStrides, outputStrides: ImageStrides,
    residualStrides: ImageStrides? = nil, inputType: ActivationType, inputZeroPoint: Int32, epilogue: IntegerEpilogue = IntegerEpilogue(),
    workers: Int = 1, features: CPUFeatures = .current
  ) {
    precondition(outputStrides.channel == 1 && (residualStrides?.channel ?? 1) == 1, "the output's channels are neighbours")
    precondition((epilogue.residual != nil) == (residualStrides != nil), "a residual has strides")
    precondition(inputType != .f32 && inputType.range.contains(inputZeroPoint), "no 8-bit input")
    precondition(workers > 0 && parameters.multiplyAdditions > 0, "no work")
    self.parameters = parameters
    self.inputStrides = inputStrides
    self.outputStrides = outputStrides
    self.residualStrides = residualStrides
    self.inputType = inputType
    self.inputZeroPoint = inputZeroPoint
    self.epilogue = epilogue
    self.workers = workers
  }

  /// Packs weights of shape O×I×kh×kw (of groups: O and I/groups) and what the epilogue needs of each output channel into
  /// ``packedWeightsByteCount`` bytes, to be aligned to 64.
  ///
  /// `scales` has the input's scale times the weights' for each output channel, `bias` a value in real units.
  package func packWeights(
    from source: UnsafePointer<Int8>, scales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, into packed: UnsafeMutableRawPointer
  ) {
    let p = parameters
    let count = p.outputChannels * p.groupInputChannels * p.kernelHeight * p.kernelWidth
    packed.copyMemory(from: source, byteCount: count)
    let floats = (packed + weightCount).assumingMemoryBound(to: Float.self)
    for o in 0..<p.outputChannels {
      floats[o] = scales[o]
      floats[p.outputChannels + o] = bias?[o] ?? 0
    }
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make the output.
  package func run(
    input: UnsafeRawPointer, weights: UnsafeRawPointer, residual: UnsafeRawPointer?, output: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    if worker > 0 { return }
    let floats = (weights + weightCount).assumingMemoryBound(to: Float.self)
    referenceIntegerConvolution(
      parameters, input: input, inputType: inputType, inputZeroPoint: inputZeroPoint, inputStrides: inputStrides,
      weights: weights.assumingMemoryBound(to: Int8.self), scales: floats, bias: floats + parameters.outputChannels, residual: residual,
      residualStrides: residualStrides, epilogue: epilogue, output: output, outputStrides: outputStrides)
  }
}
