/// A row of an input image that a row of taps sees: the bytes of column 0, and those from a column to the next; of padding, bytes that
/// serve for every column, 0 apart.
@frozen @usableFromInline package struct IntegerTapRow {
  @usableFromInline package var base: UnsafeRawPointer
  @usableFromInline package var pixel: Int

  package init(base: UnsafeRawPointer, pixel: Int) {
    self.base = base
    self.pixel = pixel
  }
}

/// A row of the output of a depthwise convolution of 8-bit integers with its epilogue's first stage: what one call of a kernel computes.
///
/// Strides are in bytes. Weights lie channel register by channel register: an int32 for each channel from which sums start, then m,
/// then a of ``IntegerEpilogue``, then, for each two rows of taps and each column of them, a pair of 16-bit weights for each channel.
/// Channels beyond the last, and the partner of an odd row, have weights of zero.
@frozen @usableFromInline package struct IntegerDepthwiseRow {
  /// The input's rows that the rows of taps see; of an odd number, one more that may be read.
  @usableFromInline package var tapRows: UnsafePointer<IntegerTapRow>
  @usableFromInline package var kernelHeight: Int
  /// As many bytes as there are channels, as a column of padding has them.
  @usableFromInline package var padding: UnsafeRawPointer
  /// Bits to flip in each byte of the input, so that it is unsigned.
  @usableFromInline package var flip: UInt8
  @usableFromInline package var inputWidth: Int
  @usableFromInline package var weights: UnsafeRawPointer
  @usableFromInline package var kernelWidth: Int
  @usableFromInline package var stride: Int
  @usableFromInline package var dilation: Int
  @usableFromInline package var padLeft: Int
  @usableFromInline package var channels: Int

  @usableFromInline package var output: UnsafeMutableRawPointer
  @usableFromInline package var outputPixel: Int
  @usableFromInline package var outputWidth: Int
  @usableFromInline package var stage: IntegerStage
  @usableFromInline package var residual: UnsafeRawPointer?
  @usableFromInline package var residualPixel: Int

  package init(
    tapRows: UnsafePointer<IntegerTapRow>, kernelHeight: Int, padding: UnsafeRawPointer, flip: UInt8, inputWidth: Int,
    weights: UnsafeRawPointer, kernelWidth: Int, stride: Int, dilation: Int, padLeft: Int, channels: Int,
    output: UnsafeMutableRawPointer, outputPixel: Int, outputWidth: Int, stage: IntegerStage, residual: UnsafeRawPointer?,
    residualPixel: Int
  ) {
    self.tapRows = tapRows
    self.kernelHeight = kernelHeight
    self.padding = padding
    self.flip = flip
    self.inputWidth = inputWidth
    self.weights = weights
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.dilation = dilation
    self.padLeft = padLeft
    self.channels = channels
    self.output = output
    self.outputPixel = outputPixel
    self.outputWidth = outputWidth
    self.stage = stage
    self.residual = residual
    self.residualPixel = residualPixel
  }

  /// Bytes of the weights of a channel register.
  @inlinable @inline(__always)
  package static func weightStride(lanes: Int, kernelHeight: Int, kernelWidth: Int) -> Int {
    4 &* lanes &* (3 &+ (kernelHeight &+ 1) / 2 &* kernelWidth)
  }
}

/// Computes an ``IntegerDepthwiseRow``.
package typealias IntegerDepthwiseFunction = @Sendable (_ row: UnsafePointer<IntegerDepthwiseRow>) -> Void

/// A row of the table of integer depthwise kernels.
package struct IntegerDepthwiseKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// 32-bit integers in a register.
  package let lanes: Int
  /// The kernel width that the kernel is for; nil for any, and any dilation.
  package let kernelWidth: Int?
  /// The stride of columns that the kernel is for; nil for any.
  package let stride: Int?
  package let run: IntegerDepthwiseFunction

  package init(
    name: String, requires: CPUFeatures, lanes: Int, kernelWidth: Int?, stride: Int?, run: @escaping IntegerDepthwiseFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.run = run
  }
}
