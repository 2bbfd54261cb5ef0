import KernelCore
import Kernels

/// What a node's post-operations mean to an integer kernel.
struct FusedIntegerEpilogue {
  var epilogue = IntegerEpilogue()
  /// One number a channel.
  var bias: [Float]?
  /// What the scale and the bias of each channel are multiplied by, so that a grid of scale 1 holds for all channels.
  private var outputMultipliers: [Double]?
  /// Where the bias comes from.
  private var biasSource: OutputID?
  /// The value added to the result, and its index among the node's inputs.
  var residual: (view: View, index: Int)?

  /// Reads the post-operations that ``PostOperationFusion`` accepted; `nil` when a number among them does not suit the kernels.
  ///
  /// `channels`: the extent and the position of the output's channel axis.
  init?(_ node: Node, _ builder: PlanBuilder, channels: Int, channelAxis: Int) throws {
    let rank = node.outputs[0].type.shape.rank!
    var isBounded = false
    for post in node.postOperations {
      let operands = post.operands.map { node.inputs[$0] }
      switch post.type {
      case "Quantize":
        let multiplier = try builder.constant(operands[0])
        outputMultipliers = multiplier?.elementCount == 1 ? nil : multiplier?.perChannel(channels, axis: channelAxis, rank: rank)
        guard let grid = try QuantizedGrid(quantize: post, operands, builder) else { return nil }
        epilogue.output = .quantized(grid)
      case "AddDequantized":
        let view = builder.input(post.operands[0], of: node)
        guard let grid = try QuantizedGrid(view.elementType, scale: operands[1], zeroPoint: operands[2], builder) else { return nil }
        epilogue.residual = .quantized(grid)
        epilogue.residualAfterActivation = isBounded
        residual = (view, post.operands[0])
      case "Add":
        if let numbers = try builder.constant(operands[0])?.perChannel(channels, axis: channelAxis, rank: rank) {
          epilogue.hasBias = true
          bias = numbers.map { Float($0) }
          biasSource = operands[0]
        } else {
          epilogue.residual = .f32
          epilogue.residualAfterActivation = isBounded
          residual = (builder.input(post.operands[0], of: node), post.operands[0])
        }
      default:
        let function = try ElementwiseFunction(
          type: post.type, opset: post.opset, attributes: post.attributes, operandCount: 1 + post.operands.count,
          constant: { try builder.constant(operands[$0 - 1]) })
        guard let function else { return nil }
        isBounded = true
        if let range = function.clampRange {
          epilogue.minimum = max(epilogue.minimum, range.minimum)
          epilogue.maximum = min(epilogue.maximum, range.maximum)
        } else {
          epilogue.activation = UnaryKernels.function(for: function.operation, features: builder.environment.features).run
          (epilogue.alpha, epilogue.beta) = (function.alpha, function.beta)
        }
      }
    }
    if let outputMultipliers { bias = bias.map { zip($0, outputMultipliers).map { Float(Double($0) * $1) } } }
  }

  /// The scale of each of `channels` channels as the kernels take it, from that of the sums.
  func scales(_ scale: Tensor, channels: Int) -> [Float] {
    let numbers = scale.doubles()
    return (0..<channels).map { Float(numbers[numbers.count == 1 ? 0 : $0] * (outputMultipliers?[$0] ?? 1)) }
  }

  /// What the packed weights depend on beside the weights themselves.
  var packingKey: String {
    let source = biasSource.map { "\($0.node.index).\($0.index)" } ?? "none"
    let isStaged = IntegerScaling(epilogue).isStaged
    let order = "\(isStaged) \(epilogue.residualAfterActivation)"
    return "\(epilogue.output) \(epilogue.residual.map { "\($0)" } ?? "") \(order) bias \(source)"
  }
}

extension QuantizedGrid {
  /// The integers of an element type, whatever they stand for; `nil` for types that are no 8-bit integers.
  static func ofIntegers(_ type: ElementType) -> QuantizedGrid? {
    switch type {
    case .u8: QuantizedGrid(.u8, scale: 1)
    case .i8: QuantizedGrid(.i8, scale: 1)
    default: nil
    }
  }

  /// The grid of integers with a constant scale and zero point of one element; `nil` when kernels do not have it.
  init?(_ type: ElementType, scale: OutputID, zeroPoint: OutputID, low: Int? = nil, high: Int? = nil, _ builder: PlanBuilder) throws {
    guard let scale = try builder.constant(scale), scale.elementCount == 1 else { return nil }
    try self.init(type, scale: scale.doubles()[0], zeroPoint: zeroPoint, low: low, high: high, builder)
  }

  private init?(_ type: ElementType, scale: Double, zeroPoint: OutputID, low: Int?, high: Int?, _ builder: PlanBuilder) throws {
    guard let zeroPoint = try builder.constant(zeroPoint), zeroPoint.elementCount == 1, let integers = QuantizedGrid.ofIntegers(type)
    else { return nil }
    let (step, zero) = (Float(scale), zeroPoint.doubles()[0])
    guard step > 0, step.isFinite, zero == zero.rounded(), zero >= Double(integers.lowest), zero <= Double(integers.highest) else {
      return nil
    }
    self.init(
      integers.type, scale: step, zeroPoint: Int32(zero), lowest: low.map { Int32($0) }, highest: high.map { Int32($0) })
  }

  /// The grid that a fused Quantize rounds to, of scale 1 where it has several.
  init?(quantize post: Node.PostOperation, _ operands: [OutputID], _ builder: PlanBuilder) throws {
    let op = try Quantize(Node(name: post.name, type: post.type, opset: post.opset, attributes: post.attributes))
    guard let multiplier = try builder.constant(operands[0])?.doubles(), multiplier[0] > 0 else { return nil }
    try self.init(
      op.elementType, scale: multiplier.count == 1 ? 1 / multiplier[0] : 1, zeroPoint: operands[1], low: op.low, high: op.high, builder)
  }
}
