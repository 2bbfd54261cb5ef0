import OVRuntime

/// A model with everything measured that quantised models of it are put together from.
struct QuantizedModelAssembly {
  /// A layer of the report with its node.
  struct Layer {
    /// The value that is compared: the layer's output, behind its bias.
    let output: OutputID
    let node: NodeID
    var report: QuantizationReport.Layer
  }

  let prepared: Model
  let sampleCount: Int
  private let ignored: Set<NodeID>
  private let options: QuantizationOptions
  private let statistics: [OutputID: ValueStatistics]
  private let firstLayers: Set<NodeID>
  private let weights: [NodeID: Tensor]

  /// Measures what is needed.
  ///
  /// `observesAll`: whether layers may be restored later, so that quantisers may stand elsewhere.
  init(
    _ prepared: Model, ignored: Set<NodeID>, options: QuantizationOptions, _ calibration: CalibrationData, observesAll: Bool,
    progress: (Int) -> Void
  ) throws(OVError) {
    self.prepared = prepared
    self.ignored = ignored
    self.options = options
    let placement = QuantizerPlacement(prepared, ignored: ignored, quantizesOutputs: options.quantizesOutputs)
    firstLayers = QuantizedModelAssembly.firstLayers(prepared, placement.layers)
    var weights: [NodeID: Tensor] = [:]
    for id in placement.layers.map(\.node) + placement.embeddings {
      let node = prepared[id]
      weights[id] = try prepared.computedConstant(of: node.inputs[OperationRole(node) == .linear ? 1 : 0])
    }
    self.weights = weights

    var requests: [OutputID: ValueStatistics.Request] = [:]
    for value in observesAll ? placement.wantedValues : placement.points.map(\.value) {
      requests[value, default: .init()].needsRange = true
    }
    for point in placement.points where point.isPerChannel { requests[point.value]!.channelAxis = 1 }
    if options.estimator.needsHistogram { for value in requests.keys { requests[value]!.needsHistogram = true } }
    if options.correctsBias {
      for layer in placement.layers {
        let value = prepared[layer.node].inputs[0]
        requests[value, default: .init()].channelAxis = requests[value]?.channelAxis ?? layer.layout.activationAxis
      }
    }
    let values = requests.keys.sorted { ($0.node, $0.index) < ($1.node, $1.index) }
    guard !values.isEmpty else {
      throw OVError(
        .invalidModel, "the model has no layer that can be quantised",
        suggestion: "convolutions and matrix products with constant weights and f32 data can; see whether the ignored scope is too wide")
    }
    let observer = try Observer(prepared, values: values, threads: options.threads)
    var count = 0
    let measured = try observer.measure(values.map { requests[$0]! }, calibration, limit: options.subsetSize) {
      count = $0
      progress($0)
    }
    sampleCount = count
    statistics = Dictionary(uniqueKeysWithValues: zip(values, measured))
  }

  /// The layers with no other layer between them and the inputs.
  private static func firstLayers(_ model: Model, _ layers: [QuantizerPlacement.WeightedLayer]) -> Set<NodeID> {
    let all = Set(layers.map(\.node))
    var isBehind: Set<NodeID> = []
    for id in model.topologicalOrder where model[id].inputs.contains(where: { all.contains($0.node) || isBehind.contains($0.node) }) {
      isBehind.insert(id)
    }
    return all.subtracting(isBehind)
  }

  /// The quantised model with some layers left in floating point, and its layers in topological order.
  func model(restoring restored: Set<NodeID>) throws(OVError) -> (Model, [Layer]) {
    let placement = QuantizerPlacement(prepared, ignored: ignored.union(restored), quantizesOutputs: options.quantizesOutputs)
    var model = prepared
    let grids = insertQuantizers(placement, &model)
    var weighted: [NodeID: (signalToNoise: Double, hasCorrectedBias: Bool)] = [:]
    for layer in placement.layers { weighted[layer.node] = try quantizeWeights(layer, &model) }
    for id in placement.embeddings { weighted[id] = try quantizeEmbedding(id, &model) }
    model.removeUnreachable()
    try model.inferShapes()

    var layers: [Layer] = []
    for id in prepared.topologicalOrder {
      let node = prepared[id]
      let role = OperationRole(node)
      let grid = grids[InputID(id, 0)]
      let isQuantized = role == .linear ? grid != nil : grid != nil && role == .follower
      guard role == .linear || isQuantized || weighted[id] != nil else { continue }
      if role == .linear, placement.isFixed(id) { continue }
      var report = QuantizationReport.Layer(name: node.name, type: node.type, isQuantized: isQuantized || weighted[id] != nil)
      if !report.isQuantized { report.reason = restored.contains(id) ? "restored for accuracy" : placement.reasons[id] }
      if let grid {
        let widest = grid.scales.indices.max { grid.scales[$0] < grid.scales[$1] }!
        (report.low, report.high, report.scale) = (Double(grid.low[widest]), Double(grid.high[widest]), grid.scales[widest])
        report.rangeCount = grid.scales.count
      }
      report.weightSignalToNoise = weighted[id]?.signalToNoise
      report.hasCorrectedBias = weighted[id]?.hasCorrectedBias ?? false
      let output = role == .linear ? prepared.bias(behind: id).map { OutputID($0.add) } : nil
      layers.append(Layer(output: output ?? OutputID(id), node: id, report: report))
    }
    return (model, layers)
  }

  // MARK: Activations

  private func grid(_ points: [QuantizerPlacement.Point]) -> Grid? {
    if points.count == 1, points[0].isPerChannel, let seen = statistics[points[0].value], !seen.channelMinima.isEmpty {
      return Grid(symmetric: zip(seen.channelMinima, seen.channelMaxima).map { Double(min($0, $1))...Double(max($0, $1)) })
    }
    let ranges = points.compactMap { point in
      statistics[point.value].flatMap { options.estimator.range(of: $0, isSymmetric: options.isSymmetric) }
    }
    guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else { return nil }
    return options.isSymmetric ? Grid(symmetric: [low...high]) : Grid(asymmetric: low...high)
  }

  /// Puts a FakeQuantize behind each point; returns the grids by the inputs that use them.
  private func insertQuantizers(_ placement: QuantizerPlacement, _ model: inout Model) -> [InputID: Grid] {
    var grids: [InputID: Grid] = [:]
    let groups = Dictionary(grouping: placement.points, by: \.group)
    for point in placement.points {
      guard let grid = grid(groups[point.group]!) else { continue }
      let type = model.type(of: point.value)
      let source = model[point.value.node]
      let name = "\(source.name)/fq_output_\(point.value.index)"
      let rank = type.shape.rank ?? 0
      let shape = grid.low.count == 1 ? [] : [1, grid.low.count] + [Int](repeating: 1, count: max(0, rank - 2))
      let bounds = [("input_low", grid.low), ("input_high", grid.high), ("output_low", grid.low), ("output_high", grid.high)].map {
        OutputID(model.add(.constant(Tensor($0.1, shape: shape), name: "\(name)/\($0.0)")))
      }
      let quantizer = model.add(
        Node(
          name: name, type: "FakeQuantize", opset: "opset1", attributes: ["levels": String(Grid.levels), "auto_broadcast": "numpy"],
          inputs: [point.value] + bounds, outputs: [Node.Output(type)]))
      for user in point.users { model.setInput(user, to: OutputID(quantizer)) }
      for input in placement.inputs(behind: point) { grids[input] = grid }
    }
    return grids
  }

  // MARK: Weights

  private func quantizeWeights(
    _ layer: QuantizerPlacement.WeightedLayer, _ model: inout Model
  ) throws(OVError) -> (signalToNoise: Double, hasCorrectedBias: Bool)? {
    guard let tensor = weights[layer.node] else { return nil }
    let values = tensor.array(of: Float.self)
    let isHalfRange = options.overflowFix == .all || (options.overflowFix == .firstLayer && firstLayers.contains(layer.node))
    let quantized = QuantizedWeights(values, shape: tensor.shape, outputAxes: layer.layout.outputAxes, isHalfRange: isHalfRange)
    let scaleShape = layer.layout.scaleShape(tensor.shape)
    model.replaceWeights(InputID(layer.node, 1), by: quantized, shape: tensor.shape, scaleShape: scaleShape)
    let rounded = quantized.dequantized
    var hasCorrectedBias = false
    if options.correctsBias, let seen = statistics[prepared[layer.node].inputs[0]] {
      let difference = zip(values, rounded).map { Double($0) - Double($1) }
      hasCorrectedBias = try BiasCorrection(threshold: options.biasShiftThreshold)
        .correct(layer, difference, tensor.shape, means: seen.channelMeans, prepared, &model)
    }
    return (QuantizedModelAssembly.signalToNoise(values, rounded), hasCorrectedBias)
  }

  private func quantizeEmbedding(_ id: NodeID, _ model: inout Model) throws(OVError) -> (signalToNoise: Double, hasCorrectedBias: Bool)? {
    guard let tensor = weights[id] else { return nil }
    let values = tensor.array(of: Float.self)
    let quantized = QuantizedWeights(values, shape: tensor.shape, outputAxes: [0], isHalfRange: false)
    model.replaceWeights(InputID(id, 0), by: quantized, shape: tensor.shape, scaleShape: [tensor.shape[0], 1])
    return (QuantizedModelAssembly.signalToNoise(values, quantized.dequantized), false)
  }

  static func signalToNoise(_ original: [Float], _ changed: [Float]) -> Double {
    var (signal, noise) = (0.0, 0.0)
    for i in original.indices {
      let difference = Double(original[i]) - Double(changed[i])
      signal += Double(original[i]) * Double(original[i])
      noise += difference * difference
    }
    return decibels(signal: signal, noise: noise)
  }
}

extension Model {
  /// Connects an input to integers that are converted and scaled: Constant i8 → Convert → Multiply.
  mutating func replaceWeights(_ input: InputID, by weights: QuantizedWeights, shape: Shape, scaleShape: Shape) {
    let name = self[self[input.node].inputs[input.index].node].name
    let type = ValueType(.f32, shape)
    let integers = add(.constant(Tensor(weights.integers, shape: shape), name: name + "/quantized"))
    let converted = add(
      Node(
        name: name + "/convert", type: "Convert", opset: "opset1", attributes: ["destination_type": "f32"], inputs: [OutputID(integers)],
        outputs: [Node.Output(type)]))
    let scales = add(.constant(Tensor(weights.scales, shape: scaleShape), name: name + "/scale"))
    let scaled = add(
      Node(
        name: name + "/fq_weights", type: "Multiply", opset: "opset1", attributes: ["auto_broadcast": "numpy"],
        inputs: [OutputID(converted), OutputID(scales)], outputs: [Node.Output(type)]))
    setInput(input, to: OutputID(scaled))
  }

  /// The Add of a constant that is the only user of a layer's output, and which of its operands is the constant.
  func bias(behind layer: NodeID) -> (add: NodeID, operand: Int)? {
    let users = users(of: OutputID(layer))
    guard users.count == 1, self[users[0].node].type == "Add" else { return nil }
    let operand = 1 - users[0].index
    var source = self[self[users[0].node].inputs[operand].node]
    if source.type == "Convert" { source = self[source.inputs[0].node] }
    return source.type == "Constant" ? (users[0].node, operand) : nil
  }
}
