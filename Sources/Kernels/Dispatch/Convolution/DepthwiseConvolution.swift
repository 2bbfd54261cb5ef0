import KernelCore

/// A convolution of each channel with a window of its own, or with several (a channel multiplier), for which the kernel repeats the
/// channels, or a copy does.
final class DepthwiseConvolution: ConvolutionImplementation {
  private let description: ConvolutionDescription
  private let kernel: DepthwiseKernel
  /// Output channels of an input channel.
  private let multiplier: Int
  /// Whether the kernel reads a copy of the input, each channel repeated for each that is made of it.
  private let copies: Bool
  /// The most channels of a call of the kernel.
  private let channelBlock: Int
  /// The most lines that are computed of a block of channels before the next: where there is a copy, those of it.
  private let bandLines: Int

  var kernelName: String { kernel.name }
  var packedWeightsByteCount: Int {
    let p = description.parameters
    return p.kernelHeight * p.kernelWidth * p.outputChannels.roundedUp(to: kernel.lanes) * 4
  }
  let scratchByteCount: Int

  /// Whether an image and its result are more than the second cache holds.
  private let isFar: Bool

  /// Elements of the input that stay near while a row is computed.
  private static let nearElements = 12288
  /// Elements of repeated channels that stay in the second cache.
  private static let copyElements = CacheSizes.current.second / 4 / 4
  /// Channels for which a pixel is worth visiting.
  private static let leastChannels = 32

  static func applies(to p: ConvolutionParameters, inputStrides: ImageStrides) -> Bool {
    p.groups == p.inputChannels && inputStrides.channel == 1
  }

  init(_ description: ConvolutionDescription) {
    let p = description.parameters
    self.description = description
    kernel = Self.kernel(description)
    multiplier = p.outputChannels / p.inputChannels
    copies = multiplier > 1 && !kernel.repeatsChannels
    let rows = (kernel.rows - 1) * p.strideHeight + p.kernelHeight
    isFar =
      4 * (p.inputHeight * p.inputWidth * p.inputChannels + p.outputHeight * p.outputWidth * p.outputChannels) > CacheSizes.current.second
    func block(near elements: Int) -> Int { max(Self.leastChannels, elements / (rows * p.inputWidth) / 16 * 16) }
    if copies {
      // A block of repeated channels reads a fraction of as many: twice as many make for whole lines. It may begin and end between the
      // output channels of one input channel.
      channelBlock = block(near: 2 * Self.nearElements)
      let rowElements = p.inputWidth * (min(channelBlock, p.outputChannels) + 2 * (multiplier - 1))
      let overlap = max(0, (p.kernelHeight - 1) * p.dilationHeight + 1 - p.strideHeight)
      let most = max(kernel.rows, (Self.copyElements / rowElements - overlap) / p.strideHeight)
      bandLines = min(p.outputHeight, (most / kernel.rows) * kernel.rows)
      scratchByteCount = 4 * min(bandLines * p.strideHeight + overlap, p.inputHeight) * rowElements
    } else {
      // What comes from far comes fastest in order.
      channelBlock = isFar ? p.outputChannels : block(near: Self.nearElements)
      bandLines = kernel.rows
      scratchByteCount = 0
    }
  }

  func packWeights(_ source: WeightSource, into packed: UnsafeMutableRawPointer) {
    let p = description.parameters
    let taps = p.kernelHeight * p.kernelWidth
    let lanes = kernel.lanes
    let target = packed.assumingMemoryBound(to: Float.self)
    for channel in 0..<p.outputChannels.roundedUp(to: lanes) {
      for tap in 0..<taps {
        var weight: Float = 0
        if channel < p.outputChannels {
          let index = channel * taps + tap
          weight =
            source.type == .f32
            ? source.base.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            : Float(source.base.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
          if let factors = source.factors { weight *= factors[channel] }
        }
        target[(channel / lanes * taps + tap) * lanes + channel % lanes] = weight
      }
    }
  }

  func run(_ arguments: ConvolutionArguments) {
    let p = description.parameters
    let lines = p.batch * p.outputHeight
    // Channels are dealt in pieces of whole lines of the cache.
    let piece = max(kernel.lanes, 16)
    let pieces = (p.outputChannels + piece - 1) / piece
    let grid = WorkGrid.depthwise(workers: arguments.workers, lines: lines, width: p.outputWidth, pieces: pieces)
    let share = WorkGrid.part(arguments.worker % grid.rowParts, of: grid.rowParts, count: lines)
    let dealt = WorkGrid.part(arguments.worker / grid.rowParts, of: grid.panelParts, count: pieces)
    let channels = dealt.lowerBound * piece..<min(dealt.upperBound * piece, p.outputChannels)
    if share.isEmpty || channels.isEmpty { return }

    var rows = DepthwiseRows(
      input: arguments.input, inputPixel: description.input.pixel, inputRow: description.input.row * p.dilationHeight,
      inputStep: description.input.row * p.strideHeight, inputWidth: p.inputWidth,
      weights: arguments.weights.assumingMemoryBound(to: Float.self), kernelHeight: p.kernelHeight, kernelWidth: p.kernelWidth,
      stride: p.strideWidth, dilation: p.dilationWidth, padLeft: p.padLeft, isFar: isFar, channels: channels.count,
      multiplier: kernel.repeatsChannels ? multiplier : 1,
      output: arguments.output,
      outputPixel: description.output.pixel, outputRow: description.output.row, outputWidth: p.outputWidth,
      epilogue: description.pixelEpilogue)
    var line = share.lowerBound
    while line < share.upperBound {
      let image = line / p.outputHeight
      let y = line % p.outputHeight
      let count = min(bandLines, share.upperBound - line, p.outputHeight - y)
      // Few enough channels at a time that what a row shares with the next stays near.
      var channel = channels.lowerBound
      while channel < channels.upperBound {
        let end = min(channel + channelBlock, channels.upperBound)
        compute(arguments, &rows, image: image, lines: y..<y + count, channels: channel..<end)
        channel = end
      }
      line += count
    }
  }

  /// Computes some channels of neighbouring lines of an image.
  private func compute(
    _ arguments: ConvolutionArguments, _ rows: inout DepthwiseRows, image: Int, lines: Range<Int>, channels: Range<Int>
  ) {
    let p = description.parameters
    var input = arguments.input + image * description.input.batch
    var inputRow = description.input.row
    if copies {
      // As many channels as the output has: a depthwise convolution of one each.
      let first = channels.lowerBound / multiplier
      let count = (channels.upperBound - 1) / multiplier + 1 - first
      let copy = arguments.scratch.assumingMemoryBound(to: Float.self)
      let seen = inputRows(lines)
      repeatChannels(first..<first + count, of: input, rows: seen, into: copy)
      rows.inputPixel = count * multiplier
      inputRow = p.inputWidth * rows.inputPixel
      rows.inputRow = inputRow * p.dilationHeight
      rows.inputStep = inputRow * p.strideHeight
      input = UnsafePointer(copy) - seen.lowerBound * inputRow + (channels.lowerBound - first * multiplier)
    } else {
      input += channels.lowerBound / multiplier
    }
    var y = lines.lowerBound
    while y < lines.upperBound {
      rows.rows = min(kernel.rows, lines.upperBound - y)
      rows.tapRows = InlineArray(repeating: DepthwiseTapRows(first: 0, end: 0))
      for r in 0..<rows.rows { rows.tapRows[r] = tapRows(y + r) }
      rows.input = input + (y * p.strideHeight - p.padTop) * inputRow
      compute(arguments, &rows, image: image, y: y, channels: channels)
      y += rows.rows
    }
  }

  /// Copies rows of an image, ``multiplier`` times each of `channels`, without gaps.
  private func repeatChannels(
    _ channels: Range<Int>, of image: UnsafePointer<Float>, rows: Range<Int>, into copy: UnsafeMutablePointer<Float>
  ) {
    let width = description.parameters.inputWidth
    var target = copy
    for row in rows {
      let source = image + row * description.input.row + channels.lowerBound
      for pixel in 0..<width {
        repeatFloats(source + pixel * description.input.pixel, into: target, count: channels.count, times: multiplier)
        target += channels.count * multiplier
      }
    }
  }

  /// The input rows inside the image that neighbouring lines see.
  private func inputRows(_ lines: Range<Int>) -> Range<Int> {
    let p = description.parameters
    let first = max(0, lines.lowerBound * p.strideHeight - p.padTop)
    let end = (lines.upperBound - 1) * p.strideHeight - p.padTop + (p.kernelHeight - 1) * p.dilationHeight + 1
    return first..<max(first, min(end, p.inputHeight))
  }

  /// The tap rows of output row `y` that lie inside the image.
  private func tapRows(_ y: Int) -> DepthwiseTapRows {
    let p = description.parameters
    let top = y * p.strideHeight - p.padTop
    let first = top < 0 ? (p.dilationHeight - 1 - top) / p.dilationHeight : 0
    let below = max(0, p.inputHeight - top)
    return DepthwiseTapRows(first: first, end: min(p.kernelHeight, (below + p.dilationHeight - 1) / p.dilationHeight))
  }

  /// Computes some channels of the rows from `y` on.
  private func compute(_ arguments: ConvolutionArguments, _ rows: inout DepthwiseRows, image: Int, y: Int, channels: Range<Int>) {
    let p = description.parameters
    let epilogue = description.epilogue
    let late = epilogue.residualAfterActivation
    let channel = channels.lowerBound
    rows.channels = channels.count
    rows.weights = arguments.weights.assumingMemoryBound(to: Float.self) + channel * p.kernelHeight * p.kernelWidth
    rows.epilogue.bias = arguments.bias.map { $0 + channel }
    rows.output = arguments.output + image * description.output.batch + y * description.output.row + channel
    var residual: UnsafePointer<Float>?
    if let pointer = arguments.residual, let strides = description.residual {
      residual = pointer + image * strides.batch + y * strides.row + channel
    }
    rows.epilogue.residual = late && epilogue.activation != nil ? nil : residual
    withUnsafePointer(to: rows) { kernel.run($0) }
    guard epilogue.activation != nil else { return }
    for r in 0..<rows.rows {
      epilogue.activate(
        rows.output + r * rows.outputRow, rowStride: rows.outputPixel, rows: rows.outputWidth, columns: channels.count,
        residual: late ? residual.map { $0 + r * rows.epilogue.residualRow } : nil,
        residualRowStride: rows.epilogue.residualPixel)
    }
  }

  private static func kernel(_ description: ConvolutionDescription) -> DepthwiseKernel {
    let p = description.parameters
    let lanes = lanes(description)
    return depthwiseKernels.supported(by: description.features).first {
      $0.lanes == lanes
        && $0.applies(
          kernelWidth: p.kernelWidth, stride: p.strideWidth, dilation: p.dilationWidth, multiplier: p.outputChannels / p.inputChannels)
    }!
  }

  /// The floats in a register of the kernel that takes least: wide registers, or those half as wide where they leave few channels over.
  private static func lanes(_ description: ConvolutionDescription) -> Int {
    let widest = depthwiseKernels.best(for: description.features).lanes
    let channels = description.parameters.outputChannels
    return widest == 16 && registers(channels, lanes: 8) <= registers(channels, lanes: 16) ? 8 : widest
  }

  /// What as many registers cost that are full: one that is not needs masks, and code for any place in the row.
  private static func registers(_ channels: Int, lanes: Int) -> Int { channels / lanes + (channels % lanes == 0 ? 0 : 2) }

  /// About the cycles of the convolution on one processor; most of them load.
  static func cycles(_ description: ConvolutionDescription) -> Double {
    let p = description.parameters
    let kernel = kernel(description)
    let registers = registers(p.outputChannels, lanes: kernel.lanes)
    let copies =
      p.outputChannels > p.inputChannels && !kernel.repeatsChannels ? p.batch * p.inputHeight * p.inputWidth * p.outputChannels : 0
    return Double(p.multiplyAdditions / p.outputChannels * registers) + 0.5 * Double(copies)
  }
}

/// Writes each of `count` values `times` times.
@inline(__always)
private func repeatFloats(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, times: Int) {
  @inline(__always) func write<Vector: SIMD<Float>>(_: Vector.Type) {
    let target = UnsafeMutableRawPointer(target)
    for i in 0..<count { target.storeBytes(of: Vector(repeating: source[i]), toByteOffset: 4 * times * i, as: Vector.self) }
  }
  switch times {
  case 2: write(SIMD2<Float>.self)
  case 4: write(SIMD4<Float>.self)
  case 8: write(SIMD8<Float>.self)
  default:
    for i in 0..<count {
      for k in 0..<times { target[i * times + k] = source[i] }
    }
  }
}
