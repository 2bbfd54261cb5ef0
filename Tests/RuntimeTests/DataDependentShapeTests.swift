import Dispatch
import Testing

@testable import OVRuntime

/// Models whose shapes only the run decides: behind the nodes that decide them the rest is compiled like any other model.
@Suite struct DataDependentShapeTests {
  private func run(_ request: InferRequest, _ inputs: [Tensor]) throws -> [Tensor] {
    for (index, input) in inputs.enumerated() { try request.setInput(index, input) }
    try request.infer()
    return try request.compiledModel.outputs.indices.map { try request.output($0) }
  }

  private func reference(_ model: Model, _ inputs: [Tensor]) throws -> [Tensor] {
    var model = model
    try model.inferShapes()
    return try ReferenceInterpreter(model).run(inputs)
  }

  /// The rows of x whose first element is positive, multiplied by weights; how many there are; all rows doubled.
  fileprivate func selection(rows: Dimension = 32) -> Model {
    var random = SeededGenerator(seed: 1)
    var graph = GraphBuilder()
    let x = graph.parameter(PartialShape([rows, 24]))
    let axis = graph.constant(Tensor(.i64, shape: [], ints: [1]))
    let first = graph.node("Gather", [x, graph.constant(Tensor(.i64, shape: [], ints: [0])), axis], opset: 8)
    let places = graph.node("NonZero", [graph.node("Relu", [first])], opset: 3, ["output_type": "i64"])
    let tuples = graph.node("Transpose", [places, graph.constant(Tensor(.i64, shape: [2], ints: [1, 0]))])
    let chosen = graph.node("GatherND", [x, tuples], opset: 8)
    let product = graph.node("MatMul", [chosen, graph.constant(random.tensor([24, 40]))])
    graph.result(graph.node("Relu", [graph.node("Add", [product, graph.constant(random.tensor([40]))])], name: "scores"))
    graph.result(graph.node("ShapeOf", [chosen], opset: 3), name: "count")
    graph.result(graph.node("Add", [x, x]), name: "doubled")
    return graph.model
  }

  @Test(arguments: [1, 2])
  func theRestRunsInKernels(_ threads: Int) throws {
    let compiled = try CompiledModel(selection(), CompileOptions(threads: threads))
    let request = compiled.makeRequest()
    var random = SeededGenerator(seed: 2)
    for seed in 0..<60 {
      let input = random.tensor([32, 24])
      let outputs = try run(request, [input])
      for (output, expected) in zip(outputs, try reference(selection(), [input])) {
        #expect(relativeError(output, expected) < 1e-5, "inference \(seed)")
      }
    }
    let kernels = compiled.steps.map(\.kernel)
    #expect(kernels.contains { $0.hasPrefix("gemm") }, "\(kernels)")
    #expect(compiled.steps.filter { $0.kernel == "reference" }.map(\.nodeType) == ["NonZero"])
    let rest = try #require(compiled.plans.latest?.tail?.rest)
    #expect((2...PlanCache.capacity).contains(rest.planCount))
    #expect(compiled.packedWeightsByteCount < 24 * 64 * 4 + 4096, "weights are packed once, not once a plan")
  }

  @Test func nothingChosen() throws {
    let input = Tensor([Float](repeating: -1, count: 32 * 24), shape: [32, 24])
    let outputs = try run(CompiledModel(selection()).makeRequest(), [input])
    #expect(outputs[0].shape == [0, 40] && outputs[1].ints() == [0, 24] && outputs[2].doubles().allSatisfy { $0 == -2 })
  }

  @Test func bothKindsOfUnknownExtents() throws {
    let compiled = try CompiledModel(selection(rows: .dynamic))
    let request = compiled.makeRequest()
    var random = SeededGenerator(seed: 3)
    for rows in Array(1...20) + [5, 1] {
      let input = random.tensor([rows, 24])
      let outputs = try run(request, [input])
      for (output, expected) in zip(outputs, try reference(selection(rows: .dynamic), [input])) {
        #expect(relativeError(output, expected) < 1e-5, "\(rows) rows")
      }
    }
    #expect(compiled.packedWeightsByteCount < 24 * 64 * 4 + 4096)
  }

  /// A chain of decisions longer than plans may follow each other: each keeps the elements above the mean.
  /// Boxes that suppression keeps, as rows that are multiplied by weights, and a choice by how many they are.
  private func detector() -> Model {
    var random = SeededGenerator(seed: 4)
    var graph = GraphBuilder()
    let boxes = graph.parameter(PartialShape([1, .dynamic, 4]), name: "boxes")
    let scores = graph.parameter(PartialShape([1, 3, .dynamic]), name: "scores")
    func whole(_ values: [Int], _ shape: Shape) -> OutputID { graph.constant(Tensor(.i64, shape: shape, ints: values)) }
    func real(_ value: Float) -> OutputID { graph.constant(Tensor([value], shape: [])) }
    let rows = graph.node(
      "NonMaxSuppression", [boxes, scores, whole([20], []), real(0.5), real(0.4)], opset: 9, ["output_type": "i64"], outputs: 3)
    let places = graph.node("Gather", [rows, whole([2], []), whole([1], [])], opset: 8)
    let kept = graph.node("Gather", [graph.node("Squeeze", [boxes, whole([0], [1])]), places, whole([0], [])], opset: 8)
    let product = graph.node("MatMul", [kept, graph.constant(random.tensor([4, 24]))])
    let sign = graph.node("Sign", [product])
    let chosen = graph.node("NonZero", [graph.node("Relu", [sign])], opset: 3)
    graph.result(graph.node("Relu", [product]), name: "features")
    graph.result(rows, name: "rows")
    graph.result(graph.node("ShapeOf", [chosen], opset: 3), name: "count")
    return graph.model
  }

  @Test func requestsInFlightDoNotDisturbEachOther() throws {
    let model = detector()
    let compiled = try CompiledModel(model, CompileOptions(threads: 2))
    let failures = Locked<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      do {
        let request = compiled.makeRequest()
        var random = SeededGenerator(seed: UInt64(worker))
        for turn in 0..<12 {
          // None at all, none that scores high enough, or some.
          let count = Int.random(in: 0...30, using: &random)
          let least: Float = turn % 3 == 0 ? 0 : 0.3
          let boxes = (0..<count).flatMap { _ -> [Float] in
            let (x, y) = (Float.random(in: 0...1, using: &random), Float.random(in: 0...1, using: &random))
            return [y, x, y + 0.3, x + 0.3]
          }
          let scores = (0..<3 * count).map { _ in Float.random(in: 0...0.4, using: &random) + least }
          let inputs = [Tensor(boxes, shape: [1, count, 4]), Tensor(scores, shape: [1, 3, count])]
          let (outputs, expected) = (try run(request, inputs), try reference(model, inputs))
          for (output, value) in zip(outputs, expected) where relativeError(output, value) > 1e-5 {
            failures.withLock { $0.append("worker \(worker), turn \(turn), \(count) boxes: \(output.type) instead of \(value.type)") }
          }
        }
      } catch { failures.withLock { $0.append("worker \(worker): \(error)") } }
    }
    #expect(failures.withLock { $0 } == [])
  }

  @Test func decisionsFollowEachOther() throws {
    var graph = GraphBuilder()
    var value = graph.parameter([200])
    let axes = graph.constant(Tensor(.i64, shape: [1], ints: [0]))
    for _ in 0..<(PlanTail.depthLimit + 8) {
      let mean = graph.node("ReduceMean", [value, axes], ["keep_dims": "true"])
      let least = graph.node("Subtract", [mean, graph.constant(Tensor([0.9] as [Float], shape: [1]))])
      let mask = graph.node("Greater", [value, least])
      let places = graph.node("NonZero", [mask], opset: 3)
      let tuples = graph.node("Transpose", [places, graph.constant(Tensor(.i64, shape: [2], ints: [1, 0]))])
      value = graph.node("GatherND", [value, tuples], opset: 8)
    }
    graph.result(value)
    var random = SeededGenerator(seed: 4)
    let request = try CompiledModel(graph.model).makeRequest()
    for _ in 0..<3 {
      let input = random.tensor([200])
      let output = try run(request, [input])[0]
      #expect(relativeError(output, try reference(graph.model, [input])[0]) == 0)
    }
  }

  @Test func profilesShowWhatIsEvaluatedBetweenSteps() throws {
    var options = CompileOptions()
    options.profiling = true
    let compiled = try CompiledModel(selection(), options)
    let request = compiled.makeRequest()
    var random = SeededGenerator(seed: 5)
    _ = try run(request, [random.tensor([32, 24])])
    #expect(request.profile.map(\.info) == compiled.steps)
    #expect(request.profile.contains { $0.info.nodeType == "NonZero" })
  }

  @Test func stringsPassThroughUntouched() throws {
    var graph = GraphBuilder()
    let text = graph.parameter([2], .string, name: "text")
    let x = graph.parameter([2], name: "x")
    graph.result(text, name: "same")
    graph.result(graph.node("Relu", [x]), name: "relu")
    let outputs = try run(
      CompiledModel(graph.model).makeRequest(), [Tensor(strings: ["a", "ß"], shape: [2]), Tensor([-1, 1] as [Float], shape: [2])])
    #expect(outputs[0].strings == ["a", "ß"] && outputs[1].array(of: Float.self) == [0, 1])
  }

  /// A variable of unknown extent is read before the new value is written, though that has a known shape.
  @Test func variablesAreReadBeforeTheyAreWritten() throws {
    var graph = GraphBuilder()
    let x = graph.parameter([1, 2])
    let attributes: Attributes = ["variable_id": "v", "variable_type": "f32", "variable_shape": "?,2"]
    let read = graph.node("ReadValue", [graph.constant(Tensor([7, 8] as [Float], shape: [1, 2]))], opset: 6, attributes)
    graph.result(graph.node("Concat", [read, x], ["axis": "0"]))
    _ = graph.node("Assign", [graph.node("Relu", [x])], opset: 6, ["variable_id": "v"])
    let request = try CompiledModel(graph.model).makeRequest()
    #expect(try run(request, [Tensor([1, 2] as [Float], shape: [1, 2])])[0].array(of: Float.self) == [7, 8, 1, 2])
    #expect(try run(request, [Tensor([3, 4] as [Float], shape: [1, 2])])[0].array(of: Float.self) == [1, 2, 3, 4])
  }

  @Test func outputsOfDecidersKeepTheirElements() throws {
    var graph = GraphBuilder()
    let x = graph.parameter([3])
    graph.result(graph.node("NonZero", [graph.node("Relu", [x])], opset: 3))
    let request = try CompiledModel(graph.model).makeRequest()
    let first = try run(request, [Tensor([1, -1, 1] as [Float], shape: [3])])[0]
    let second = try run(request, [Tensor([-1, 1, 1] as [Float], shape: [3])])[0]
    #expect(first.ints() == [0, 2] && second.ints() == [1, 2])
  }

  /// x · W in each iteration, x of unknown extent; W comes from outside.
  private func iteration() -> Model {
    var random = SeededGenerator(seed: 6)
    var inner = GraphBuilder()
    let slice = inner.parameter(PartialShape([1, .dynamic]), name: "slice")
    let weights = inner.parameter([8, 8], name: "weights")
    let state = inner.parameter(PartialShape([1, 8]), name: "state")
    let padded = inner.node(
      "Add", [inner.node("ReduceSum", [slice, inner.constant(Tensor(.i64, shape: [1], ints: [1]))], ["keep_dims": "true"]), state])
    inner.result(inner.node("MatMul", [padded, weights]), name: "next")
    var body = Body(model: inner.model)
    let (result, parameters) = (inner.model.results[0], inner.model.parameters)
    body.inputs = [
      .init(external: 0, internal: parameters[0], slice: Body.Slice(axis: 0)), .init(external: 1, internal: parameters[1]),
      .init(external: 2, internal: parameters[2]),
    ]
    body.outputs = [.init(external: 0, internal: result)]
    body.backEdges = [.init(from: result, to: parameters[2])]
    _ = (slice, weights, state)

    var graph = GraphBuilder()
    let x = graph.parameter(PartialShape([.dynamic, .dynamic]), name: "x")
    let w = graph.constant(random.tensor([8, 8]))
    let start = graph.parameter([1, 8], name: "start")
    var model = graph.model
    var node = Node(
      name: "iterator", type: "TensorIterator", opset: "opset1", inputs: [x, w, start],
      outputs: [Node.Output(ValueType(.dynamic, PartialShape.dynamic))])
    node.bodies = [body]
    let id = model.add(node)
    model.add(
      Node(
        name: "result", type: "Result", opset: "opset1", inputs: [OutputID(id)],
        outputs: [Node.Output(ValueType(.dynamic, PartialShape.dynamic))]))
    return model
  }

  @Test func bodiesAreCompiledOnceForAllShapes() throws {
    let model = iteration()
    let compiled = try CompiledModel(model)
    let request = compiled.makeRequest()
    var random = SeededGenerator(seed: 7)
    var bodies: Set<ObjectIdentifier> = []
    for (steps, width) in [(1, 3), (5, 3), (5, 4), (2, 9), (1, 3)] {
      let inputs = [random.tensor([steps, width]), random.tensor([1, 8])]
      let output = try run(request, inputs)[0]
      #expect(relativeError(output, try reference(model, inputs)[0]) < 1e-5)
      let plan = try #require(compiled.plans.latest)
      let node = try #require(plan.model.nodes.first { $0.type == "TensorIterator" })
      for body in try compiled.plans.environment.bodies(of: node) { bodies.insert(ObjectIdentifier(body)) }
    }
    #expect(bodies.count == 1)
  }

  /// In a process of its own, so that nothing else takes memory meanwhile.
  @Test(.enabled(if: !isSanitized, "sanitizers keep what was freed")) func memoryStaysFlatWhileShapesChange() async {
    await #expect(processExitsWith: .success) {
      func resident() throws -> Int {
        let text = try FileSystem.text(of: "/proc/self/statm")
        return Int(text.split(separator: " ")[1])! * 4096
      }
      let compiled = try CompiledModel(DataDependentShapeTests().selection(rows: .dynamic), CompileOptions(threads: 2))
      let request = compiled.makeRequest()
      var early = 0
      for round in 0..<1000 {
        let rows = 1 + (round * 37) % 256
        var random = SeededGenerator(seed: UInt64(round))
        try request.setInput(0, random.tensor([rows, 24]))
        try request.infer()
        if round == 199 { early = try resident() }
      }
      let growth = try resident() - early
      print("memory grew by \(growth) bytes over 800 shapes")
      precondition(compiled.plans.planCount <= 16 && growth < 4 << 20, "memory grew by \(growth) bytes")
    }
  }
}
