public import OVRuntime

/// Stores a model's weights in fewer bits: half precision, or integers with scales that are expanded when the model runs.
///
/// No data are needed. With 4 bits, samples of the inputs let weights make up for each other's errors; a model whose inputs are all
/// integers, such as a language model's tokens, gets random ones when there are none.
///
///     let result = try WeightCompressor(CompressionOptions(.int8)).compress(model)
public struct WeightCompressor: Sendable {
  public var options: CompressionOptions

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

  /// Weights that layers read.
  private struct Candidate {
    let weights: OutputID
    let node: NodeID
    /// Every input that reads them, all in the same way.
    var users: [InputID]
    let tensor: Tensor
    /// Rows have a scale or several; columns are summed over.
    let rows: Int
    let columns: Int
    /// Whether the matrix is the transpose of what is stored.
    let isTransposed: Bool
    var bits: Int
    let groupSize: Int
    var reason: String?
  }

  private func compressToIntegers(
    _ model: inout Model, _ ignored: Set<NodeID>, _ calibration: CalibrationData?, _ report: inout CompressionReport,
    _ progress: (Int, Int) -> Void
  ) throws(OVError) {
    var candidates = try self.candidates(model, ignored)
    var done: [Int: GroupedIntegers] = [:]
    if options.format == .int4 {
      var errors: [Int: Double] = [:]
      if let data = calibration ?? SyntheticSamples.data(for: model) {
        errors = try compensate(candidates, model, data, &done, progress)
      }
      if options.ratio < 1 { choose(&candidates, errors, &done, progress) }
    }
    for (index, candidate) in candidates.enumerated() {
      let integers = done[index] ?? self.integers(candidate)
      replace(candidate, integers, &model)
      report.layers.append(
        .init(
          name: model[candidate.node].name, type: model[candidate.node].type, shape: candidate.tensor.shape,
          elementType: integers.elementType, groupSize: integers.groupSize, originalByteCount: candidate.tensor.byteCount,
          byteCount: integers.byteCount, signalToNoise: integers.signalToNoise, reason: candidate.reason))
      progress(index + 1, candidates.count)
    }
  }

  /// Bytes of second moments that are summed in one pass over the samples.
  private static let momentsByteLimit = 1 << 29
  private static let compensationSampleLimit = 128

  /// Rounds the products that take 4 bits such that errors make each other up over the samples. Returns the square errors of their
  /// outputs, relative to the outputs' squares.
  private func compensate(
    _ candidates: [Candidate], _ model: Model, _ data: CalibrationData, _ done: inout [Int: GroupedIntegers], _ progress: (Int, Int) -> Void
  ) throws(OVError) -> [Int: Double] {
    func isMeasured(_ candidate: Candidate) -> Bool {
      let node = model[candidate.node]
      return candidate.bits == 4 && candidate.users.count == 1 && node.type == "MatMul" && node.attributes["transpose_a"] != "true"
    }
    var pending = candidates.indices.filter { isMeasured(candidates[$0]) }
    let total = pending.count
    var errors: [Int: Double] = [:]
    while !pending.isEmpty {
      var values: [OutputID] = []
      var moments: [SecondMoments] = []
      var byteCount = 0
      var taken: [(candidate: Int, value: Int)] = []
      while let index = pending.first, byteCount == 0 || byteCount < WeightCompressor.momentsByteLimit {
        pending.removeFirst()
        let value = model[candidates[index].node].inputs[0]
        if let known = values.firstIndex(of: value) {
          taken.append((index, known))
          continue
        }
        taken.append((index, values.count))
        values.append(value)
        moments.append(SecondMoments(channels: candidates[index].columns))
        byteCount += 4 * candidates[index].columns * candidates[index].columns
      }
      let outputs = taken.map { OutputID(candidates[$0.candidate].node) }
      var signals = [Double](repeating: 0, count: outputs.count)
      let observer = try Observer(model, values: values + outputs, threads: nil)
      var count = 0
      while count < WeightCompressor.compensationSampleLimit, let sample = try data.sample(count) {
        try observer.run(sample)
        for index in values.indices { moments[index].add(try observer.value(index)) }
        for index in outputs.indices {
          signals[index] += try observer.value(values.count + index).doubles().reduce(0) { $0 + $1 * $1 }
        }
        count += 1
      }
      var known: (value: Int, compensation: ErrorCompensation?)?
      for (position, (candidate, value)) in taken.enumerated() {
        if known?.value != value { known = (value, ErrorCompensation(moments[value])) }
        let rounded = integers(candidates[candidate], known?.compensation)
        done[candidate] = rounded
        if let noise = rounded.outputNoise, signals[position] > 0 { errors[candidate] = noise / signals[position] }
        progress(done.count, total)
      }
    }
    return errors
  }

  private func integers(_ candidate: Candidate, _ compensation: ErrorCompensation? = nil) -> GroupedIntegers {
    var values = candidate.tensor.array(of: Float.self)
    if candidate.isTransposed {
      let stored = values
      for row in 0..<candidate.rows {
        for column in 0..<candidate.columns { values[row * candidate.columns + column] = stored[column * candidate.rows + row] }
      }
    }
    let groupSize = candidate.bits == 8 && options.format == .int4 ? candidate.columns : candidate.groupSize
    return GroupedIntegers(
      values, rows: candidate.rows, columns: candidate.columns, groupSize: groupSize, bits: candidate.bits,
      isSymmetric: options.isSymmetric,
      compensation: compensation)
  }

  /// Weights of matrix products, embeddings and convolutions, in topological order of their first users.
  private func candidates(_ model: Model, _ ignored: Set<NodeID>) throws(OVError) -> [Candidate] {
    var candidates: [Candidate] = []
    var known: [OutputID: Int] = [:]
    for id in model.topologicalOrder where !ignored.contains(id) {
      let node = model[id]
      let isEmbedding = node.type == "Gather"
      guard isEmbedding || OperationRole(node) == .linear else { continue }
      let operand = isEmbedding ? 0 : 1
      let weights = node.inputs[operand]
      guard let shape = model.type(of: weights).shape.shape, shape.count >= 2, shape.reduce(1, *) >= 256,
        model.type(of: weights).elementType == .f32, model.isStoredRealConstant(weights)
      else { continue }
      let matrix: (rows: Int, columns: Int, isTransposed: Bool)
      if isEmbedding {
        guard shape.count == 2 else { continue }
        matrix = (shape[0], shape[1], false)
      } else {
        guard let layout = WeightLayout(node, weightsShape: shape) else { continue }
        // Rows are output channels and come first, but in deconvolutions, which stay as they are.
        if node.type == "MatMul" {
          let isTransposed = layout.outputAxes == [1]
          matrix = (shape[layout.outputAxes[0]], shape[layout.inputAxis], isTransposed)
        } else {
          guard layout.outputAxes.first == 0, layout.outputAxes == Array(layout.outputAxes.indices) else { continue }
          let rows = layout.outputChannels(shape)
          matrix = (rows, shape.reduce(1, *) / max(rows, 1), false)
        }
      }
      guard matrix.rows > 0, matrix.columns > 0 else { continue }
      if let index = known[weights] {
        if candidates[index].isTransposed == matrix.isTransposed { candidates[index].users.append(InputID(id, operand)) }
        continue
      }
      guard let tensor = try model.computedConstant(of: weights), tensor.elementType == .f32, tensor.isFinite else { continue }
      known[weights] = candidates.count
      candidates.append(candidate(weights, InputID(id, operand), tensor, matrix, isMatrix: isEmbedding || node.type == "MatMul"))
    }
    return candidates
  }

  private func candidate(
    _ weights: OutputID, _ user: InputID, _ tensor: Tensor, _ matrix: (rows: Int, columns: Int, isTransposed: Bool), isMatrix: Bool
  ) -> Candidate {
    var (bits, groupSize, reason) = (options.format == .int4 ? 4 : 8, matrix.columns, String?.none)
    if !isMatrix {
      if bits == 4 { (bits, reason) = (8, "weights of convolutions take 8 bits") }
    } else if let wanted = options.groupSize ?? (bits == 4 ? 128 : nil), wanted < matrix.columns {
      // Where the size does not divide a row, the largest smaller one that does, by powers of two.
      var size = wanted
      while matrix.columns % size != 0 && size % 2 == 0 && size > 16 { size /= 2 }
      if matrix.columns % size == 0 {
        groupSize = size
        if size != wanted { reason = "groups of \(wanted) do not fill rows of \(matrix.columns)" }
      } else if bits == 4 {
        (bits, reason) = (8, "groups of \(wanted) do not fill rows of \(matrix.columns)")
      }
    }
    return Candidate(
      weights: weights, node: user.node, users: [user], tensor: tensor, rows: matrix.rows, columns: matrix.columns,
      isTransposed: matrix.isTransposed, bits: bits, groupSize: groupSize, reason: reason)
  }

  /// Moves the layers that lose most by 4 bits to 8, until no more than the ratio of all weights is in 4: by the errors of their
  /// outputs, where those are known, otherwise of the weights themselves, each relative to its size, for each weight that is to take 8.
  private func choose(
    _ candidates: inout [Candidate], _ errors: [Int: Double], _ done: inout [Int: GroupedIntegers], _ progress: (Int, Int) -> Void
  ) {
    let small = candidates.indices.filter { candidates[$0].bits == 4 }
    var losses: [Int: Double] = [:]
    for index in small {
      let rounded = done[index] ?? integers(candidates[index])
      done[index] = rounded
      let loss = errors[index] ?? rounded.noise / max(rounded.signal, 1e-30)
      losses[index] = loss / Double(candidates[index].tensor.elementCount)
      progress(index + 1, candidates.count)
    }
    let total = small.reduce(0) { $0 + candidates[$1].tensor.elementCount }
    var left = total
    for index in small.sorted(by: { losses[$0]! > losses[$1]! }) {
      if Double(left) <= options.ratio * Double(total) { break }
      left -= candidates[index].tensor.elementCount
      candidates[index].bits = 8
      candidates[index].reason = "one of those that lose most by 4 bits for their size"
      done[index] = nil
    }
  }

  /// Puts Constant → Convert f16 [→ Subtract] → Multiply [→ Reshape] → Convert f32 in place of weights.
  private func replace(_ candidate: Candidate, _ integers: GroupedIntegers, _ model: inout Model) {
    let name = model[candidate.weights.node].name
    let isGrouped = integers.groupSize < candidate.columns
    let matrixShape = candidate.isTransposed ? [candidate.rows, candidate.columns] : candidate.tensor.shape
    let groups = candidate.columns / integers.groupSize
    let shape = isGrouped ? [candidate.rows, groups, integers.groupSize] : matrixShape
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
    var value = halves(integers.tensor(shape: shape), "/compressed")
    if !integers.isSymmetric {
      let zero = halves(integers.zeroPointTensor(shape: scaleShape), "/zero_point")
      value = add("Subtract", "/zero_point/subtract", [value, zero], ValueType(.f16, shape), ["auto_broadcast": "numpy"])
    }
    let scale = OutputID(model.add(.constant(integers.scaleTensor(shape: scaleShape), name: name + "/scale")))
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

  /// Whether a value is computed from constants of real numbers alone, not from integers with scales.
  func isStoredRealConstant(_ value: OutputID) -> Bool {
    var pending = [value.node]
    while let id = pending.popLast() {
      let node = self[id]
      if node.type == "Constant" {
        let type = node.outputs[0].type.elementType
        if id == value.node || !type.isInteger { continue }
        // Integers may be shapes, not weights.
        guard node.outputs[0].type.shape.rank ?? 0 <= 1 else { return false }
      } else {
        guard ["Convert", "Reshape", "Transpose", "Multiply", "Add"].contains(node.type) else { return false }
        pending += node.inputs.map(\.node)
      }
    }
    return true
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
