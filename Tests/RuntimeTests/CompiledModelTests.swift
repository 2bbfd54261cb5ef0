import Testing

@testable import OVRuntime

@Suite struct CompiledModelTests {
  /// relu(x · W + b) with a batch of unknown size.
  private func classifier(batch: Dimension = .dynamic) -> Model {
    var random = SeededGenerator(seed: 7)
    var graph = GraphBuilder()
    let input = graph.parameter(PartialShape([batch, 6]))
    let product = graph.node("MatMul", [input, graph.constant(random.tensor([6, 5]))])
    graph.result(graph.node("Relu", [graph.node("Add", [product, graph.constant(random.tensor([5]))])], name: "scores"))
    return graph.model
  }

  private func expected(_ model: Model, _ input: Tensor) throws -> Tensor {
    var model = model
    try model.inferShapes()
    return try ReferenceInterpreter(model).run([input])[0]
  }

  @Test func runsForEveryBatchAndKeepsABoundedNumberOfPlans() throws {
    var random = SeededGenerator(seed: 3)
    let compiled = try CompiledModel(classifier(), CompileOptions(threads: 2))
    let request = compiled.makeRequest()
    for batch in Array(1...40) + [1, 40, 17] {
      let input = random.tensor([batch, 6])
      try request.setInput("input", input)
      try request.infer()
      #expect(relativeError(try request.output(0), try expected(classifier(), input)) < 1e-6, "batch \(batch)")
    }
    #expect(compiled.plans.planCount == PlanCache.capacity)
    #expect(compiled.packedWeightsByteCount < 4096, "weights are packed once, not once a plan")
  }

  @Test func requestsRunAtTheSameTime() async throws {
    let compiled = try CompiledModel(classifier(), CompileOptions(threads: 2))
    var random = SeededGenerator(seed: 5)
    let inputs = (0..<8).map { _ in random.tensor([3, 6]) }
    let results = try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
      for (index, input) in inputs.enumerated() {
        group.addTask {
          let request = compiled.makeRequest()
          for _ in 0..<50 {
            try request.setInput(0, input)
            try await request.infer()
          }
          return (index, try request.output(0))
        }
      }
      var results: [Int: Tensor] = [:]
      for try await (index, tensor) in group { results[index] = tensor }
      return results
    }
    for (index, input) in inputs.enumerated() { #expect(relativeError(results[index]!, try expected(classifier(), input)) < 1e-6) }
  }

  @Test func outputsThatAreHeldKeepTheirElements() throws {
    let request = try CompiledModel(classifier(batch: 1)).makeRequest()
    var random = SeededGenerator(seed: 11)
    let inputs = [random.tensor([1, 6]), random.tensor([1, 6])]
    try request.setInput(0, inputs[0])
    try request.infer()
    let first = try request.output(0)
    let elements = first.array(of: Float.self)
    try request.setInput(0, inputs[1])
    try request.infer()
    #expect(first.array(of: Float.self) == elements)
    #expect(try request.output(0).array(of: Float.self) != elements)
  }

  @Test func theSameInputGivesTheSameBits() throws {
    let request = try CompiledModel(classifier(batch: 4), CompileOptions(threads: 2)).makeRequest()
    var random = SeededGenerator(seed: 13)
    try request.setInput(0, random.tensor([4, 6]))
    try request.infer()
    let first = try request.output(0).array(of: Float.self).map(\.bitPattern)
    for _ in 0..<20 {
      try request.infer()
      #expect(try request.output(0).array(of: Float.self).map(\.bitPattern) == first)
    }
  }

  @Test func inputsAreReferredToNotCopied() throws {
    let elements: [Float] = [1, 2, 3, 4, 5, 6]
    let owner = elements.withUnsafeBytes { WeightsBuffer(copying: $0) }
    let tensor = try Tensor(.f32, shape: [1, 6], referring: owner.unsafeBytes, owner: owner)
    let request = try CompiledModel(classifier(batch: 1)).makeRequest()
    try request.setInput(0, tensor)
    try request.infer()
    #expect(tensor.withUnsafeBytes { $0.baseAddress } == owner.unsafeBytes.baseAddress)
    #expect(relativeError(try request.output(0), try expected(classifier(), Tensor(elements, shape: [1, 6]))) < 1e-6)
  }

  /// Winograd's weights take four times the memory of those that they are made from, which one inference does not earn back.
  @Test func aFewInferencesTakeKernelsThatAreReadySooner() throws {
    var random = SeededGenerator(seed: 13)
    var graph = GraphBuilder()
    let weights = graph.constant(random.tensor([256, 256, 3, 3]))
    let attributes: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1"]
    graph.result(graph.node("Convolution", [graph.parameter([1, 256, 14, 14]), weights], attributes))
    let input = random.tensor([1, 256, 14, 14])
    var options = CompileOptions(threads: 2)
    let outputs = try [nil, 1].map { count -> Tensor in
      options.expectedInferences = count
      let compiled = try CompiledModel(graph.model, options)
      let usesWinograd = compiled.steps.contains { $0.kernel.hasPrefix("winograd") }
      #expect(usesWinograd == (count == nil))
      #expect(count == nil || compiled.packedWeightsByteCount <= 256 * 256 * 9 * 4)
      let request = compiled.makeRequest()
      try request.setInput(0, input)
      try request.infer()
      return try request.output(0)
    }
    #expect(relativeError(outputs[1], outputs[0]) < 1e-5)
  }

  /// Halves are not packed for a single inference.
  @Test func aSingleInferenceReadsHalvesWhereTheModelStoresThem() throws {
    var random = SeededGenerator(seed: 14)
    var graph = GraphBuilder()
    func halves(_ shape: Shape) throws -> OutputID {
      let values = random.tensor(shape).array(of: Float.self).map { Float16($0) }
      return graph.node("Convert", [graph.constant(Tensor(values, shape: shape))], ["destination_type": "f32"])
    }
    let attributes: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1"]
    let wide = graph.node("Convolution", [graph.parameter([1, 32, 7, 7]), try halves([256, 32, 3, 3])], attributes)
    let same: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": "0,0", "pads_end": "0,0"]
    let narrow = graph.node("Convolution", [wide, try halves([40, 256, 1, 1])], same)
    graph.result(graph.node("MatMul", [narrow, try halves([1000, 7])], ["transpose_a": "false", "transpose_b": "true"]))
    let input = random.tensor([1, 32, 7, 7])
    var options = CompileOptions(threads: 2)
    let outputs = try [nil, 1].map { count -> Tensor in
      options.expectedInferences = count
      let compiled = try CompiledModel(graph.model, options)
      #expect((compiled.packedWeightsByteCount == 0) == (count == 1))
      let request = compiled.makeRequest()
      try request.setInput(0, input)
      try request.infer()
      return try request.output(0)
    }
    #expect(relativeError(outputs[1], outputs[0]) < 1e-5)
  }

  @Test func mistakesAreNamed() throws {
    var options = CompileOptions()
    options.expectedInferences = 0
    let count = #expect(throws: OVError.self) { try CompiledModel(classifier(), options) }
    #expect(count?.code == .invalidArgument && count?.suggestion?.contains("1 or more") == true)
    options.expectedInferences = nil
    options.device = "GPU"
    let device = #expect(throws: OVError.self) { try CompiledModel(classifier(), options) }
    #expect(device?.code == .invalidArgument && device?.suggestion?.contains("CPU") == true)
    options.device = "AUTO"
    let compiled = try CompiledModel(classifier(), options)
    #expect(compiled.options.device == "CPU")
    let request = compiled.makeRequest()
    #expect(throws: OVError.self) { try request.infer() }
    #expect(throws: OVError.self) { try request.output(0) }
    #expect(throws: OVError.self) { try request.setInput(1, Tensor([Float(0)], shape: [1])) }
    let name = #expect(throws: OVError.self) { try request.setInput("inptu", Tensor([Float(0)], shape: [1])) }
    #expect(name?.suggestion?.contains("input") == true)
    let type = #expect(throws: OVError.self) { try request.setInput(0, Tensor([Int64](repeating: 0, count: 6), shape: [1, 6])) }
    #expect(type?.code == .invalidData)
    #expect(throws: OVError.self) { try request.setInput(0, Tensor([Float](repeating: 0, count: 5), shape: [1, 5])) }
    var model = classifier()
    let reshape = #expect(throws: OVError.self) { try model.reshape(["input": PartialShape([2, 7])]) }
    #expect(reshape?.location.layerType?.contains("MatMul") == true)
    #expect(model.inputs[0].type.shape == PartialShape([.dynamic, 6]), "a failed reshape leaves the model as it was")
  }

  @Test func operationsThatDoNotExistAreRefusedBeforeAnyWork() throws {
    var graph = GraphBuilder()
    graph.result(graph.node("Convolutoin", [graph.parameter(PartialShape([1, 3, 4, 4]))]))
    let error = #expect(throws: OVError.self) { try CompiledModel(graph.model) }
    #expect(error?.code == .unsupported && error?.suggestion?.contains("Convolution") == true)
    var later = GraphBuilder()
    later.result(later.node("Relu", [later.parameter(PartialShape([1]))], opset: 99))
    #expect((#expect(throws: OVError.self) { try CompiledModel(later.model) })?.code == .unsupported)
  }

  @Test func shapesThatOnlyTheRunDecides() throws {
    var graph = GraphBuilder()
    let input = graph.parameter(PartialShape([8]))
    let positive = graph.node("Greater", [input, graph.constant(Tensor([Float(0)], shape: []))])
    let places = graph.node("NonZero", [positive], opset: 3, ["output_type": "i64"])
    let picked = graph.node(
      "Gather", [graph.node("Exp", [input]), places, graph.constant(Tensor([Int64(0)], shape: []))], opset: 8)
    graph.result(picked)
    let request = try CompiledModel(graph.model).makeRequest()
    for elements: [Float] in [[1, -1, 2, -2, 3, -3, 4, -4], [Float](repeating: -1, count: 8), [Float](repeating: 1, count: 8)] {
      let input = Tensor(elements, shape: [8])
      try request.setInput(0, input)
      try request.infer()
      #expect(relativeError(try request.output(0), try expected(graph.model, input)) < 1e-6)
    }
  }

  @Test func stepsTellWhatWasChosen() throws {
    var options = CompileOptions(threads: 1)
    options.profiling = true
    let compiled = try CompiledModel(classifier(batch: 2), options)
    #expect(compiled.steps.map(\.nodeType) == ["MatMul"])
    let kernel = compiled.steps[0].kernel
    #expect(kernel.hasPrefix("gemm_f32_"))
    // A product of floats needs no part of an instruction set that is for integers.
    #expect(compiled.instructionSet.hasPrefix(kernel.split(separator: "_").last!))
    #expect(compiled.steps[0].fusedNames.contains("scores"))
    let request = compiled.makeRequest()
    try request.setInput(0, Tensor([Float](repeating: 1, count: 12), shape: [2, 6]))
    try request.infer()
    #expect(request.profile.count == compiled.steps.count)
  }
}
