public import OVRuntime

/// Stores a model's weights in fewer bits: half precision, or integers with scales that are expanded when the model runs.
///
/// No data are needed. With 4 bits, samples of the inputs let weights make up for each other's errors; a model whose inputs are all
/// integers, such as a language model's tokens, gets random ones when there are none.
///
///     let result = try WeightCompressor(CompressionOptions(.int8)).compress(model)
public struct WeightCompressor: Sendable {
  public var options: CompressionOptions
  /// How many samples of random tokens stand in for calibration data.
  var randomSampleCount = 256

  public init(_ options: CompressionOptions) { self.options = options }

  /// Compresses a model. `calibration`: samples of its inputs, used with 4 bits; `progress` is called with the number of layers done and
  /// of all.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` for options out of range and ignored layers that do not exist,
  ///   ``OVError/Code/invalidModel`` when there is nothing to compress, and what inferring shapes throws.
  public func compress(
    _ model: Model, calibration: CalibrationData? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(OVError) -> CompressionResult {
    try options.validate()
    var compressed = model
    try compressed.inferShapes()
    let ignored = try options.ignoredScope.nodes(in: compressed)
    var report = CompressionReport()
    report.originalByteCount = model.constantByteCount
    report.singlePrecisionByteCount = compressed.singlePrecisionByteCount
    if options.format == .f16 {
      try HalfPrecision.run(on: &compressed, ignored: ignored, &report)
    } else {
      try compressToIntegers(&compressed, ignored, calibration, &report, progress)
    }
    guard !report.layers.isEmpty else {
      throw OVError(.invalidModel, "the model has no weights that can be compressed", suggestion: "see whether they are compressed already")
    }
    compressed.removeUnreachable()
    try compressed.inferShapes()
    report.byteCount = compressed.constantByteCount
    compressed.setSettings("weight_compression", options.settings)
    return CompressionResult(model: compressed, report: report)
  }

  // MARK: Integers

  private func compressToIntegers(
    _ model: inout Model, _ ignored: Set<NodeID>, _ calibration: CalibrationData?, _ report: inout CompressionReport,
    _ progress: (Int, Int) -> Void
  ) throws(OVError) {
    var candidates = try self.candidates(model, ignored)
    var rounding = SampledRounding()
    if options.format == .int4 {
      let samples = calibration ?? SyntheticSamples.data(for: model, count: randomSampleCount)
      if let samples { rounding = try rounded(candidates, model, samples, repairs: calibration != nil, progress) }
      let ratio = options.ratio(isCalibrated: calibration != nil)
      if ratio < 1 {
        choose(&candidates, &rounding, ratio: ratio, progress)
        // What the others made up for is not what is left now.
        if let calibration { rounding = try rounded(candidates, model, calibration, repairs: true, progress) }
      }
    }
    for (index, candidate) in candidates.enumerated() {
      let codes = rounding.codes[index] ?? self.codes(candidate)
      try replace(candidate, codes, &model)
      report.layers.append(
        .init(
          name: model[candidate.node].name, type: model[candidate.node].type, shape: candidate.tensor.shape,
          elementType: codes.elementType, groupSize: codes.groupSize, originalByteCount: candidate.tensor.byteCount,
          byteCount: codes.byteCount, signalToNoise: codes.signalToNoise, reason: candidate.reason))
      progress(index + 1, candidates.count)
    }
  }

  /// A candidate's rounded weights; with a `compensation`, they make up for each other's errors, and for what is `missing`.
  func codes(
    _ candidate: WeightCandidate, _ compensation: ErrorCompensation? = nil, _ missing: CrossMoments? = nil
  ) -> GroupedCodes {
    var values = candidate.tensor.array(of: Float.self)
    if candidate.isTransposed {
      let stored = values
      for row in 0..<candidate.rows {
        for column in 0..<candidate.columns { values[row * candidate.columns + column] = stored[column * candidate.rows + row] }
      }
    }
    if let compensation, let missing { values = compensation.corrected(values, missing) }
    let groupSize = candidate.bits == 8 && options.format == .int4 ? candidate.columns : candidate.groupSize
    return GroupedCodes(
      values, rows: candidate.rows, columns: candidate.columns, groupSize: groupSize, levels: options.levels(bits: candidate.bits),
      compensation: compensation)
  }

  /// Moves the layers that lose most by 4 bits to 8, as far as the ratio of all weights stays in 4: by the errors of their outputs, where
  /// those are known, otherwise of the weights themselves, each relative to its size, for each weight that is to take 8.
  private func choose(
    _ candidates: inout [WeightCandidate], _ rounding: inout SampledRounding, ratio: Double, _ progress: (Int, Int) -> Void
  ) {
    let small = candidates.indices.filter { candidates[$0].bits == 4 }
    var losses: [Int: Double] = [:]
    for index in small {
      let rounded = rounding.codes[index] ?? codes(candidates[index])
      rounding.codes[index] = rounded
      let loss = rounding.errors[index] ?? rounded.noise / max(rounded.signal, 1e-30)
      losses[index] = loss / Double(candidates[index].tensor.elementCount)
      progress(index + 1, candidates.count)
    }
    var spare = (1 - ratio) * Double(small.reduce(0) { $0 + candidates[$1].tensor.elementCount })
    for index in small.sorted(by: { losses[$0]! > losses[$1]! }) where Double(candidates[index].tensor.elementCount) <= spare {
      spare -= Double(candidates[index].tensor.elementCount)
      candidates[index].bits = 8
      candidates[index].reason = "one of those that lose most by 4 bits for their size"
      rounding.codes[index] = nil
    }
  }

  /// Puts Constant → Convert f16 [→ Subtract] → Multiply [→ Reshape] → Convert f32 in place of weights.
  func replace(_ candidate: WeightCandidate, _ codes: GroupedCodes, _ model: inout Model) throws(OVError) {
    let name = model[candidate.weights.node].name
    let isGrouped = codes.groupSize < candidate.columns
    let matrixShape = candidate.isTransposed ? [candidate.rows, candidate.columns] : candidate.tensor.shape
    let groups = candidate.columns / codes.groupSize
    let shape = isGrouped ? [candidate.rows, groups, codes.groupSize] : matrixShape
    // One number a row, or a group: the axes behind those that count rows have extent 1.
    var scaleShape = isGrouped ? [candidate.rows, groups, 1] : matrixShape
    if !isGrouped {
      var rows = 1
      for axis in scaleShape.indices { if rows < candidate.rows { rows *= scaleShape[axis] } else { scaleShape[axis] = 1 } }
    }
    func add(_ type: String, _ suffix: String, _ inputs: [OutputID], _ value: ValueType, _ attributes: Attributes) -> OutputID {
      OutputID(
        model.add(
          Node(name: name + suffix, type: type, opset: "opset1", attributes: attributes, inputs: inputs, outputs: [Node.Output(value)])))
    }
    func halves(_ tensor: Tensor, _ suffix: String) -> OutputID {
      let constant = OutputID(model.add(.constant(tensor, name: name + suffix)))
      return add("Convert", suffix + "/convert", [constant], ValueType(.f16, tensor.shape), ["destination_type": "f16"])
    }
    var value = halves(try codes.tensor(shape: shape), "/compressed")
    if codes.levels.hasZeroPoints {
      let zero = halves(try codes.zeroPointTensor(shape: scaleShape), "/zero_point")
      value = add("Subtract", "/zero_point/subtract", [value, zero], ValueType(.f16, shape), ["auto_broadcast": "numpy"])
    }
    let scale = OutputID(model.add(.constant(codes.scaleTensor(shape: scaleShape), name: name + "/scale")))
    value = add("Multiply", "/fq_weights", [value, scale], ValueType(.f16, shape), ["auto_broadcast": "numpy"])
    if isGrouped {
      let target = OutputID(
        model.add(.constant(Tensor(matrixShape.map { Int64($0) }, shape: [matrixShape.count]), name: name + "/shape")))
      value = add("Reshape", "/reshape", [value, target], ValueType(.f16, matrixShape), ["special_zero": "false"])
    }
    value = add("Convert", "/decompressed", [value], ValueType(.f32, matrixShape), ["destination_type": "f32"])
    model.markDecompression(value.node)
    for user in candidate.users {
      model.setInput(user, to: value)
      if candidate.isTransposed { model.update(user.node) { $0.attributes["transpose_b"] = "true" } }
    }
  }
}

extension Model {
  /// Marks a conversion as the last step of expanding stored weights, which runtimes may leave to the operation that reads them.
  mutating func markDecompression(_ id: NodeID) {
    update(id) { $0.runtimeInfo.append(RuntimeAttribute(name: "decompression", version: "0")) }
  }

  /// Bytes of all constants, were real numbers stored in single precision.
  var singlePrecisionByteCount: Int {
    var seen: Set<ConstantData> = []
    return nodes.reduce(0) { sum, node in
      guard let data = node.constant, seen.insert(data).inserted else { return sum }
      let type = node.outputs[0].type
      let count = type.shape.shape?.checkedElementCount ?? 0
      return sum + (type.elementType.isFloatingPoint && type.elementType.bitWidth < 32 ? 4 * count : data.byteCount)
    }
  }
}
