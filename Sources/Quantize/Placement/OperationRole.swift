import OVRuntime

/// What an operation means to the placement of quantisers.
enum OperationRole {
  /// Computed in integers once its operands are: convolutions and matrix products.
  case linear
  /// Worth computing in integers between operations that are: quantised when what depends on it is.
  case follower
  /// Moves elements or picks some of them, so that a quantiser may as well stand before it. Data is operand 0.
  case transparent
  /// Transparent, of several operands that then share a range.
  case concat
  /// Applied to numbers one by one, in the epilogue of what precedes it.
  case activation
  /// Computed in floating point.
  case other

  init(_ node: Node) {
    if node.type == "Interpolate", node.attributes["mode"] == "nearest" {
      self = .transparent
    } else {
      self = OperationRole.roles[node.type] ?? .other
    }
  }

  private static let roles: [String: OperationRole] = {
    let groups: [(OperationRole, [String])] = [
      (
        .linear,
        ["Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData", "MatMul"]
      ),
      (.follower, ["Add", "Subtract", "Multiply", "AvgPool", "AdaptiveAvgPool", "ReduceMean", "Interpolate"]),
      (
        .transparent,
        [
          "MaxPool", "AdaptiveMaxPool", "ReduceMax", "Reshape", "Squeeze", "Unsqueeze", "Split", "VariadicSplit", "Transpose", "Tile",
          "StridedSlice", "ShuffleChannels", "Broadcast", "Pad", "Gather", "GatherND", "GatherElements", "DepthToSpace", "SpaceToDepth",
          "BatchToSpace", "SpaceToBatch",
        ]
      ),
      (.concat, ["Concat"]),
      (
        .activation,
        [
          "Relu", "PRelu", "Clamp", "Elu", "Selu", "Sigmoid", "HSigmoid", "HardSigmoid", "Swish", "HSwish", "Gelu", "Mish", "Tanh",
          "SoftPlus", "SoftSign", "Abs", "Negative", "Erf", "Exp", "Sqrt", "Power", "Divide", "BatchNormInference",
        ]
      ),
    ]
    var roles: [String: OperationRole] = [:]
    for (role, types) in groups { for type in types { roles[type] = role } }
    return roles
  }()
}
