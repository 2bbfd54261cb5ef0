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
    let columns = p.inputColumns(pixelCount)
    shift.initializeMemory(as: UInt8.self, repeating: 0, count: shiftBytes)
    let rows = p.inputRows(lineCount)
    var channel = 0
    while channel + 16 <= channels {
      subtractLeast(SIMD16<UInt8>.self, copy + channel, shift + channel, rows: rows, columns: columns)
      channel += 16
    }
    if channel + 8 <= channels {
      subtractLeast(SIMD8<UInt8>.self, copy + channel, shift + channel, rows: rows, columns: columns)
      channel += 8
    }
    while channel < channels {
      subtractLeast(UInt8.self, copy + channel, shift + channel, rows: rows, columns: columns)
      channel += 1
    }
  }

  /// The same for as many channels as the vector has bytes.
  @inline(__always)
  private func subtractLeast<Bytes: SIMD>(
    _: Bytes.Type, _ base: UnsafeMutableRawPointer, _ shift: UnsafeMutableRawPointer, rows: Int, columns: Int
  ) where Bytes.Scalar == UInt8 {
    let channels = description.parameters.groupInputChannels
    var least = Bytes(repeating: 255)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = (base + (row * copyRow + column * channels)).loadUnaligned(as: Bytes.self)
        least.replace(with: value, where: value .< least)
      }
    }
    for row in 0..<rows {
      for column in 0..<columns {
        let place = base + (row * copyRow + column * channels)
        place.storeBytes(of: place.loadUnaligned(as: Bytes.self) &- least, as: Bytes.self)
      }
    }
    shift.storeBytes(of: least, as: Bytes.self)
  }

  private func subtractLeast(
    _: UInt8.Type, _ base: UnsafeMutableRawPointer, _ shift: UnsafeMutableRawPointer, rows: Int, columns: Int
  ) {
    let channels = description.parameters.groupInputChannels
    var least = UInt8.max
    for row in 0..<rows {
      for column in 0..<columns { least = min(least, (base + (row * copyRow + column * channels)).load(as: UInt8.self)) }
    }
    for row in 0..<rows {
      for column in 0..<columns {
        let place = base + (row * copyRow + column * channels)
        place.storeBytes(of: place.load(as: UInt8.self) &- least, as: UInt8.self)
      }
    }
    shift.storeBytes(of: least, as: UInt8.self)
  }
}
