import OVRuntime

/// A model compiled such that some of its inner values can be read after each inference.
struct Observer {
  private let request: InferRequest
  private let firstOutput: Int
  private let values: [OutputID]
  private let model: Model

  /// Compiles a copy of `model` with a Result at each of `values`; without its own outputs, if they are not kept, and what only they need.
  init(_ model: Model, values: [OutputID], threads: Int?, keepsOutputs: Bool = true) throws(OVError) {
    var observed = model
    let ownOutputs = model.results
    for value in values {
      observed.add(
        Node(
          name: "observed/\(value.node.index).\(value.index)", type: "Result", opset: "opset1", inputs: [value],
          outputs: [Node.Output(model.type(of: value))]))
    }
    if !keepsOutputs {
      for id in ownOutputs { observed.remove(id) }
      observed.removeUnreachable()
    }
    request = try CompiledModel(observed, CompileOptions(threads: threads)).makeRequest()
    firstOutput = keepsOutputs ? ownOutputs.count : 0
    self.values = values
    self.model = model
  }

  /// Runs one sample.
  ///
  /// - Throws: ``OVError/Code/invalidData`` naming the sample's file when its tensors do not fit the model's inputs.
  func run(_ sample: CalibrationSample) throws(OVError) {
    let ports = request.compiledModel.inputs
    do throws(OVError) {
      guard sample.inputs.count == ports.count else {
        throw OVError(.invalidData, "a calibration sample has \(sample.inputs.count) tensors, the model \(ports.count) inputs")
      }
      for (index, tensor) in sample.inputs.enumerated() { try request.setInput(index, tensor) }
      try request.infer()
    } catch { throw error.located(at: .init(path: sample.source)) }
  }

  /// What value `index` was in the last run; valid until the next.
  func value(_ index: Int) throws(OVError) -> Tensor { try request.output(firstOutput + index) }

  /// The model's own output `index` in the last run.
  func output(_ index: Int) throws(OVError) -> Tensor { try request.output(index) }

  /// Measures all values over up to `limit` samples.
  ///
  /// `progress` is called after each with the number of samples seen.
  func measure(
    _ requests: [ValueStatistics.Request], _ data: CalibrationData, limit: Int, progress: (Int) -> Void
  ) throws(OVError) -> [ValueStatistics] {
    var statistics = requests.map { ValueStatistics($0) }
    var count = 0
    while count < limit, let sample = try data.sample(count) {
      try run(sample)
      for index in values.indices {
        do throws(OVError) { try statistics[index].add(try value(index)) } catch {
          throw error.located(at: model[values[index].node].location).located(at: .init(path: sample.source))
        }
      }
      count += 1
      progress(count)
    }
    guard count > 0 else {
      throw OVError(.invalidData, "there are no calibration samples", suggestion: "give some that are like the model's real inputs")
    }
    return statistics
  }
}
