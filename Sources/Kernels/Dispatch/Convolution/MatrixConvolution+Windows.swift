import KernelCore

extension ConvolutionParameters {
  /// The taps in rows of the input that are inside it, for the windows of an output row.
  private func tapsInside(row: Int) -> UInt64 {
    var taps: UInt64 = 0
    for tap in 0..<kernelHeight * kernelWidth
    where (0..<inputHeight).contains(row * strideHeight - padTop + tap / kernelWidth * dilationHeight) { taps |= 1 << UInt64(tap) }
    return taps
  }

  /// The taps in columns of the input that are inside it, for the windows of an output column.
  private func tapsInside(column: Int) -> UInt64 {
    var taps: UInt64 = 0
    for tap in 0..<kernelHeight * kernelWidth
    where (0..<inputWidth).contains(column * strideWidth - padLeft + tap % kernelWidth * dilationWidth) { taps |= 1 << UInt64(tap) }
    return taps
  }

  /// The taps inside the image of the windows of each output row, then of each output column: a window's are those of both.
  func tapsInside() -> [UInt64] { (0..<outputHeight).map(tapsInside(row:)) + (0..<outputWidth).map(tapsInside(column:)) }
}

/// A pixel of a batch of output images.
struct OutputPixel {
  var image: Int
  var row: Int
  var column: Int

  /// The pixel with such a number, counted through the batch.
  init(_ number: Int, of p: ConvolutionParameters) {
    column = number % p.outputWidth
    row = number / p.outputWidth % p.outputHeight
    image = number / p.outputWidth / p.outputHeight
  }

  /// The next pixel.
  mutating func advance(in p: ConvolutionParameters) {
    column += 1
    if column == p.outputWidth {
      column = 0
      row += 1
      if row == p.outputHeight {
        row = 0
        image += 1
      }
    }
  }
}

extension MatrixConvolution {
  /// The windows of `count` output pixels, counted through the batch, in an input whose first value is A.
  func listWindows(_ windows: UnsafeMutablePointer<MatrixWindow>, firstPixel: Int, count: Int, tapsInside: UnsafePointer<UInt64>) {
    let p = description.parameters
    let strides = description.input
    var pixel = OutputPixel(firstPixel, of: p)
    for index in 0..<count {
      windows[index] = MatrixWindow(
        offset: pixel.image * strides.batch + (pixel.row * p.strideHeight - p.padTop) * strides.row
          + (pixel.column * p.strideWidth - p.padLeft) * strides.pixel,
        taps: tapsInside[pixel.row] & tapsInside[p.outputHeight + pixel.column])
      pixel.advance(in: p)
    }
  }
}
