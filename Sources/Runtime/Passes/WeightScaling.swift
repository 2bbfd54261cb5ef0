/// Folds a Multiply by one number a channel behind a convolution or matrix product into its weights, or into the scale of a product
/// of integers.
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
    guard let weights = try model.constantValue(of: product.inputs[target.index]), weights.elementType == .f32 else { return false }
    let axes = product.isInternal ? Array(weights.shape.indices) : channelAxis.weights
    let channels = axes.reduce(1) { $0 * weights.shape[$1] }
    guard
      let factors = scale.perChannel(channels, axis: channelAxis.output < 0 ? rank + channelAxis.output : channelAxis.output, rank: rank)
    else {
      return false
    }
    let scaled = weights.scaled(by: factors, axes: axes)
    let constant = model.add(.constant(scaled, name: model[product.inputs[target.index].node].name + "/scaled"))
    model.setInput(target, to: OutputID(constant))
    model.update(product.id) { $0.fusedNames.append(node.name) }
    model.replaceUses(of: OutputID(id), with: OutputID(product.id))
    report.details.append("\(node.name) into \(product.name)")
    return true
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

  /// An `f32` tensor with each element multiplied by the factor of its channel, counted over `axes` row-major.
  func scaled(by factors: [Double], axes: [Int]) -> Tensor {
    let own = shape.rowMajorStrides
    var strides = [Int](repeating: 0, count: shape.count)
    var step = 1
    for axis in axes.reversed() {
      strides[axis] = step
      step *= shape[axis]
    }
    var result = self
    // Runs of elements that share a channel: everything inside the last channel axis.
    let run = own[axes.last!]
    let outer = Array(shape[...axes.last!])
    let channels = outer.offsets(strides: Array(strides[...axes.last!]))
    result.withUnsafeMutableBytes { bytes in
      let values = bytes.bindMemory(to: Float.self)
      for (block, channel) in channels.enumerated() {
        let factor = factors[channel]
        for i in (block * run)..<((block + 1) * run) { values[i] = Float(Double(values[i]) * factor) }
      }
    }
    return result
  }
}
