import Testing

@testable import OVRuntime

/// Each pass by structure (what is left of the graph) and by value (the optimised model against the reference of the original).
@Suite struct PassTests {
  /// Every kind of label: of both operands and the result, of both, of one, of one and the result, ellipses, three operands.
  @Test(
    arguments: [
      ("bij,bjk->bik", [[3, 4, 5], [3, 5, 6]]), ("bqhd,bkhd->bhqk", [[2, 5, 3, 4], [2, 6, 3, 4]]), ("ij,kj->ik", [[4, 5], [6, 5]]),
      ("abc,cd->abd", [[2, 3, 4], [4, 5]]), ("ij,j->i", [[4, 5], [5]]), ("i,j->ji", [[4], [5]]),
      ("abcd,dcef->bafe", [[2, 3, 4, 5], [5, 4, 2, 3]]),
      ("ijk->ki", [[3, 4, 5]]), ("ij,ij->", [[3, 4], [3, 4]]), ("aij,jk,kl->ail", [[2, 3, 4], [4, 5], [5, 6]]),
      ("...ij,...jk->...ik", [[2, 3, 4, 5], [2, 3, 5, 6]]), ("...i,ij->...j", [[2, 3, 4], [4, 5]]),
      ("aij,ajk->ik", [[3, 4, 5], [3, 5, 2]]),
    ] as [(String, [Shape])])
  func einsumBecomesProducts(equation: String, shapes: [Shape]) throws {
    var random = SeededGenerator(seed: 21)
    var graph = GraphBuilder()
    let inputs = shapes.enumerated().map { graph.parameter($1, name: "input\($0)") }
    graph.result(graph.node("Einsum", inputs, opset: 7, ["equation": equation]))
    let compiled = try CompiledModel(graph.model)
    #expect(!compiled.optimizedModel.nodes.contains { $0.type == "Einsum" })
    #expect(!compiled.steps.contains { $0.kernel == "reference" }, "\(compiled.steps.map(\.kernel))")
    let request = compiled.makeRequest()
    let tensors = shapes.map { random.tensor($0) }
    for (index, tensor) in tensors.enumerated() { try request.setInput(index, tensor) }
    try request.infer()
    var model = graph.model
    try model.inferShapes()
    #expect(relativeError(try request.output(0), try ReferenceInterpreter(model).run(tensors)[0]) < 1e-5)
  }

  /// A diagonal, and extents that broadcast, are not products.
  @Test(arguments: [("ii->i", [[4, 4]]), ("ij,ij->ij", [[3, 4], [1, 4]])] as [(String, [Shape])])
  func einsumThatStays(equation: String, shapes: [Shape]) throws {
    var graph = GraphBuilder()
    let inputs = shapes.enumerated().map { graph.parameter($1, name: "input\($0)") }
    graph.result(graph.node("Einsum", inputs, opset: 7, ["equation": equation]))
    #expect(try CompiledModel(graph.model).optimizedModel.nodes.contains { $0.type == "Einsum" })
  }

  private var random = SeededGenerator(seed: 1)

  private mutating func convolution(
    _ graph: inout GraphBuilder, _ input: OutputID, from inputs: Int, to outputs: Int, kernel: Int = 3, groups: Int = 1
  ) -> OutputID {
    let pad = "\(kernel / 2),\(kernel / 2)"
    let attributes: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": pad, "pads_end": pad]
    let shape = groups == 1 ? [outputs, inputs, kernel, kernel] : [groups, outputs / groups, inputs / groups, kernel, kernel]
    return graph.node(groups == 1 ? "Convolution" : "GroupConvolution", [input, graph.constant(random.tensor(shape))], attributes)
  }

  private mutating func batchNorm(_ graph: inout GraphBuilder, _ input: OutputID, channels: Int, opset: Int = 5) -> OutputID {
    let variance = Tensor(random.tensor([channels]).doubles().map { Float($0.magnitude + 0.5) }, shape: [channels])
    let others = (0..<3).map { _ in graph.constant(random.tensor([channels])) } + [graph.constant(variance)]
    let inputs = opset == 5 ? [input] + others : [others[0], others[1], input, others[2], others[3]]
    return graph.node("BatchNormInference", inputs, opset: opset, ["epsilon": "0.001"])
  }

  /// Compiles with and without optimisation and compares both with the reference; returns the optimised model.
  private mutating func check(_ graph: GraphBuilder, _ shapes: Shape..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Model
  {
    let inputs = shapes.map { random.tensor($0) }
    var model = graph.model
    try model.inferShapes()
    let expected = try ReferenceInterpreter(model).run(inputs)
    var optimized: Model?
    for isOptimized in [false, true] {
      var options = CompileOptions(threads: 2)
      options.optimization = isOptimized
      let compiled = try CompiledModel(model, options)
      let request = compiled.makeRequest()
      for (index, input) in inputs.enumerated() { try request.setInput(index, input) }
      try request.infer()
      for index in expected.indices {
        let error = relativeError(try request.output(index), expected[index])
        #expect(error < 1e-5, "optimisation \(isOptimized)", sourceLocation: sourceLocation)
      }
      optimized = compiled.optimizedModel
    }
    return optimized!
  }

  private func count(_ type: String, _ model: Model) -> Int { model.nodes.count { $0.type == type } }

  @Test(arguments: [1, 5])
  mutating func batchNormalizationBecomesWeightsAndBias(opset: Int) throws {
    var graph = GraphBuilder()
    let input = graph.parameter([1, 3, 9, 9])
    let normalized = batchNorm(&graph, convolution(&graph, input, from: 3, to: 8), channels: 8, opset: opset)
    graph.result(graph.node("Relu", [normalized]))
    let model = try check(graph, [1, 3, 9, 9])
    #expect(
      count("BatchNormInference", model) == 0 && count("Multiply", model) == 0 && count("Add", model) == 0 && count("Relu", model) == 0)
    let fused = try #require(model.nodes.first { $0.type == "Convolution" })
    #expect(fused.postOperations.map(\.type) == ["Add", "Relu"])
  }

  @Test mutating func groupedConvolutionTakesItsScale() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 8, 7, 7])
    graph.result(batchNorm(&graph, convolution(&graph, input, from: 8, to: 8, groups: 8), channels: 8))
    let model = try check(graph, [2, 8, 7, 7])
    #expect(count("Multiply", model) == 0 && count("Add", model) == 0)
  }

  @Test mutating func batchNormalizationWithoutAConvolutionStaysArithmetic() throws {
    var graph = GraphBuilder()
    graph.result(batchNorm(&graph, graph.parameter([1, 4, 5, 5]), channels: 4))
    let model = try check(graph, [1, 4, 5, 5])
    #expect(count("BatchNormInference", model) == 0 && count("Multiply", model) == 1 && count("Add", model) == 1)
  }

  @Test mutating func aConvolutionWithTwoUsersIsNotScaled() throws {
    var graph = GraphBuilder()
    let product = convolution(&graph, graph.parameter([1, 4, 5, 5]), from: 4, to: 4)
    graph.result(graph.node("Multiply", [product, graph.constant(random.tensor([1, 4, 1, 1]))]), name: "scaled")
    graph.result(graph.node("Relu", [product]), name: "activated")
    let model = try check(graph, [1, 4, 5, 5])
    #expect(count("Multiply", model) == 1 && count("Relu", model) == 1)
  }

  @Test mutating func residualAndActivationJoinTheLaterConvolution() throws {
    var graph = GraphBuilder()
    let first = convolution(&graph, graph.parameter([1, 8, 6, 6]), from: 8, to: 8)
    let second = convolution(&graph, graph.node("Relu", [first]), from: 8, to: 8)
    graph.result(graph.node("Clamp", [graph.node("Add", [second, first])], ["min": "0", "max": "6"]))
    let model = try check(graph, [1, 8, 6, 6])
    #expect(count("Add", model) == 0 && count("Clamp", model) == 0)
    #expect(count("Relu", model) == 1, "the first convolution has two users")
  }

  @Test mutating func aBroadcastAdditionIsNoResidual() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([1, 4, 6, 6])
    let other = graph.parameter([1, 4, 1, 1], name: "other")
    graph.result(graph.node("Add", [convolution(&graph, input, from: 4, to: 4), other]))
    #expect(count("Add", try check(graph, [1, 4, 6, 6], [1, 4, 1, 1])) == 1)
  }

  @Test mutating func anActivationEndsTheChain() throws {
    var graph = GraphBuilder()
    let product = convolution(&graph, graph.parameter([1, 4, 6, 6]), from: 4, to: 4)
    let activated = graph.node("Sigmoid", [product])
    graph.result(graph.node("Add", [activated, graph.constant(random.tensor([1, 4, 1, 1]))]))
    let model = try check(graph, [1, 4, 6, 6])
    #expect(count("Sigmoid", model) == 0 && count("Add", model) == 1)
  }

  @Test(arguments: [false, true])
  mutating func matrixProductTakesScaleBiasAndActivation(transposed: Bool) throws {
    var graph = GraphBuilder()
    let weights = graph.constant(random.tensor(transposed ? [10, 6] : [6, 10]))
    let product = graph.node("MatMul", [graph.parameter([3, 6]), weights], ["transpose_b": "\(transposed)"])
    let scaled = graph.node("Multiply", [graph.constant(random.tensor([1, 10])), product])
    graph.result(graph.node("Gelu", [graph.node("Add", [scaled, graph.constant(random.tensor([10]))])], opset: 7))
    let model = try check(graph, [3, 6])
    #expect(count("Multiply", model) == 0 && count("Add", model) == 0 && count("Gelu", model) == 0)
  }

  private func normalization(_ graph: inout GraphBuilder, _ input: OutputID, axes: [Int64]) -> OutputID {
    graph.node(
      "MVN", [input, graph.constant(Tensor(axes, shape: [axes.count]))], opset: 6,
      ["eps": "1e-5", "normalize_variance": "true", "eps_mode": "inside_sqrt"])
  }

  /// Of rank 4 behind a convolution, which leaves the last axis elsewhere in memory.
  @Test(arguments: [[3, 6], [2, 3, 6], [1, 4, 5, 6]])
  mutating func layerNormalizationTakesItsScaleAndShift(shape: Shape) throws {
    var graph = GraphBuilder()
    var input = graph.parameter(shape)
    if shape.count == 4 { input = convolution(&graph, input, from: 4, to: 4) }
    let normalized = normalization(&graph, input, axes: [-1])
    let scaled = graph.node("Multiply", [graph.constant(random.tensor([6])), normalized])
    graph.result(graph.node("Add", [scaled, graph.constant(random.tensor([1, 6]))]))
    let model = try check(graph, shape)
    #expect(count("MVN", model) == 1 && count("Multiply", model) == 0 && count("Add", model) == 0)
  }

  /// A scale along another axis, a normalisation over more than the last axis, and a shift before the scale.
  @Test(arguments: 0..<3)
  mutating func otherScalesOfNormalizationsStay(form: Int) throws {
    var graph = GraphBuilder()
    var value = normalization(&graph, graph.parameter([2, 3, 6]), axes: form == 1 ? [1, 2] : [2])
    if form == 2 { value = graph.node("Add", [value, graph.constant(random.tensor([6]))]) }
    graph.result(graph.node("Multiply", [value, graph.constant(random.tensor(form == 0 ? [3, 1] : [6]))]))
    let model = try check(graph, [2, 3, 6])
    #expect(count("Multiply", model) == 1 && count("Add", model) == 0)
  }

  @Test mutating func shapeSubgraphsAreFolded() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 3, 4])
    let shape = graph.node("ShapeOf", [input], opset: 3, ["output_type": "i64"])
    let zero = graph.constant(Tensor([Int64(0)], shape: []))
    let batch = graph.node("Gather", [shape, graph.constant(Tensor([Int64(0)], shape: [1])), zero], opset: 8)
    let target = graph.node("Concat", [batch, graph.constant(Tensor([Int64(-1)], shape: [1]))], ["axis": "0"])
    graph.result(graph.node("Reshape", [input, target], ["special_zero": "false"]))
    let model = try check(graph, [2, 3, 4])
    #expect(Set(model.nodes.map(\.type)) == ["Parameter", "Constant", "Reshape", "Result"])
  }

  @Test mutating func operationsThatChangeNothingVanish() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 3])
    let same = graph.node("Convert", [input], ["destination_type": "f32"])
    let reshaped = graph.node("Reshape", [same, graph.constant(Tensor([Int64(2), 3], shape: [2]))], ["special_zero": "false"])
    let transposed = graph.node("Transpose", [reshaped, graph.constant(Tensor([Int64(0), 1], shape: [2]))])
    graph.result(graph.node("Exp", [graph.node("Multiply", [transposed, graph.constant(Tensor([Float(1)], shape: []))])]))
    #expect(Set(try check(graph, [2, 3]).nodes.map(\.type)) == ["Parameter", "Exp", "Result"])
  }

  @Test mutating func concatWithoutCopies() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([1, 4, 6, 6])
    let parts = [8, 4, 16].map { convolution(&graph, input, from: 4, to: $0) }
    let joined = graph.node("Concat", [graph.node("Relu", [parts[0]]), parts[1], parts[2]], ["axis": "1"])
    graph.result(convolution(&graph, joined, from: 28, to: 3, kernel: 1))
    _ = try check(graph, [1, 4, 6, 6])
    let steps = try CompiledModel(graph.model).steps
    #expect(steps.allSatisfy { $0.nodeType != "Concat" }, "\(steps.map(\.kernel))")
  }

  @Test(arguments: 0..<4)
  mutating func writtenOutActivationsAreRecognized(form: Int) throws {
    func number(_ value: Float, _ graph: inout GraphBuilder) -> OutputID { graph.constant(Tensor([value], shape: [])) }
    var graph = GraphBuilder()
    let x = convolution(&graph, graph.parameter([1, 4, 6, 6]), from: 4, to: 4)
    let sum = graph.node("Add", [number(3, &graph), x])
    let clamped =
      form == 0
      ? graph.node("Clamp", [sum], ["min": "0", "max": "6"])
      : graph.node("Minimum", [graph.node("Maximum", [sum, number(0, &graph)]), number(6, &graph)])
    switch form {
    case 2: graph.result(graph.node("Multiply", [graph.node("Multiply", [x, clamped]), number(1 / 6, &graph)]))
    case 3: graph.result(graph.node("Multiply", [graph.node("Sigmoid", [x]), x]))
    default: graph.result(graph.node("Multiply", [graph.node("Divide", [clamped, number(6, &graph)]), x]))
    }
    let model = try check(graph, [1, 4, 6, 6])
    let fused = try #require(model.nodes.first { $0.type == "Convolution" })
    #expect(fused.postOperations.map(\.type) == [form == 3 ? "Swish" : "HSwish"])
    #expect(count("Multiply", model) == 0)
  }

  @Test mutating func anotherClampIsNoHSwish() throws {
    var graph = GraphBuilder()
    let x = graph.parameter([1, 4, 6, 6])
    let sum = graph.node("Add", [x, graph.constant(Tensor([Float(2)], shape: []))])
    let clamped = graph.node("Clamp", [sum], ["min": "0", "max": "6"])
    graph.result(graph.node("Multiply", [graph.node("Divide", [clamped, graph.constant(Tensor([Float(6)], shape: []))]), x]))
    let model = try check(graph, [1, 4, 6, 6])
    #expect(count("HSwish", model) == 0 && count("Clamp", model) == 1)
  }

  @Test mutating func broadcastsBeforeElementwiseOperationsVanish() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 3, 8])
    let shape = graph.constant(Tensor([Int64(2), 3, 8], shape: [3]))
    let other = graph.parameter([3, 1], name: "other")
    graph.result(graph.node("Maximum", [input, graph.node("Broadcast", [other, shape], opset: 3, ["mode": "numpy"])]))
    #expect(count("Broadcast", try check(graph, [2, 3, 8], [3, 1])) == 0)
  }

  @Test mutating func aBroadcastThatWidensTheOutputStays() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([1, 3, 1])
    let shape = graph.constant(Tensor([Int64(2), 3, 8], shape: [3]))
    let other = graph.parameter([3, 1], name: "other")
    graph.result(graph.node("Maximum", [input, graph.node("Broadcast", [other, shape], opset: 3, ["mode": "numpy"])]))
    #expect(count("Broadcast", try check(graph, [1, 3, 1], [3, 1])) == 1)
  }

  @Test mutating func depthwiseConvolutionWithSeveralOutputsAChannel() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 5, 7, 7])
    let attributes: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1"]
    graph.result(graph.node("GroupConvolution", [input, graph.constant(random.tensor([5, 3, 1, 3, 3]))], attributes))
    _ = try check(graph, [2, 5, 7, 7])
  }
}
