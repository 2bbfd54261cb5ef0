import IRParser
import Testing

/// A graph under construction, by names.
private struct Builder {
  var model = Model(name: "built")

  mutating func parameter(_ name: String) -> OutputID { add("Parameter", name, []) }
  mutating func result(_ value: OutputID) { _ = add("Result", "result \(model.results.count)", [value]) }

  mutating func add(_ type: String, _ name: String, _ inputs: [OutputID], opset: String = "opset1", outputs: Int = 1) -> OutputID {
    let output = Node.Output(ValueType(.f32, [1]), names: [name])
    return OutputID(
      model.add(Node(name: name, type: type, opset: opset, inputs: inputs, outputs: .init(repeating: output, count: outputs))))
  }

  mutating func constant(_ name: String) -> OutputID {
    let data = bytes([1] as [Float]).withUnsafeBytes { ConstantData(copying: $0) }
    let type = ValueType(.f32, [1])
    return OutputID(model.add(Node(name: name, type: "Constant", opset: "opset1", outputs: [.init(type)], constant: data)))
  }
}

@Suite struct PatternTests {
  private static let x = Pattern.any.captured(as: "x")
  private static let swish = Pattern.node(
    "Multiply", operands: [x, Pattern.node("Sigmoid", operands: [x]).usedOnce().captured(as: "s")], commutative: true)

  private func names(_ model: Model, _ pattern: Pattern) -> [String] { model.matches(of: pattern).map { model[$0.root].name } }

  @Test(arguments: [false, true]) func commutativeOperands(_ isReversed: Bool) throws {
    var builder = Builder()
    let x = builder.parameter("x")
    let sigmoid = builder.add("Sigmoid", "sigmoid", [x])
    let product = builder.add("Multiply", "product", isReversed ? [sigmoid, x] : [x, sigmoid])
    builder.result(product)
    let match = try #require(builder.model.matches(of: PatternTests.swish).first)
    #expect(builder.model.matches(of: PatternTests.swish).count == 1)
    #expect(match.root == product.node)
    #expect(match["x"] == x)
    #expect(match["s"] == sigmoid)
    #expect(match.value("y") == nil)
    #expect(match.nodes == [product.node, sigmoid.node])
  }

  @Test func orderOfOtherOperandsCounts() {
    var builder = Builder()
    let x = builder.parameter("x")
    let c = builder.constant("c")
    builder.result(builder.add("Subtract", "x-c", [x, c]))
    builder.result(builder.add("Subtract", "c-x", [c, x]))
    let pattern = Pattern.node("Subtract", operands: [.any, .constant])
    #expect(names(builder.model, pattern) == ["x-c"])
    #expect(names(builder.model, .node("Subtract", operands: [.any, .constant], commutative: true)) == ["x-c", "c-x"])
  }

  @Test func sameNameMeansSameValue() {
    var builder = Builder()
    let x = builder.parameter("x")
    let y = builder.parameter("y")
    builder.result(builder.add("Multiply", "x*s(y)", [x, builder.add("Sigmoid", "s", [y])]))
    #expect(names(builder.model, PatternTests.swish) == [])
  }

  @Test func usedOnce() {
    var builder = Builder()
    let x = builder.parameter("x")
    let sigmoid = builder.add("Sigmoid", "s", [x])
    builder.result(builder.add("Multiply", "product", [x, sigmoid]))
    #expect(names(builder.model, PatternTests.swish) == ["product"])
    builder.result(sigmoid)
    #expect(names(builder.model, PatternTests.swish) == [])
  }

  @Test func typesAndOpsets() {
    var builder = Builder()
    let x = builder.parameter("x")
    builder.result(builder.add("Gelu", "old", [x], opset: "opset2"))
    builder.result(builder.add("Gelu", "new", [x], opset: "opset7"))
    builder.result(builder.add("Gelu", "foreign", [x], opset: "extension"))
    builder.result(builder.add("Relu", "relu", [x]))
    #expect(names(builder.model, .node("Gelu")) == ["old", "new", "foreign"])
    #expect(names(builder.model, .node("Gelu").opset(7...)) == ["new"])
    #expect(names(builder.model, .node("Gelu").opset(..<7)) == ["old"])
    #expect(names(builder.model, .node("Gelu", "Relu").opset(1...)) == ["old", "new", "relu"])
    #expect(names(builder.model, .node("gelu")) == [])
  }

  @Test func numberOfOperands() {
    var builder = Builder()
    let x = builder.parameter("x")
    builder.result(builder.add("Clamp", "one", [x]))
    builder.result(builder.add("Clamp", "two", [x, x]))
    #expect(names(builder.model, .node("Clamp", operands: [.any])) == ["one"])
    #expect(names(builder.model, .node("Clamp", operands: [.any, .any])) == ["two"])
    #expect(names(builder.model, .node("Clamp", operands: [])) == [])
    #expect(names(builder.model, .node("Clamp")) == ["one", "two"])
  }

  @Test func outputsOfOneNode() {
    var builder = Builder()
    let split = builder.add("Split", "split", [builder.parameter("x")], outputs: 2)
    builder.result(builder.add("Relu", "first", [split]))
    builder.result(builder.add("Relu", "second", [OutputID(split.node, 1)]))
    #expect(names(builder.model, .node("Relu", operands: [.node("Split")])) == ["first", "second"])
    #expect(names(builder.model, .node("Relu", operands: [.node("Split").output(1)])) == ["second"])
  }

  @Test func alternativesAreTriedInTurn() throws {
    var builder = Builder()
    let x = builder.parameter("x")
    let c = builder.constant("c")
    let converted = builder.add("Convert", "convert", [c])
    builder.result(builder.add("Add", "plain", [x, c]))
    builder.result(builder.add("Add", "converted", [x, converted]))
    builder.result(builder.add("Add", "neither", [x, x]))
    let weights = Pattern.oneOf(.constant.captured(as: "c"), .node("Convert", operands: [Pattern.constant.captured(as: "c")]))
    let matches = builder.model.matches(of: .node("Add", operands: [.any, weights]))
    #expect(matches.map { builder.model[$0.root].name } == ["plain", "converted"])
    #expect(matches.map { $0["c"] } == [c, c])
  }

  @Test func backtracking() {
    // The sum's first operand matches both patterns, its second only one: the first choice has to be given up.
    var builder = Builder()
    let x = builder.parameter("x")
    let relu = builder.add("Relu", "relu", [x])
    builder.result(builder.add("Add", "sum", [relu, x]))
    let pattern = Pattern.node(
      "Add", operands: [Pattern.any.captured(as: "a"), .node("Relu", operands: [Pattern.any.captured(as: "a")])], commutative: true)
    #expect(names(builder.model, pattern) == ["sum"])
  }

  @Test func conditions() {
    var builder = Builder()
    let x = builder.parameter("x")
    builder.result(builder.add("Relu", "short", [x]))
    builder.result(builder.add("Relu", "a longer name", [x]))
    #expect(names(builder.model, Pattern.node("Relu").filtered { $1[$0.node].name.count > 6 }) == ["a longer name"])
  }
}

@Suite struct PassManagerTests {
  private static let fuseSwish = Rewrite(
    "FuseSwish",
    pattern: .node(
      "Multiply",
      operands: [Pattern.any.captured(as: "x"), Pattern.node("Sigmoid", operands: [Pattern.any.captured(as: "x")]).usedOnce()],
      commutative: true)
  ) { model, match in
    let old = model[match.root]
    let swish = model.add(Node(name: old.name, type: "Swish", opset: "opset4", inputs: [match["x"]], outputs: old.outputs))
    model.replaceUses(of: OutputID(match.root), with: OutputID(swish))
    return true
  }

  private static let removeDoubleNegation = Rewrite(
    "RemoveDoubleNegation",
    pattern: .node("Negative", operands: [.node("Negative", operands: [Pattern.any.captured(as: "x")])])
  ) { model, match in
    model.replaceUses(of: OutputID(match.root), with: match["x"])
    return true
  }

  private func swishes(_ count: Int) -> Model {
    var builder = Builder()
    var value = builder.parameter("x")
    for index in 0..<count { value = builder.add("Multiply", "m\(index)", [builder.add("Sigmoid", "s\(index)", [value]), value]) }
    builder.result(value)
    return builder.model
  }

  @Test func everyMatchIsRewritten() throws {
    var model = swishes(3)
    let report = try PassManager([PassManagerTests.fuseSwish]).run(on: &model)
    #expect(report["FuseSwish"] == 3)
    #expect(report.isFixedPoint)
    #expect(model.topologicalOrder.map { model[$0].type } == ["Parameter", "Swish", "Swish", "Swish", "Result"])
    #expect(model.nodeCount == 5, "what was replaced is gone")
    #expect(model.producer(of: model.results[0], 0).outputs[0].names == ["m2"])
  }

  @Test func nothingFiresOnOtherGraphs() throws {
    var builder = Builder()
    let x = builder.parameter("x")
    builder.result(builder.add("Multiply", "m", [builder.add("Sigmoid", "s", [x]), builder.parameter("y")]))
    let before = builder.model
    let report = try PassManager([PassManagerTests.fuseSwish, PassManagerTests.removeDoubleNegation]).run(on: &builder.model)
    #expect(report.total == 0)
    #expect(report.isFixedPoint)
    #expect(before.structuralDifference(from: builder.model) == nil)
  }

  @Test func rewritesEnableEachOther() throws {
    // −(−(−(−x)))·sigmoid(x) is only a Swish when all signs are gone.
    var builder = Builder()
    let x = builder.parameter("x")
    var value = x
    for index in 0..<4 { value = builder.add("Negative", "n\(index)", [value]) }
    builder.result(builder.add("Multiply", "m", [value, builder.add("Sigmoid", "s", [x])]))
    let report = try PassManager([PassManagerTests.fuseSwish, PassManagerTests.removeDoubleNegation]).run(on: &builder.model)
    #expect(report["RemoveDoubleNegation"] == 2)
    #expect(report["FuseSwish"] == 1)
    #expect(builder.model.nodes.map(\.type).sorted() == ["Parameter", "Result", "Swish"])
  }

  @Test func endlessRewritesEnd() throws {
    var builder = Builder()
    builder.result(builder.add("Relu", "r", [builder.parameter("x")]))
    let rename = Rewrite("Rename", pattern: .node("Relu")) { model, match in
      model.update(match.root) { $0.name += "'" }
      return true
    }
    let report = try PassManager([rename], roundLimit: 5).run(on: &builder.model)
    #expect(report["Rename"] == 5)
    #expect(!report.isFixedPoint)
  }

  @Test func declinedRewritesDoNotCount() throws {
    var model = swishes(1)
    let decline = Rewrite("Decline", pattern: .any) { _, _ in false }
    let report = try PassManager([decline]).run(on: &model)
    #expect(report.total == 0 && report.isFixedPoint)
    #expect(model.nodeCount == 4)
  }

  @Test func bodiesAreRewritten() throws {
    var model = Model(name: "outer")
    var loop = Node(name: "loop", type: "TensorIterator", opset: "opset1", outputs: [.init(ValueType(.f32, [1]))])
    loop.bodies = [Body(model: swishes(2))]
    let id = model.add(loop)
    model.add(Node(name: "result", type: "Result", opset: "opset1", inputs: [OutputID(id)]))
    #expect(try PassManager([PassManagerTests.fuseSwish]).run(on: &model)["FuseSwish"] == 2)
    #expect(model[id].bodies[0].model.nodeCount == 4)
  }

  @Test func errorsNameTheNode() throws {
    var model = swishes(1)
    let fail = Rewrite("Fail", pattern: .node("Multiply")) { (_, _) throws(OVError) in throw OVError(.unsupported, "no") }
    let error = #expect(throws: OVError.self) { try PassManager([fail]).run(on: &model) }
    #expect(error?.location.layerName == "m0")
  }

  @Test func removingWhatIsUnused() {
    var model = swishes(2)
    let product = model.producer(of: model.results[0], 0).id
    model.removeIfUnused(product)
    #expect(model.nodeCount == 6, "it is used")
    model.setInput(InputID(model.results[0]), to: OutputID(model.parameters[0]))
    model.removeIfUnused(product)
    model.removeIfUnused(product)
    #expect(model.nodes.map(\.type) == ["Parameter", "Result"])
  }
}
