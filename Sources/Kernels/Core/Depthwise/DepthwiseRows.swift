/// The tap rows of a window that lie inside the image.
@frozen @usableFromInline package struct DepthwiseTapRows {
  @usableFromInline package var first: Int
  @usableFromInline package var end: Int

  @inlinable @inline(__always)
  package init(first: Int, end: Int) {
    self.first = first
    self.end = end
  }
}

/// One or two neighbouring rows of the output of a depthwise convolution: what one call of a depthwise kernel computes.
///
/// Strides are in elements. Weights lie channel register by channel register, each with its taps row by row; channels beyond
/// the last are zero.
@frozen @usableFromInline package struct DepthwiseRows {
  /// Column 0 of the input row that tap row 0 of the first output row sees, be it inside the image or not.
  @usableFromInline package var input: UnsafePointer<Float>
  @usableFromInline package var inputPixel: Int
  /// Between rows that neighbouring tap rows see.
  @usableFromInline package var inputRow: Int
  /// Between rows that the same tap row of neighbouring output rows sees.
  @usableFromInline package var inputStep: Int
  @usableFromInline package var inputWidth: Int
  /// The weights of the first channel register.
  @usableFromInline package var weights: UnsafePointer<Float>
  /// The output rows, 1 or 2, and what each uses of the tap rows.
  @usableFromInline package var rows: Int
  @usableFromInline package var tapRows: InlineArray<2, DepthwiseTapRows>
  @usableFromInline package var kernelHeight: Int
  @usableFromInline package var kernelWidth: Int
  @usableFromInline package var stride: Int
  @usableFromInline package var dilation: Int
  @usableFromInline package var padLeft: Int
  /// Whether the input's rows come from beyond the second cache.
  @usableFromInline package var isFar: Bool
  @usableFromInline package var channels: Int
  /// The neighbouring channels of the output that each channel of the input makes: 1, or, for a kernel that repeats channels, a power of
  /// two that divides its registers.
  @usableFromInline package var multiplier: Int

  /// Pixel 0 of the first output row.
  @usableFromInline package var output: UnsafeMutablePointer<Float>
  @usableFromInline package var outputPixel: Int
  @usableFromInline package var outputRow: Int
  @usableFromInline package var outputWidth: Int
  @usableFromInline package var epilogue: PixelEpilogue

  package init(
    input: UnsafePointer<Float>, inputPixel: Int, inputRow: Int, inputStep: Int, inputWidth: Int, weights: UnsafePointer<Float>,
    kernelHeight: Int, kernelWidth: Int, stride: Int, dilation: Int, padLeft: Int, isFar: Bool, channels: Int, multiplier: Int,
    output: UnsafeMutablePointer<Float>, outputPixel: Int, outputRow: Int, outputWidth: Int, epilogue: PixelEpilogue
  ) {
    self.input = input
    self.inputPixel = inputPixel
    self.inputRow = inputRow
    self.inputStep = inputStep
    self.inputWidth = inputWidth
    self.weights = weights
    rows = 0
    tapRows = InlineArray(repeating: DepthwiseTapRows(first: 0, end: 0))
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.dilation = dilation
    self.padLeft = padLeft
    self.isFar = isFar
    self.channels = channels
    self.multiplier = multiplier
    self.output = output
    self.outputPixel = outputPixel
    self.outputRow = outputRow
    self.outputWidth = outputWidth
    self.epilogue = epilogue
  }
}

/// Computes ``DepthwiseRows``.
package typealias DepthwiseFunction = @Sendable (_ rows: UnsafePointer<DepthwiseRows>) -> Void

/// A row of the table of depthwise kernels.
package struct DepthwiseKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// Floats in a register.
  package let lanes: Int
  /// The kernel width that the kernel is for; nil for any, and any dilation.
  package let kernelWidth: Int?
  /// The stride of columns that the kernel is for; nil for any.
  package let stride: Int?
  /// Whether the kernel is for several output channels of each input channel, which it repeats as it reads.
  package let repeatsChannels: Bool
  /// The most rows of a call.
  package var rows: Int { kernelWidth == nil ? 1 : 2 }
  package let run: DepthwiseFunction

  package init(
    name: String, requires: CPUFeatures, lanes: Int, kernelWidth: Int?, stride: Int?, repeatsChannels: Bool = false,
    run: @escaping DepthwiseFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.repeatsChannels = repeatsChannels
    self.run = run
  }

  /// Whether the kernel is for windows so wide, and for `multiplier` output channels of each input channel. A kernel that does not repeat
  /// channels is for any number: it reads a copy that repeats them.
  package func applies(kernelWidth: Int, stride: Int, dilation: Int, multiplier: Int) -> Bool {
    if repeatsChannels && (multiplier == 1 || lanes % multiplier != 0) { return false }
    return self.kernelWidth == nil || self.kernelWidth == kernelWidth && self.stride == stride && dilation == 1
  }
}
