import KernelCore
import Kernels

/// What a node's post-operations mean to a convolution or matrix kernel.
struct FusedEpilogue {
  var epilogue = Epilogue()
  /// One number a channel.
  var bias: View?
  /// The value added to the result, and its index among the node's inputs.
  var residual: (view: View, index: Int)?

  /// Nothing fused.
  init() {}

  /// Reads the post-operations that ``PostOperationFusion`` accepted.
  ///
  /// `channels`: the extent and the position (from the end) of the output's channel axis.
  init(_ node: Node, _ builder: PlanBuilder, channels: Int, channelAxis: Int) throws {
    let rank = node.outputs[0].type.shape.rank!
    for post in node.postOperations {
      let function = try ElementwiseFunction(
        type: post.type, opset: post.opset, attributes: post.attributes, operandCount: 1 + post.operands.count,
        constant: { try builder.constant(node.inputs[post.operands[$0 - 1]]) })
      if let range = function?.clampRange {
        epilogue.minimum = max(epilogue.minimum, range.minimum)
        epilogue.maximum = min(epilogue.maximum, range.maximum)
      } else if let function {
        epilogue.activation = UnaryKernels.function(for: function.operation, features: builder.environment.features).run
        (epilogue.alpha, epilogue.beta) = (function.alpha, function.beta)
      } else {
        let index = post.operands[0]
        if let numbers = try builder.channelNumbers(node.inputs[index], channels: channels, axis: channelAxis, rank: rank) {
          epilogue.hasBias = true
          bias = numbers
        } else {
          epilogue.hasResidual = true
          residual = (builder.input(index, of: node), index)
        }
      }
    }
  }
}

extension PlanBuilder {
  /// A constant as one 32-bit float for each index of an axis of a rank `rank` value; `nil` when it is none, or varies along another.
  func channelNumbers(_ value: OutputID, channels: Int, axis: Int, rank: Int) throws -> View? {
    guard let numbers = try constant(value)?.perChannel(channels, axis: axis, rank: rank) else { return nil }
    return derivedConstant(from: value, kind: "channels_\(channels)", byteCount: 4 * channels) { bytes in
      let target = bytes.bindMemory(to: Float.self, capacity: channels)
      for (i, number) in numbers.enumerated() { target[i] = Float(number) }
    }
  }
}
