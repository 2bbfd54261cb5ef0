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

/// Neighbouring rows of the output of a depthwise convolution of 8-bit integers with its epilogue's first stage: what one call of a
/// kernel computes.
///
/// The input's rows go two by two: the bytes of both alternate in a row of pairs, with padding at its ends, and each pair meets the
/// taps of all the output's rows that see it. Rows of pairs stay from one call to the next, which begins one row of pairs later.
///
/// Strides are in bytes. Weights lie channel register by channel register: an int32 for each channel from which sums start, then m,
/// then a of ``IntegerEpilogue``, then, for each row of pairs, row of the kernel's output and column of taps, a pair of 16-bit weights
/// for each channel. Channels beyond the last, and what no tap sees, have weights of zero.
@frozen @usableFromInline package struct IntegerDepthwiseBlock {
  /// The input's rows, two for each row of pairs.
  @usableFromInline package var tapRows: UnsafePointer<IntegerTapRow>
  @usableFromInline package var pairRowCount: Int
  /// Rows of pairs that lie there already.
  @usableFromInline package var pairRowsReady = 0
  /// Room for the rows of pairs; the first of them lies at place `firstPlace`, and the first place follows the last.
  @usableFromInline package var pairs: UnsafeMutableRawPointer
  @usableFromInline package var pairRowBytes: Int
  @usableFromInline package var firstPlace = 0
  /// Columns of a row of pairs, padding included.
  @usableFromInline package var pairColumns: Int
  @usableFromInline package var inputWidth: Int
  @usableFromInline package var padLeft: Int
  /// Bits to flip in each byte of the input, so that it is unsigned, and the zero point once they are.
  @usableFromInline package var flip: UInt8
  @usableFromInline package var zeroPoint: UInt8

  @usableFromInline package var weights: UnsafeRawPointer
  @usableFromInline package var weightStride: Int
  @usableFromInline package var kernelWidth: Int
  @usableFromInline package var stride: Int
  @usableFromInline package var dilation: Int
  @usableFromInline package var channels: Int

  @usableFromInline package var output: UnsafeMutableRawPointer
  @usableFromInline package var outputPixel: Int
  @usableFromInline package var outputRow: Int
  @usableFromInline package var outputWidth: Int
  /// At most as many as the kernel computes at once.
  @usableFromInline package var outputRows = 1
  @usableFromInline package var stage: IntegerStage
  @usableFromInline package var residual: UnsafeRawPointer?
  @usableFromInline package var residualPixel = 0
  @usableFromInline package var residualRow = 0

  package init(
    tapRows: UnsafePointer<IntegerTapRow>, pairRowCount: Int, pairs: UnsafeMutableRawPointer, pairRowBytes: Int, pairColumns: Int,
    inputWidth: Int, padLeft: Int, flip: UInt8, zeroPoint: UInt8, weights: UnsafeRawPointer, weightStride: Int, kernelWidth: Int,
    stride: Int, dilation: Int, channels: Int, output: UnsafeMutableRawPointer, outputPixel: Int, outputRow: Int, outputWidth: Int,
    stage: IntegerStage
  ) {
    self.tapRows = tapRows
    self.pairRowCount = pairRowCount
    self.pairs = pairs
    self.pairRowBytes = pairRowBytes
    self.pairColumns = pairColumns
    self.inputWidth = inputWidth
    self.padLeft = padLeft
    self.flip = flip
    self.zeroPoint = zeroPoint
    self.weights = weights
    self.weightStride = weightStride
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.dilation = dilation
    self.channels = channels
    self.output = output
    self.outputPixel = outputPixel
    self.outputRow = outputRow
    self.outputWidth = outputWidth
    self.stage = stage
  }

  /// The four pixels from `pixel` on exist, and are sums within bounds that a type has.
  @inlinable @inline(__always)
  func storesFour(pixel: Int) -> Bool { stage.saturates && residual == nil && pixel &+ 4 <= outputWidth }

  /// The row of pairs that `index` rows follow the first.
  @inlinable @inline(__always)
  func pairRow(_ index: Int) -> UnsafeMutableRawPointer {
    let place = firstPlace &+ index
    return pairs + (place >= pairRowCount ? place &- pairRowCount : place) &* pairRowBytes
  }
}

/// Computes an ``IntegerDepthwiseBlock``.
package typealias IntegerDepthwiseFunction = @Sendable (_ block: UnsafePointer<IntegerDepthwiseBlock>) -> Void

/// A row of the table of integer depthwise kernels.
package struct IntegerDepthwiseKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// 32-bit integers in a register.
  package let lanes: Int
  /// The kernel width that the kernel is for, without dilation; nil for any, and any dilation.
  package let kernelWidth: Int?
  /// The stride of columns that the kernel is for; nil for any.
  package let stride: Int?
  /// Rows of the output that a call computes; of several, neighbouring taps see neighbouring rows, and so do the output's rows.
  package let rows: Int
  package let run: IntegerDepthwiseFunction

  /// Pixels that a call computes together; there is room for pairs of as many.
  package var pixels: Int { kernelWidth == nil ? 1 : integerDepthwisePixels }

  package init(
    name: String, requires: CPUFeatures, lanes: Int, kernelWidth: Int?, stride: Int?, rows: Int, run: @escaping IntegerDepthwiseFunction
  ) {
    self.name = name
    self.requires = requires
    self.lanes = lanes
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.rows = rows
    self.run = run
  }

  /// Whether the kernel computes what the parameters say.
  package func fits(_ p: ConvolutionParameters) -> Bool {
    guard let kernelWidth else { return true }
    return kernelWidth == p.kernelWidth && stride == p.strideWidth && p.dilationWidth == 1
      && (rows == 1 || p.strideHeight == 1 && p.dilationHeight == 1)
  }
}
