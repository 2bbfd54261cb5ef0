/// A row of the output of a depthwise convolution: what one call of a depthwise kernel computes.
///
/// Strides are in elements. Weights lie channel register by channel register, each with its taps row by row; channels beyond
/// the last are zero.
@frozen @usableFromInline package struct DepthwiseRow {
  /// Column 0 of the input row that the first tap row in use sees.
  @usableFromInline package var input: UnsafePointer<Float>
  @usableFromInline package var inputPixel: Int
  /// Between rows that neighbouring tap rows see.
  @usableFromInline package var inputRow: Int
  @usableFromInline package var inputWidth: Int
  /// The weights of the first channel register.
  @usableFromInline package var weights: UnsafePointer<Float>
  /// The first tap row in use, and how many are; the others see padding.
  @usableFromInline package var firstTapRow: Int
  @usableFromInline package var tapRows: Int
  @usableFromInline package var kernelHeight: Int
  @usableFromInline package var kernelWidth: Int
  @usableFromInline package var stride: Int
  @usableFromInline package var dilation: Int
  @usableFromInline package var padLeft: Int
  @usableFromInline package var channels: Int

  /// Pixel 0 of the output row.
  @usableFromInline package var output: UnsafeMutablePointer<Float>
  @usableFromInline package var outputPixel: Int
  @usableFromInline package var outputWidth: Int
  @usableFromInline package var bias: UnsafePointer<Float>?
  @usableFromInline package var residual: UnsafePointer<Float>?
  @usableFromInline package var residualPixel: Int
  /// The residual is added to the bounded result instead of the sum.
  @usableFromInline package var residualIsLate: Bool
  @usableFromInline package var minimum: Float
  @usableFromInline package var maximum: Float

  package init(
    input: UnsafePointer<Float>, inputPixel: Int, inputRow: Int, inputWidth: Int, weights: UnsafePointer<Float>, firstTapRow: Int,
    tapRows: Int, kernelHeight: Int, kernelWidth: Int, stride: Int, dilation: Int, padLeft: Int, channels: Int,
    output: UnsafeMutablePointer<Float>, outputPixel: Int, outputWidth: Int, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, residualPixel: Int, residualIsLate: Bool, minimum: Float, maximum: Float
  ) {
    self.input = input
    self.inputPixel = inputPixel
    self.inputRow = inputRow
    self.inputWidth = inputWidth
    self.weights = weights
    self.firstTapRow = firstTapRow
    self.tapRows = tapRows
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.dilation = dilation
    self.padLeft = padLeft
    self.channels = channels
    self.output = output
    self.outputPixel = outputPixel
    self.outputWidth = outputWidth
    self.bias = bias
    self.residual = residual
    self.residualPixel = residualPixel
    self.residualIsLate = residualIsLate
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Computes a ``DepthwiseRow``.
package typealias DepthwiseRowFunction = @Sendable (_ row: UnsafePointer<DepthwiseRow>) -> Void

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
  package let run: DepthwiseRowFunction

  package init(
    name: String, requires: CPUFeatures, lanes: Int, kernelWidth: Int?, stride: Int?, run: @escaping DepthwiseRowFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.run = run
  }
}
