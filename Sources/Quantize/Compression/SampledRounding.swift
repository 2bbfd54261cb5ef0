import OVRuntime

/// Rounds the matrix products that take 4 bits with the help of samples of the model's inputs.
extension WeightCompressor {
  /// What came of rounding candidates with samples, by their indices.
  struct SampledRounding {
    var codes: [Int: GroupedCodes] = [:]
    /// The squared errors of the products' outputs, relative to the outputs' squares.
    var errors: [Int: Double] = [:]
  }

  /// Bytes of moments that are summed in one pass over the samples.
  private static let momentsByteLimit = 1 << 29
  private static let sampleLimit = 256
  /// Passes over the samples with what was rounded before, at most: products that are rounded in the same pass do not know of each other.
  private static let passLimit = 32

  /// Products whose moments are summed in the same pass over the samples.
  private struct Pass {
    /// Different data of products.
    var data: [OutputID] = []
    var byteCount = 0
    /// Indices of candidates, and of their data.
    var products: [(candidate: Int, data: Int)] = []
  }

  /// Rounds the products such that errors make each other up over the samples.
  ///
  /// `repairs`: in topological order, each with the data that the model gives once all before it is rounded, and such that it makes up
  /// for what that changed. That learns from the samples what only samples like the real inputs can tell.
  func rounded(
    _ candidates: [WeightCandidate], _ model: Model, _ samples: CalibrationData, repairs: Bool, _ progress: (Int, Int) -> Void
  ) throws(OVError) -> SampledRounding {
    var result = SampledRounding()
    let products = candidates.indices.filter { isProduct(candidates[$0], model) }
    guard !products.isEmpty else { return result }
    var present = model
    if repairs {
      for index in candidates.indices where !products.contains(index) {
        let codes = self.codes(candidates[index])
        result.codes[index] = codes
        try replace(candidates[index], codes, &present)
      }
    }
    let total = result.codes.count + products.count
    for pass in passes(products, candidates, model, repairs: repairs) {
      try round(pass, candidates, original: repairs ? model : nil, &present, samples, &result) { progress($0, total) }
    }
    return result
  }

  private func isProduct(_ candidate: WeightCandidate, _ model: Model) -> Bool {
    let node = model[candidate.node]
    return candidate.bits == 4 && candidate.users.count == 1 && node.type == "MatMul" && node.attributes["transpose_a"] != "true"
  }

  private func passes(_ products: [Int], _ candidates: [WeightCandidate], _ model: Model, repairs: Bool) -> [Pass] {
    let data = products.map { model[candidates[$0].node].inputs[0] }
    // Products of the same data do not depend on each other.
    let perPass = repairs ? (Set(data).count + WeightCompressor.passLimit - 1) / WeightCompressor.passLimit : .max
    var passes: [Pass] = []
    for (index, value) in zip(products, data) {
      let candidate = candidates[index]
      if let pass = passes.indices.last(where: { passes[$0].data.contains(value) }) {
        passes[pass].products.append((index, passes[pass].data.firstIndex(of: value)!))
        if repairs { passes[pass].byteCount += 4 * candidate.rows * candidate.columns }
        continue
      }
      if passes.last.map({ $0.data.count >= perPass || $0.byteCount >= WeightCompressor.momentsByteLimit }) ?? true {
        passes.append(Pass())
      }
      let last = passes.count - 1
      passes[last].products.append((index, passes[last].data.count))
      passes[last].data.append(value)
      passes[last].byteCount += 4 * candidate.columns * (candidate.columns + (repairs ? candidate.rows : 0))
    }
    return passes
  }

  /// Sums a pass's moments over the samples and rounds its products. `original`: the model that is to be met, if they are to repair what
  /// is missing; they are then replaced in `present`.
  private func round(
    _ pass: Pass, _ candidates: [WeightCandidate], original: Model?, _ present: inout Model, _ samples: CalibrationData,
    _ result: inout SampledRounding, _ progress: (Int) -> Void
  ) throws(OVError) {
    let nodes = pass.products.map { candidates[$0.candidate].node }
    let outputs = nodes.map { OutputID($0) }
    let sums = original == nil ? [] : nodes.map { present.sum(behind: $0) }
    var moments = pass.data.indices.map { index in
      SecondMoments(channels: candidates[pass.products.first { $0.data == index }!.candidate].columns)
    }
    var missing = sums.indices.map { index in
      let candidate = candidates[pass.products[index].candidate]
      return CrossMoments(rows: candidate.rows, columns: candidate.columns)
    }
    var signals = [Double](repeating: 0, count: outputs.count)
    let observer = try Observer(present, values: pass.data + outputs + sums, threads: nil, keepsOutputs: false)
    let wanted = try original.map { (model) throws(OVError) in
      try Observer(model, values: sums, threads: nil, keepsOutputs: false)
    }
    var count = 0
    while count < WeightCompressor.sampleLimit, let sample = try samples.sample(count) {
      try observer.run(sample)
      try wanted?.run(sample)
      for index in pass.data.indices { moments[index].add(try observer.value(index)) }
      for index in outputs.indices { signals[index] += try observer.value(pass.data.count + index).squareSum }
      if let wanted {
        for index in sums.indices {
          let given = try observer.value(pass.data.count + outputs.count + index)
          missing[index].add(try wanted.value(index), given, try observer.value(pass.products[index].data))
        }
      }
      count += 1
    }
    let compensations = moments.map { ErrorCompensation($0) }
    for (position, product) in pass.products.enumerated() {
      let candidate = candidates[product.candidate]
      let codes = self.codes(candidate, compensations[product.data], missing.isEmpty ? nil : missing[position])
      result.codes[product.candidate] = codes
      if let noise = codes.outputNoise, signals[position] > 0 { result.errors[product.candidate] = noise / signals[position] }
      if original != nil { try replace(candidate, codes, &present) }
      progress(result.codes.count)
    }
  }
}

extension Tensor {
  /// Σx².
  fileprivate var squareSum: Double {
    guard elementType == .f32 else { return doubles().reduce(0) { $0 + $1 * $1 } }
    return withUnsafeBytes { $0.bindMemory(to: Float.self).reduce(0.0) { $0 + Double($1) * Double($1) } }
  }
}

extension Model {
  /// The value where a product is judged: behind its bias, and behind the sum with a value that comes past the layer, whose errors it can
  /// make up for as well.
  fileprivate func sum(behind product: NodeID) -> OutputID {
    var value = OutputID(product)
    while let user = users(of: value).first, users(of: value).count == 1, self[user.node].type == "Add" {
      let other = self[user.node].inputs[1 - user.index]
      let isBias = isStoredRealConstant(other)
      guard isBias || type(of: other).shape.rank == type(of: value).shape.rank else { break }
      value = OutputID(user.node)
      if !isBias { break }
    }
    return value
  }
}
