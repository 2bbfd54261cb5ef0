/// Folds a Multiply by one number a channel behind a convolution or matrix product into its weights, or into the scale of a product
/// of integers. Weights are multiplied where they come from, by a Multiply between constants that kernels carry out when they pack.
struct WeightScaling {
  static let name = "FoldMultiplyIntoWeights"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: WeightScaling.name, details: [])
    for id in model.topologicalOrder where model.contains(id) && model[id].type == "Multiply" {
      for data in [0, 1] where try fold(id, data: data, &model, &report) { break }
    }
    model.removeUnreachable()
    return report
  }

  /// Folds the Multiply `id`, whose operand `data` is to be the product; returns whether it did.
  private func fold(_ id: NodeID, data: Int, _ model: inout Model, _ report: inout PassReport) throws -> Bool {
    let node = model[id]
    guard node.inputs.count == 2, let broadcast = try? AutoBroadcast(node), case .numpy = broadcast else { return false }
    let product = model[node.inputs[data].node]
    guard let channelAxis = WeightScaling.outputChannelAxes(product, model), product.postOperations.isEmpty,
      model.onlyUser(of: node.inputs[data]) != nil,
      let rank = product.outputs[0].type.shape.rank, model.type(of: OutputID(id)) == product.outputs[0].type,
      let scale = try model.constantValue(of: node.inputs[1 - data]), scale.elementType == .f32
    else { return false }
    // Integer products have their scale apart from the weights.
    let target = InputID(product.id, product.isInternal ? 2 : 1)
    let source = product.inputs[target.index]
    guard model.isConstant(source), model.type(of: source).elementType == .f32, let shape = model.type(of: source).shape.shape
    else { return false }
    let axes = product.isInternal ? Array(shape.indices) : channelAxis.weights
    let channels = axes.reduce(1) { $0 * shape[$1] }
    guard
      let factors = scale.perChannel(channels, axis: channelAxis.output < 0 ? rank + channelAxis.output : channelAxis.output, rank: rank)
    else {
      return false
    }
    let name = model[source.node].name
    let scaled: NodeID
    if product.isInternal {
      let products = zip(try model.constantValue(of: source)!.doubles(), factors).map { $0 * $1 }
      scaled = model.add(.constant(Tensor(.f32, shape: shape, doubles: products), name: name + "/scaled"))
    } else {
      let factorShape = shape.indices.map { axes.contains($0) ? shape[$0] : 1 }
      let factor = model.add(.constant(Tensor(.f32, shape: factorShape, doubles: factors), name: name + "/factors"))
      scaled = model.add(
        Node(
          name: name + "/scaled", type: "Multiply", opset: "opset1", attributes: ["auto_broadcast": "numpy"],
          inputs: [source, OutputID(factor)], outputs: [Node.Output(ValueType(.f32, shape))], location: node.location))
    }
    model.setInput(target, to: OutputID(scaled))
    model.update(product.id) { $0.fusedNames.append(node.name) }
    model.replaceUses(of: OutputID(id), with: OutputID(product.id))
    report.details.append("\(node.name) into \(product.name)")
    return true
  }

  /// The factors by which `producer` multiplies the output channels of a host's weights; `nil` where it is something else.
  static func factors(of producer: Node, for host: Node, _ model: Model) throws -> [Float]? {
    guard producer.type == "Multiply", producer.inputs.count == 2, producer.postOperations.isEmpty,
      let axes = outputChannelAxes(host, model)?.weights, let shape = model.type(of: producer.inputs[0]).shape.shape,
      model.type(of: OutputID(producer.id)).shape.shape == shape, let factors = try model.constantValue(of: producer.inputs[1]),
      factors.shape == shape.indices.map({ axes.contains($0) ? shape[$0] : 1 })
    else { return nil }
    return factors.doubles().map { Float($0) }
  }

  /// The axes of the weights that together count the output channels, and the output's channel axis; `nil` for other operations.
  static func outputChannelAxes(_ node: Node, _ model: Model) -> (weights: [Int], output: Int)? {
    switch node.type {
    case "Convolution": return ([0], 1)
    case "IntegerConvolution": return ([0], 1)
    case "GroupConvolution": return ([0, 1], 1)
    case "ConvolutionBackpropData": return ([1], 1)
    case "GroupConvolutionBackpropData": return ([0, 2], 1)
    case "MatMul", "IntegerMatMul":
      guard model.type(of: node.inputs[1]).shape.rank == 2 else { return nil }
      let transposed = (try? node.attributes.bool("transpose_b", default: false)) ?? false
      return ([transposed ? 0 : 1], -1)
    default: return nil
    }
  }
}

extension Tensor {
  /// The numbers of a tensor that broadcasts along every axis but `axis` of a rank `rank` tensor, one for each of `channels`
  /// indices; `nil` when it varies along another axis.
  func perChannel(_ channels: Int, axis: Int, rank: Int) -> [Double]? {
    guard shape.count <= rank else { return nil }
    let padded = [Int](repeating: 1, count: rank - shape.count) + shape
    for (index, extent) in padded.enumerated() where extent != 1 && (index != axis || extent != channels) { return nil }
    let numbers = doubles()
    return numbers.count == 1 ? [Double](repeating: numbers[0], count: channels) : numbers
  }
}
