import KernelCore

/// Taps that lie beside each other.
struct TapRun {
  var firstTap: Int
  var taps: Int
}

extension ConvolutionParameters {
  /// A window's taps in order, those of a row as one run where pixels, `pixel` bytes apart, touch.
  func runs(pixel: Int) -> [TapRun] {
    if dilationWidth == 1 && pixel == groupInputChannels {
      return (0..<kernelHeight).map { TapRun(firstTap: $0 * kernelWidth, taps: kernelWidth) }
    }
    return (0..<kernelHeight * kernelWidth).map { TapRun(firstTap: $0, taps: 1) }
  }
}

extension IntegerMatrixConvolution {
  /// Copies what the windows of `lineCount` × `pixelCount` output pixels from (x, y) on see of an image, unsigned; the zero point where
  /// that is padding.
  func copyPaddedRows(
    _ image: UnsafeRawPointer, into copy: UnsafeMutableRawPointer, y: Int, x: Int, lineCount: Int, pixelCount: Int
  ) {
    let p = description.parameters
    let strides = description.input
    let channels = p.groupInputChannels
    let columns = p.inputColumns(pixelCount)
    let firstColumn = x * p.strideWidth - p.padLeft
    let left = min(max(0, -firstColumn), columns)
    let right = max(left, min(columns, p.inputWidth - firstColumn))
    let zero = description.zeroPoint
    let target = copy.assumingMemoryBound(to: UInt8.self)
    let source = image.assumingMemoryBound(to: UInt8.self)
    for row in 0..<p.inputRows(lineCount) {
      let target = target + row * copyRow
      let sourceRow = y * p.strideHeight - p.padTop + row
      guard (0..<p.inputHeight).contains(sourceRow) else {
        target.update(repeating: zero, count: columns * channels)
        continue
      }
      target.update(repeating: zero, count: left * channels)
      (target + right * channels).update(repeating: zero, count: (columns - right) * channels)
      let from = source + (sourceRow * strides.row + (firstColumn + left) * strides.pixel)
      let middle = target + left * channels
      let count = right - left
      if strides.channel != 1 {
        for channel in 0..<channels {
          for pixel in 0..<count {
            middle[pixel * channels + channel] = from[channel * strides.channel + pixel * strides.pixel] ^ description.flip
          }
        }
      } else if strides.pixel == channels {
        copyBytes(from, to: middle, count: count * channels, flip: description.flip)
      } else {
        for pixel in 0..<count {
          copyBytes(from + pixel * strides.pixel, to: middle + pixel * channels, count: channels, flip: description.flip)
        }
      }
    }
  }

  /// Copies the windows of a block from a copy of what they see, each as one row of A.
  func gatherWindows(_ copy: UnsafeRawPointer, into target: UnsafeMutableRawPointer, lineCount: Int, pixelCount: Int) {
    let p = description.parameters
    let channels = p.groupInputChannels
    // Taps that touch go together.
    let runs = p.dilationWidth == 1 ? 1 : p.kernelWidth
    let length = p.kernelWidth / runs * channels
    let kernelHeight = p.kernelHeight
    let (runStep, pixelStep) = (p.dilationWidth * channels, p.strideWidth * channels)
    let (tapRowStep, lineStep) = (p.dilationHeight * copyRow, p.strideHeight * copyRow)
    let rowStep = gatheredRow
    var row = target
    for line in 0..<lineCount {
      var window = copy + line * lineStep
      for _ in 0..<pixelCount {
        var to = row
        var tapRow = window
        for _ in 0..<kernelHeight {
          var from = tapRow
          for _ in 0..<runs {
            // What is too much is written over by what comes next. The first piece, often the only one, stands before the
            // loop, which costs more than it.
            to.storeBytes(of: from.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
            var i = 16
            while i < length {
              (to + i).storeBytes(of: (from + i).loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
              i += 16
            }
            to += length
            from += runStep
          }
          tapRow += tapRowStep
        }
        row += rowStep
        window += pixelStep
      }
    }
  }

  /// Copies bytes with the bits of `flip` flipped.
  @inline(__always)
  private func copyBytes(_ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int, flip: UInt8) {
    let mask = SIMD16<UInt8>(repeating: flip)
    var i = 0
    while i + 16 <= count {
      let value = UnsafeRawPointer(source + i).loadUnaligned(as: SIMD16<UInt8>.self)
      UnsafeMutableRawPointer(target + i).storeBytes(of: value ^ mask, as: SIMD16<UInt8>.self)
      i += 16
    }
    while i < count {
      target[i] = source[i] ^ flip
      i += 1
    }
  }

  /// Subtracts from the values of each channel of a copy the least of them, and stores that at `shift`, zeros after it.
  func subtractLeast(_ copy: UnsafeMutableRawPointer, shift: UnsafeMutableRawPointer, lineCount: Int, pixelCount: Int) {
    let p = description.parameters
    let channels = p.groupInputChannels
    let rows = p.inputRows(lineCount)
    let columns = p.inputColumns(pixelCount)
    shift.initializeMemory(as: UInt8.self, repeating: 0, count: shiftBytes)
    var channel = 0
    while channel < channels && channels >= 16 {
      // The last sixteen channels overlap where their number is no multiple.
      let first = min(channel, channels - 16)
      var least = SIMD16<UInt8>(repeating: 255)
      for row in 0..<rows {
        var place = copy + (row * copyRow + first)
        for _ in 0..<columns {
          let value = place.loadUnaligned(as: SIMD16<UInt8>.self)
          least = least.replacing(with: value, where: value .< least)
          place += channels
        }
      }
      shift.storeBytes(of: least, toByteOffset: first, as: SIMD16<UInt8>.self)
      channel += 16
    }
    while channel < channels {
      var least = UInt8.max
      for row in 0..<rows {
        for column in 0..<columns {
          least = min(least, copy.load(fromByteOffset: row * copyRow + column * channels + channel, as: UInt8.self))
        }
      }
      shift.storeBytes(of: least, toByteOffset: channel, as: UInt8.self)
      channel += 1
    }
    for row in 0..<rows {
      for column in 0..<columns {
        let place = copy + (row * copyRow + column * channels)
        // No byte borrows from the next, so that eight are subtracted as one integer.
        var i = 0
        while i + 8 <= channels {
          let value = (place + i).loadUnaligned(as: UInt64.self) &- (shift + i).loadUnaligned(as: UInt64.self)
          (place + i).storeBytes(of: value, as: UInt64.self)
          i += 8
        }
        while i < channels {
          place.storeBytes(
            of: place.load(fromByteOffset: i, as: UInt8.self) &- shift.load(fromByteOffset: i, as: UInt8.self), toByteOffset: i,
            as: UInt8.self)
          i += 1
        }
      }
    }
  }
}
