import OVRuntime

/// Where the weights of a convolution, matrix product or embedding are, and which of their axes count what.
struct WeightLayout {
  /// The operand that is the weights.
  let operand: Int
  /// The axes that together count the output channels: each has a scale of its own.
  let outputAxes: [Int]
  /// The axis of the weights that counts input channels, within a group.
  let inputAxis: Int
  /// The axis of the activation that counts input channels, from the end when negative.
  let activationAxis: Int
  /// How many groups the channels fall into.
  let groups: Int
  /// Whether each input channel is used by filters of its own alone.
  var isDepthwise = false

  /// The layout of a node whose weights have a known shape; `nil` for other operations and forms.
  init?(_ node: Node, weightsShape shape: Shape?) {
    switch node.type {
    case "Convolution":
      guard let shape, shape.count >= 3 else { return nil }
      (operand, outputAxes, inputAxis, activationAxis, groups) = (1, [0], 1, 1, 1)
    case "GroupConvolution":
      guard let shape, shape.count >= 4 else { return nil }
      (operand, outputAxes, inputAxis, activationAxis, groups) = (1, [0, 1], 2, 1, shape[0])
      isDepthwise = shape[2] == 1 && shape[0] > 1
    case "ConvolutionBackpropData":
      guard let shape, shape.count >= 3 else { return nil }
      (operand, outputAxes, inputAxis, activationAxis, groups) = (1, [1], 0, 1, 1)
    case "GroupConvolutionBackpropData":
      guard let shape, shape.count >= 4 else { return nil }
      (operand, outputAxes, inputAxis, activationAxis, groups) = (1, [0, 2], 1, 1, shape[0])
    case "MatMul":
      guard let shape, shape.count == 2, let isTransposed = try? node.attributes.bool("transpose_b", default: false),
        let isActivationTransposed = try? node.attributes.bool("transpose_a", default: false)
      else { return nil }
      (operand, outputAxes, inputAxis, groups) = (1, [isTransposed ? 0 : 1], isTransposed ? 1 : 0, 1)
      activationAxis = isActivationTransposed ? -2 : -1
    default: return nil
    }
  }

  /// The number of output channels.
  func outputChannels(_ shape: Shape) -> Int { outputAxes.reduce(1) { $0 * shape[$1] } }

  /// The shape of one number an output channel that broadcasts to the weights.
  func scaleShape(_ shape: Shape) -> Shape { shape.indices.map { outputAxes.contains($0) ? shape[$0] : 1 } }

  /// For each element of the weights the number of its channel, counted over `axes`.
  static func channels(of shape: Shape, axes: [Int]) -> ChannelIndex { ChannelIndex(shape, axes: axes) }
}

/// Runs of a tensor's elements that belong to one channel, when channels are counted over some of its axes.
struct ChannelIndex {
  /// How many channels there are.
  let channelCount: Int
  /// How many neighbouring elements share a channel.
  let run: Int
  /// The channel of each run, in order.
  let channels: [Int]

  init(_ shape: Shape, axes: [Int]) {
    channelCount = axes.reduce(1) { $0 * shape[$1] }
    let last = axes.max() ?? -1
    run = shape[(last + 1)...].reduce(1, *)
    var channels = [0]
    var step = channelCount
    for axis in 0..<(last + 1) {
      let isCounted = axes.contains(axis)
      if isCounted { step /= max(shape[axis], 1) }
      let factor = isCounted ? step : 0
      channels = channels.flatMap { base in (0..<shape[axis]).map { base + $0 * factor } }
    }
    self.channels = channels
  }
}
