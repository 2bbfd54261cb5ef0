/// Distances in elements from a value of an image batch to its neighbours.
package struct ImageStrides: Hashable, Sendable {
  package var batch: Int
  package var row: Int
  package var pixel: Int
  package var channel: Int

  package init(batch: Int, row: Int, pixel: Int, channel: Int = 1) {
    self.batch = batch
    self.row = row
    self.pixel = pixel
    self.channel = channel
  }

  /// Channels-last images without gaps.
  package static func channelsLast(height: Int, width: Int, channels: Int) -> ImageStrides {
    ImageStrides(batch: height * width * channels, row: width * channels, pixel: channels)
  }

  /// Planar images (NCHW) without gaps.
  package static func planar(height: Int, width: Int, channels: Int) -> ImageStrides {
    ImageStrides(batch: height * width * channels, row: width, pixel: 1, channel: height * width)
  }
}

/// The sizes of a two-dimensional convolution. Padding at the bottom and at the right is what the output's size implies.
package struct ConvolutionParameters: Hashable, Sendable {
  package var batch = 1
  package var groups = 1
  /// Of all groups.
  package var inputChannels: Int
  /// Of all groups.
  package var outputChannels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight = 1
  package var strideWidth = 1
  package var dilationHeight = 1
  package var dilationWidth = 1
  package var padTop = 0
  package var padLeft = 0

  package init(
    batch: Int = 1, groups: Int = 1, inputChannels: Int, outputChannels: Int, inputHeight: Int, inputWidth: Int,
    outputHeight: Int, outputWidth: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1,
    dilationHeight: Int = 1, dilationWidth: Int = 1, padTop: Int = 0, padLeft: Int = 0
  ) {
    self.batch = batch
    self.groups = groups
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padTop = padTop
    self.padLeft = padLeft
  }

  package var groupInputChannels: Int { inputChannels / groups }
  package var groupOutputChannels: Int { outputChannels / groups }

  /// Rows of the input from the first to the last that a window of `rows` output rows sees.
  package func inputRows(_ rows: Int) -> Int { (rows - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1 }
  /// Columns of the input from the first to the last that a window of `columns` output columns sees.
  package func inputColumns(_ columns: Int) -> Int { (columns - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1 }

  /// No window reaches beyond the input.
  package var isInside: Bool {
    padTop <= 0 && padLeft <= 0 && inputRows(outputHeight) - padTop <= inputHeight
      && inputColumns(outputWidth) - padLeft <= inputWidth
  }

  /// Multiply-additions.
  package var multiplyAdditions: Int {
    batch * outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * groupInputChannels
  }
}

/// The element type of weights as they are packed and kept.
package enum WeightType: Hashable, Sendable {
  case f32, f16

  package var byteCount: Int { self == .f32 ? 4 : 2 }
}
