import OVRuntime

/// Moves the size of an activation's channels into the weights of the matrix products that use it, so that one range suits all
/// channels: s = max|x|^α / max|w|^(1 − α) a channel, x / s and s · w (Xiao et al., SmoothQuant).
struct SmoothQuant {
  /// How much is moved: 0 nothing, 1 everything.
  let alpha: Double

  /// The least scale is this quantile of a layer's scales.
  private static let leastQuantile = 0.1
  private static let greatest = 100.0

  /// Changes `model`; `progress` is called with the number of samples seen.
  func run(
    on model: inout Model, ignored: Set<NodeID>, _ calibration: CalibrationData, _ options: QuantizationOptions,
    progress: (Int) -> Void
  ) throws(OVError) {
    let placement = QuantizerPlacement(model, ignored: ignored, quantizesOutputs: false)
    var uses: [OutputID: Int] = [:]
    for layer in placement.layers { uses[layer.weights, default: 0] += 1 }
    let layers = placement.layers.filter { layer in
      model[layer.node].type == "MatMul" && layer.layout.activationAxis == -1 && uses[layer.weights] == 1
    }
    if layers.isEmpty { return }
    let groups = Dictionary(grouping: layers) { model[$0.node].inputs[0] }
    let values = groups.keys.sorted { ($0.node, $0.index) < ($1.node, $1.index) }
    let observer = try Observer(model, values: values, threads: options.threads)
    let request = ValueStatistics.Request(channelAxis: -1)
    let measured = try observer.measure(values.map { _ in request }, calibration, limit: options.subsetSize, progress: progress)
    for (value, statistics) in zip(values, measured) { try smooth(value, groups[value]!, statistics, &model) }
    model.removeUnreachable()
    try model.inferShapes()
  }

  private func smooth(
    _ value: OutputID, _ layers: [QuantizerPlacement.WeightedLayer], _ statistics: ValueStatistics, _ model: inout Model
  ) throws(OVError) {
    let magnitudes = zip(statistics.channelMinima, statistics.channelMaxima).map { Double(max(abs($0), abs($1))) }
    var best: (ratio: Double, scales: [Double]) = (0, [])
    var tensors: [(QuantizerPlacement.WeightedLayer, Tensor, ChannelIndex)] = []
    for layer in layers {
      guard let tensor = try model.computedConstant(of: layer.weights), tensor.elementType == .f32,
        tensor.shape[layer.layout.inputAxis] == magnitudes.count
      else { return }
      let index = ChannelIndex(tensor.shape, axes: [layer.layout.inputAxis])
      tensors.append((layer, tensor, index))
      var weights = [Double](repeating: 1e-12, count: magnitudes.count)
      let numbers = tensor.array(of: Float.self)
      for (block, channel) in index.channels.enumerated() {
        for w in numbers[(block * index.run)..<((block + 1) * index.run)] { weights[channel] = max(weights[channel], Double(abs(w))) }
      }
      var scales = zip(magnitudes, weights).map { power(max($0, 1e-7), alpha) / power($1, 1 - alpha) }
      let least = scales.sorted()[Int(SmoothQuant.leastQuantile * Double(scales.count - 1))]
      scales = scales.map { max(least, min(SmoothQuant.greatest, $0)) }
      let ratio = scales.min()! / scales.max()!
      if ratio > best.ratio { best = (ratio, scales) }
    }
    guard best.scales.count == magnitudes.count, best.scales.allSatisfy({ $0 > 0 && $0.isFinite }) else { return }
    for (layer, tensor, index) in tensors {
      var numbers = tensor.array(of: Float.self)
      for (block, channel) in index.channels.enumerated() {
        for i in (block * index.run)..<((block + 1) * index.run) { numbers[i] = Float(Double(numbers[i]) * best.scales[channel]) }
      }
      let name = model[layer.weights.node].name + "/smoothed"
      model.setInput(InputID(layer.node, 1), to: OutputID(model.add(.constant(Tensor(numbers, shape: tensor.shape), name: name))))
    }
    insertScale(value, layers.map(\.node), best.scales, &model)
  }

  /// Divides `value` by the scales on its way to `nodes`.
  private func insertScale(_ value: OutputID, _ nodes: [NodeID], _ scales: [Double], _ model: inout Model) {
    let source = model[value.node]
    let type = model.type(of: value)
    let shape = [Int](repeating: 1, count: max(0, (type.shape.rank ?? 1) - 1)) + [scales.count]
    let name = "\(source.name)/smooth_quant"
    let factors = model.add(.constant(Tensor(scales.map { Float(1 / $0) }, shape: shape), name: name + "/scale"))
    let scaled = model.add(
      Node(
        name: name, type: "Multiply", opset: "opset1", attributes: ["auto_broadcast": "numpy"], inputs: [value, OutputID(factors)],
        outputs: [Node.Output(type)]))
    for node in nodes { model.setInput(InputID(node, 0), to: OutputID(scaled)) }
  }
}
