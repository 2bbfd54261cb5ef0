import KernelCore

extension ConvolutionParameters {
  /// Where a window's taps lie that are `row` and `pixel` elements apart.
  private func taps(row: Int, pixel: Int) -> [Int] {
    (0..<kernelHeight * kernelWidth).map { $0 / kernelWidth * dilationHeight * row + $0 % kernelWidth * dilationWidth * pixel }
  }

  /// A window as the depth of a product with packed weights: tap by tap, in blocks of `limit` at the most; taps that touch are one segment
  /// where they need not be told apart.
  func depth(row: Int, pixel: Int, limit: Int, tapsAreApart: Bool) -> MatrixDepth {
    var segments: [MatrixSegment] = []
    for (tap, offset) in taps(row: row, pixel: pixel).enumerated() {
      if let last = segments.last, last.offset + last.length == offset, !tapsAreApart {
        segments[segments.count - 1].length += groupInputChannels
      } else {
        segments.append(MatrixSegment(offset: offset, length: groupInputChannels, tap: tap))
      }
    }
    return MatrixDepth(segments, limit: limit)
  }

  /// The same with weights as they are stored: blocks of whole channels, each tap by tap.
  func storedDepth(row: Int, pixel: Int, limit: Int) -> MatrixDepth {
    MatrixDepth(taps: taps(row: row, pixel: pixel), channels: groupInputChannels, limit: limit)
  }
}

/// Copies few values without a call.
@inline(__always)
func copyFloats(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
  if count >= 256 {
    target.update(from: source, count: count)
    return
  }
  var i = 0
  while i + 8 <= count {
    let value = UnsafeRawPointer(source + i).loadUnaligned(as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(target + i).storeBytes(of: value, as: SIMD8<Float>.self)
    i += 8
  }
  while i < count {
    target[i] = source[i]
    i += 1
  }
}

/// Copies `count` pixels of an image whose channels are no neighbours into ones whose channels are.
@inline(__always)
private func interleave(
  _ source: UnsafePointer<Float>, _ strides: ImageStrides, into target: UnsafeMutablePointer<Float>, pixel: Int, count: Int, channels: Int
) {
  if channels == 3 && strides.pixel == 1 && pixel == 3 {
    // The planes of a picture.
    let (second, third) = (source + strides.channel, source + 2 * strides.channel)
    for i in 0..<count {
      target[3 &* i] = source[i]
      target[3 &* i &+ 1] = second[i]
      target[3 &* i &+ 2] = third[i]
    }
    return
  }
  for channel in 0..<channels {
    for i in 0..<count { target[i * pixel + channel] = source[channel * strides.channel + i * strides.pixel] }
  }
}

extension MatrixConvolution {
  /// Copies what the windows of `lineCount` × `pixelCount` output pixels from (x, y) on see of an image; zeros where that is padding.
  func copyPaddedRows(
    _ image: UnsafePointer<Float>, into copy: UnsafeMutablePointer<Float>, y: Int, x: Int, lineCount: Int, pixelCount: Int
  ) {
    let p = description.parameters
    let strides = description.input
    let channels = p.groupInputChannels
    let columns = p.inputColumns(pixelCount)
    let firstColumn = x * p.strideWidth - p.padLeft
    let left = min(max(0, -firstColumn), columns)
    let right = max(left, min(columns, p.inputWidth - firstColumn))
    for row in 0..<p.inputRows(lineCount) {
      let target = copy + row * copyRow
      let sourceRow = y * p.strideHeight - p.padTop + row
      guard (0..<p.inputHeight).contains(sourceRow) else {
        target.update(repeating: 0, count: columns * copyPixel)
        continue
      }
      target.update(repeating: 0, count: left * copyPixel)
      (target + right * copyPixel).update(repeating: 0, count: (columns - right) * copyPixel)
      let source = image + (sourceRow * strides.row + (firstColumn + left) * strides.pixel)
      let middle = target + left * copyPixel
      let count = right - left
      if strides.channel != 1 {
        interleave(source, strides, into: middle, pixel: copyPixel, count: count, channels: channels)
      } else if strides.pixel == channels && copyPixel == channels {
        middle.update(from: source, count: count * channels)
      } else {
        for pixel in 0..<count { copyFloats(source + pixel * strides.pixel, to: middle + pixel * copyPixel, count: channels) }
      }
    }
  }

  /// Copies the values `depth` (in the order of packed weights) of `count` windows, of output pixels counted through the batch.
  func copyWindows(
    _ input: UnsafePointer<Float>, into copy: UnsafeMutablePointer<Float>, firstPixel: Int, count: Int, depth: Range<Int>
  ) {
    let p = description.parameters
    let strides = description.input
    let channels = p.groupInputChannels
    // The taps of a row are one run where they touch.
    let touching = strides.channel == 1 && strides.pixel == channels && p.dilationWidth == 1
    let tapsOfRun = touching ? p.kernelWidth : 1
    let runLength = tapsOfRun * channels
    var pixel = OutputPixel(firstPixel, of: p)
    for index in 0..<count {
      var target = copy + index * copyRow
      let imageBase = input + pixel.image * strides.batch
      var run = depth.lowerBound / runLength
      var k = depth.lowerBound
      while k < depth.upperBound {
        let first = k - run * runLength
        let end = min(runLength, depth.upperBound - run * runLength)
        let tap = run * tapsOfRun
        let inputRow = pixel.row * p.strideHeight - p.padTop + tap / p.kernelWidth * p.dilationHeight
        let inputColumn = pixel.column * p.strideWidth - p.padLeft + tap % p.kernelWidth * p.dilationWidth
        var validFirst = end
        var validEnd = end
        if inputRow >= 0 && inputRow < p.inputHeight {
          validFirst = min(end, max(first, -inputColumn * channels))
          validEnd = max(validFirst, min(end, (p.inputWidth - inputColumn) * channels))
        }
        for i in first..<validFirst { target[i - first] = 0 }
        let source = imageBase + (inputRow * strides.row + inputColumn * strides.pixel)
        if strides.channel == 1 {
          copyFloats(source + validFirst, to: target + (validFirst - first), count: validEnd - validFirst)
        } else {
          for i in validFirst..<validEnd { target[i - first] = source[i * strides.channel] }
        }
        for i in validEnd..<end { target[i - first] = 0 }
        target += end - first
        k += end - first
        run += 1
      }
      pixel.advance(in: p)
    }
  }
}
