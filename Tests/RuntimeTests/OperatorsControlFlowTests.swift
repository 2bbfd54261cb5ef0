import Testing

@testable import OVRuntime

@Suite struct OperatorsControlFlowTests {
  /// A graph of single-output operations, by name.
  private struct Graph {
    var model = Model(name: "graph")

    mutating func parameter(_ type: String, _ shape: String) -> NodeID {
      let value = ValueType(ElementType(irName: type)!, PartialShape(irText: shape)!)
      return model.add(
        Node(
          name: "parameter", type: "Parameter", opset: "opset1", attributes: ["element_type": type, "shape": shape],
          outputs: [Node.Output(value)]))
    }

    mutating func constant(_ tensor: Tensor) -> NodeID { model.add(.constant(tensor, name: "constant")) }

    mutating func op(_ type: String, _ opset: Int, _ inputs: NodeID..., attributes: Attributes = [:]) -> NodeID {
      model.add(
        Node(
          name: type, type: type, opset: "opset\(opset)", attributes: attributes, inputs: inputs.map { OutputID($0) },
          outputs: [Node.Output(ValueType(.dynamic, .dynamic))]))
    }

    /// Adds a control-flow node, and a Result for each of its outputs.
    mutating func control(_ type: String, _ opset: Int, _ inputs: [NodeID], _ bodies: [Body], outputs: Int) {
      var node = Node(
        name: type, type: type, opset: "opset\(opset)", inputs: inputs.map { OutputID($0) },
        outputs: [Node.Output](repeating: Node.Output(ValueType(.dynamic, .dynamic)), count: outputs))
      node.bodies = bodies
      let id = model.add(node)
      for index in 0..<outputs {
        let output = Node.Output(ValueType(.dynamic, .dynamic))
        model.add(Node(name: "result", type: "Result", opset: "opset1", inputs: [OutputID(id, index)], outputs: [output]))
      }
    }

    /// The inferred types of the results.
    mutating func infer() throws -> [ValueType] {
      var propagation = ShapePropagation()
      try propagation.run(on: &model)
      return model.results.map { model.type(of: model[$0].inputs[0]) }
    }
  }

  /// x + state in each iteration; the state is carried over and collected along axis 0.
  private static func accumulation(stride: Int = 1) -> Body {
    var graph = Graph()
    let x = graph.parameter("f32", "1,2")
    let state = graph.parameter("f32", "1,2")
    let sum = graph.op("Add", 1, x, state)
    let last = graph.op("Result", 1, sum)
    let all = graph.op("Result", 1, sum)
    var body = Body(model: graph.model)
    let slice = stride > 0 ? Body.Slice(axis: 0, stride: stride) : Body.Slice(axis: 0, start: -1, end: 0, stride: stride)
    body.inputs = [.init(external: 0, internal: x, slice: slice), .init(external: 1, internal: state)]
    body.outputs = [.init(external: 0, internal: last), .init(external: 1, internal: all, slice: slice)]
    body.backEdges = [.init(from: last, to: state)]
    return body
  }

  @Test(arguments: [(1, [9, 12], [1, 2, 4, 6, 9, 12]), (-1, [9, 12], [9, 12, 8, 10, 5, 6])] as [(Int, [Float], [Float])])
  func iteratorsCarryAndCollect(stride: Int, last: [Float], all: [Float]) throws {
    var graph = Graph()
    let (x, state) = (graph.parameter("f32", "3,2"), graph.parameter("f32", "1,2"))
    graph.control("TensorIterator", 1, [x, state], [Self.accumulation(stride: stride)], outputs: 2)
    #expect(try graph.infer().map(\.description) == ["f32[1,2]", "f32[3,2]"])
    let operands = [Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2]), Tensor([0, 0] as [Float], shape: [1, 2])]
    let outputs = try ReferenceInterpreter(graph.model).run(operands)
    #expect(outputs.map { $0.array(of: Float.self) } == [last, all])
  }

  @Test func unknownExtentsLeaveTheCountOpen() throws {
    var graph = Graph()
    let (x, state) = (graph.parameter("f32", "?,2"), graph.parameter("f32", "1,2"))
    graph.control("TensorIterator", 1, [x, state], [Self.accumulation()], outputs: 2)
    #expect(try graph.infer().map(\.description) == ["f32[1,2]", "f32[?,2]"])
    var unknown = Graph()
    let (y, z) = (unknown.parameter("f32", "..."), unknown.parameter("f32", "..."))
    unknown.control("TensorIterator", 1, [y, z], [Self.accumulation()], outputs: 2)
    #expect(try unknown.infer().map(\.description) == ["f32[...]", "f32[...]"])
  }

  @Test func iteratorsMayRunNotAtAll() throws {
    var graph = Graph()
    let (x, state) = (graph.parameter("f32", "?,2"), graph.parameter("f32", "1,2"))
    graph.control("TensorIterator", 1, [x, state], [Self.accumulation()], outputs: 2)
    _ = try graph.infer()
    let outputs = try ReferenceInterpreter(graph.model).run([try Tensor(.f32, shape: [0, 2]), Tensor([5, 6] as [Float], shape: [1, 2])])
    #expect(outputs[0].array(of: Float.self) == [5, 6] && outputs[1].shape == [0, 2])
  }

  /// A state that grows by a row in each iteration, which stops when its number is `last`.
  private static func growth(last: Int64) -> Body {
    var graph = Graph()
    let number = graph.parameter("i64", "")
    let state = graph.parameter("f32", "1,2")
    let row = graph.constant(Tensor([1, 1] as [Float], shape: [1, 2]))
    let result = graph.op("Result", 1, graph.op("Concat", 1, state, row, attributes: ["axis": "0"]))
    let goesOn = graph.op("Result", 1, graph.op("Less", 1, number, graph.constant(Tensor([last], shape: []))))
    var body = Body(model: graph.model)
    body.inputs = [.init(external: 2, internal: state)]
    body.outputs = [.init(external: 0, internal: result)]
    body.backEdges = [.init(from: result, to: state)]
    body.currentIteration = number
    body.executionCondition = goesOn
    return body
  }

  private static func growing(tripCount: Int64, begins: UInt8, last: Int64) -> Graph {
    var graph = Graph()
    let state = graph.parameter("f32", "1,2")
    let count = graph.constant(Tensor([tripCount], shape: []))
    let condition = graph.constant(Tensor(.boolean, shape: [], ints: [Int(begins)]))
    graph.control("Loop", 5, [count, condition, state], [growth(last: last)], outputs: 1)
    return graph
  }

  @Test(arguments: [(-1, 1, 3, 5), (2, 1, 3, 3), (0, 1, 3, 1), (9, 0, 3, 1)] as [(Int64, UInt8, Int64, Int)])
  func loopsStop(tripCount: Int64, begins: UInt8, last: Int64, rows: Int) throws {
    var graph = Self.growing(tripCount: tripCount, begins: begins, last: last)
    #expect(try graph.infer().map(\.description) == ["f32[?,2]"])
    let outputs = try ReferenceInterpreter(graph.model).run([Tensor([0, 0] as [Float], shape: [1, 2])])
    #expect(outputs[0].shape == [rows, 2])
  }

  @Test func bodiesFollowNewShapes() throws {
    var graph = Graph()
    let (x, state) = (graph.parameter("f32", "3,2"), graph.parameter("f32", "1,2"))
    graph.control("TensorIterator", 1, [x, state], [Self.accumulation()], outputs: 2)
    _ = try graph.infer()
    graph.model.update(x) { $0.attributes["shape"] = "4,5" }
    graph.model.update(state) { $0.attributes["shape"] = "1,5" }
    #expect(try graph.infer().map(\.description) == ["f32[1,5]", "f32[4,5]"])
    graph.model.update(state) { $0.attributes["shape"] = "1,3" }
    #expect(throws: OVError.self) { try graph.infer() }
  }

  /// A body that adds a constant of a shape to its input.
  private static func addition(_ value: Float, _ shape: Shape) -> Body {
    var graph = Graph()
    let x = graph.parameter("f32", "...")
    let constant = graph.constant(Tensor([Float](repeating: value, count: shape.reduce(1, *)), shape: shape))
    let result = graph.op("Result", 1, graph.op("Add", 1, x, constant))
    var body = Body(model: graph.model)
    body.inputs = [.init(external: 1, internal: x)]
    body.outputs = [.init(external: 0, internal: result)]
    return body
  }

  @Test func branchesMeet() throws {
    var graph = Graph()
    let (condition, x) = (graph.parameter("boolean", ""), graph.parameter("f32", "1,3"))
    graph.control("If", 8, [condition, x], [Self.addition(1, [2, 1]), Self.addition(2, [1])], outputs: 1)
    #expect(try graph.infer().map(\.description) == ["f32[1..2,3]"])
    let data = Tensor([0, 1, 2] as [Float], shape: [1, 3])
    let interpreter = try ReferenceInterpreter(graph.model)
    #expect(try interpreter.run([Tensor(.boolean, shape: [], ints: [1]), data])[0].array(of: Float.self) == [1, 2, 3, 1, 2, 3])
    #expect(try interpreter.run([Tensor(.boolean, shape: [], ints: [0]), data])[0].array(of: Float.self) == [2, 3, 4])
  }

  @Test func knownConditionsTakeOneBranch() throws {
    var graph = Graph()
    let condition = graph.constant(Tensor(.boolean, shape: [1], ints: [0]))
    let x = graph.parameter("f32", "1,3")
    graph.control("If", 8, [condition, x], [Self.addition(1, [2, 4]), Self.addition(2, [1])], outputs: 1)
    #expect(try graph.infer().map(\.description) == ["f32[1,3]"])
  }

  @Test func wiringIsChecked() throws {
    func refuses(_ change: (inout Body) -> Void) throws {
      var graph = Graph()
      let (x, state) = (graph.parameter("f32", "3,2"), graph.parameter("f32", "1,2"))
      var body = Self.accumulation()
      change(&body)
      graph.control("TensorIterator", 1, [x, state], [body], outputs: 2)
      #expect(throws: OVError.self) { try graph.infer() }
    }
    try refuses { $0.inputs.removeLast() }
    try refuses { $0.inputs.append($0.inputs[0]) }
    try refuses { $0.outputs.removeLast() }
    try refuses { $0.inputs[1].external = 2 }
    try refuses { $0.outputs[1].external = 0 }
    try refuses { $0.inputs[1].internal = $0.outputs[0].internal }
    try refuses { $0.inputs[0].slice?.stride = 0 }
    try refuses { $0.inputs[0].slice?.end = 7 }
    try refuses { $0.backEdges[0].to = $0.inputs[0].internal }
    try refuses { $0.backEdges.append($0.backEdges[0]) }
  }

  // MARK: State

  private static let variable: Attributes = ["variable_id": "v", "variable_type": "f32", "variable_shape": "2,?"]

  @Test func variablesOutliveInferences() throws {
    var graph = Graph()
    let x = graph.parameter("f32", "2,1")
    let read = graph.op("ReadValue", 6, attributes: Self.variable)
    let joined = graph.op("Concat", 1, read, x, attributes: ["axis": "1"])
    _ = graph.op("Assign", 6, joined, attributes: Self.variable)
    _ = graph.op("Result", 1, joined)
    #expect(try graph.infer().map(\.description) == ["f32[2,1..]"])
    let interpreter = try ReferenceInterpreter(graph.model)
    let variables = VariableStore()
    let step = Tensor([1, 2] as [Float], shape: [2, 1])
    for length in 1...3 { #expect(try interpreter.run([step], variables: variables)[0].shape == [2, length]) }
    variables.values["v"] = Tensor([0] as [Float], shape: [1, 1])
    #expect(throws: OVError.self) { try interpreter.run([step], variables: variables) }
  }

  /// What a sub-graph does to a variable is done although nothing uses the node's outputs.
  @Test func variablesOfBodiesAreWritten() throws {
    func branch(_ type: String) -> Body {
      var graph = Graph()
      let x = graph.parameter("f32", "2,1")
      let read = graph.op("ReadValue", 6, attributes: Self.variable)
      let value = graph.op(type, 1, x)
      _ = graph.op("Assign", 6, graph.op("Concat", 1, read, value, attributes: ["axis": "1"]), attributes: Self.variable)
      let result = graph.op("Result", 1, value)
      var body = Body(model: graph.model)
      body.inputs = [.init(external: 1, internal: x)]
      body.outputs = [.init(external: 0, internal: result)]
      return body
    }
    var graph = Graph()
    let (condition, x) = (graph.parameter("boolean", ""), graph.parameter("f32", "2,1"))
    graph.control("If", 8, [condition, x], [branch("Abs"), branch("Negative")], outputs: 1)
    let unused = graph.model.results[0]
    graph.model.remove(unused)
    _ = graph.op("Result", 1, graph.op("Relu", 1, x))
    let writer = graph.model.nodes.first { $0.type == "If" }!.id
    #expect(graph.model.sinks == [writer])
    graph.model.removeUnreachable()
    graph.model.removeIfUnused(writer)
    #expect(graph.model.contains(writer))

    let request = try CompiledModel(graph.model).makeRequest()
    for isThen in [true, false] {
      try request.setInput(0, Tensor(.boolean, shape: [], ints: [isThen ? 1 : 0]))
      try request.setInput(1, Tensor([3, -4] as [Float], shape: [2, 1]))
      try request.infer()
    }
    #expect(request.variable("v")?.array(of: Float.self) == [3, -3, 4, 4])
  }

  @Test func variablesAreChecked() throws {
    #expect(throws: OVError.self) { try OperatorCall("Assign", 6) }
    #expect(throws: OVError.self) { try OperatorCall("ReadValue", 3, ["variable_id": ""]) }
    let read = try OperatorCall("ReadValue", 6, Self.variable)
    #expect(try read.infer([ValueType(.f32, [2, 0])])[0].description == "f32[2,?]")
    #expect(throws: OVError.self) { try read.infer([ValueType(.f32, [3, 0])]) }
    #expect(throws: OVError.self) { try read.infer([ValueType(.i32, [2, 0])]) }
    #expect(throws: OVError.self) { try OperatorCall("ReadValue", 3, ["variable_id": "v"]).infer([]) }
  }
}
