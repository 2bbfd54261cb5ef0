import OVRuntime

/// Takes the mean error that rounding a layer's weights causes out of its bias.
///
/// The mean of the layer's output changes by Σ (w − ŵ) · μ over the inputs of an output channel, μ being the mean of the input channel
/// over the calibration data; where a convolution's window reaches over the border, by the part of its positions that lie inside.
struct BiasCorrection {
  /// A layer's biases stay as they are when one of them would change by this multiple of itself or more.
  let threshold: Double

  /// Corrects the bias of a layer in `model`; returns whether it did.
  ///
  /// `difference`: the weights less the rounded ones. `means`: of each input channel. `original`: the model that was measured.
  func correct(
    _ layer: QuantizerPlacement.WeightedLayer, _ difference: [Double], _ shape: Shape, means: [Double], _ original: Model,
    _ model: inout Model
  ) throws(OVError) -> Bool {
    let layout = layer.layout
    let inputChannels = shape[layout.inputAxis] * layout.groups
    let channels = layout.outputChannels(shape)
    guard means.count == inputChannels, let bias = original.bias(behind: layer.node),
      let old = try original.computedConstant(of: original[bias.add].inputs[bias.operand]), old.elementType == .f32,
      old.elementCount == channels
    else { return false }
    let shifts = shift(layout, original[layer.node], difference, shape, means, original)
    let values = old.array(of: Float.self)
    let magnitude = zip(shifts, values).map { $0 == 0 ? 0 : abs($0 / Double($1)) }.max() ?? 0
    guard magnitude < threshold else { return false }
    let corrected = zip(values, shifts).map { Float(Double($0) + $1) }
    let name = original[original[bias.add].inputs[bias.operand].node].name
    let constant = model.add(.constant(Tensor(corrected, shape: old.shape), name: name + "/corrected"))
    model.setInput(InputID(bias.add, bias.operand), to: OutputID(constant))
    return true
  }

  /// The change of each output channel's mean.
  private func shift(
    _ layout: WeightLayout, _ node: Node, _ difference: [Double], _ shape: Shape, _ means: [Double], _ model: Model
  ) -> [Double] {
    var shifts = [Double](repeating: 0, count: layout.outputChannels(shape))
    let outputs = ChannelIndex(shape, axes: layout.outputAxes)
    let taps = Taps(node, shape, layout, model)
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    let perGroup = shape[layout.inputAxis]
    for (block, channel) in outputs.channels.enumerated() {
      for i in (block * outputs.run)..<((block + 1) * outputs.run) {
        let index = shape.indices.map { i / strides[$0] % shape[$0] }
        let input = (layout.groups > 1 ? index[0] * perGroup : 0) + index[layout.inputAxis]
        shifts[channel] += difference[i] * means[input] * taps.weight(index)
      }
    }
    return shifts
  }

  /// For each place in a window the fraction of the window's positions at which it lies within the data.
  private struct Taps {
    private var weights: [[Double]] = []
    private var firstAxis = 0

    init(_ node: Node, _ shape: Shape, _ layout: WeightLayout, _ model: Model) {
      guard node.type != "MatMul" else { return }
      let spatial = shape.count - (layout.groups > 1 || node.type.hasPrefix("Group") ? 3 : 2)
      firstAxis = shape.count - spatial
      let strides = (try? node.attributes.ints("strides")) ?? []
      if node.type.hasSuffix("BackpropData") {
        // Each output meets one of so many places.
        weights = (0..<spatial).map { axis in
          [Double](repeating: 1 / Double(strides.indices.contains(axis) ? max(strides[axis], 1) : 1), count: shape[firstAxis + axis])
        }
        return
      }
      let dilations = (try? node.attributes.ints("dilations")) ?? []
      let padsBegin = (try? node.attributes.ints("pads_begin")) ?? []
      let autoPad = node.attributes["auto_pad"]?.lowercased() ?? "explicit"
      guard strides.count == spatial, dilations.count == spatial, padsBegin.count == spatial else { return }
      let data = model.type(of: node.inputs[0]).shape.dimensions
      let result = node.outputs[0].type.shape.dimensions
      for axis in 0..<spatial {
        let extent = shape[firstAxis + axis]
        guard let input = data?[axis + 2].length, let output = result?[axis + 2].length, output > 0 else {
          weights.append([Double](repeating: 1, count: extent))
          continue
        }
        var begin = padsBegin[axis]
        if autoPad != "explicit" {
          let total = max(0, (output - 1) * strides[axis] + (extent - 1) * dilations[axis] + 1 - input)
          begin = autoPad == "same_upper" ? total / 2 : autoPad == "same_lower" ? total - total / 2 : 0
        }
        weights.append(
          (0..<extent).map { tap in
            let inside = (0..<output).count { (0..<input).contains($0 * strides[axis] - begin + tap * dilations[axis]) }
            return Double(inside) / Double(output)
          })
      }
    }

    func weight(_ index: [Int]) -> Double {
      var product = 1.0
      for (axis, fractions) in weights.enumerated() { product *= fractions[index[firstAxis + axis]] }
      return product
    }
  }
}
