import OVRuntime
import Testing

@testable import Quantize

/// Where quantisers stand.
@Suite struct PlacementTests {
  private static func placement(_ graph: TestGraph, ignoring names: [String] = []) throws -> (QuantizerPlacement, Model) {
    let model = try graph.inferred()
    let ignored = try IgnoredScope(names: names).nodes(in: model)
    return (QuantizerPlacement(model, ignored: ignored, quantizesOutputs: false), model)
  }

  private static func names(_ placement: QuantizerPlacement, _ model: Model) -> [String] {
    placement.points.map { model[$0.value.node].name }.sorted()
  }

  private static let pool: Attributes = [
    "strides": "2,2", "pads_begin": "0,0", "pads_end": "0,0", "kernel": "2,2", "rounding_type": "floor", "auto_pad": "explicit",
  ]

  @Test func quantisersMoveUpThroughWhatMovesElements() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
    let x = graph.parameter("x", [1, 4, 8, 8])
    let relu = graph.add("Relu", "relu", [graph.convolution("first", x, 4, 4, &numbers)])
    let pooled = graph.add("MaxPool", "pool", [relu], Self.pool)
    graph.result(graph.convolution("second", pooled, 4, 4, &numbers))
    let (placement, model) = try Self.placement(graph)
    #expect(Self.names(placement, model) == ["relu", "x"])
    #expect(placement.layers.map { model[$0.node].name } == ["first", "second"])
  }

  @Test func otherUsersKeepRealNumbers() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
    let x = graph.parameter("x", [1, 4, 8, 8])
    let pooled = graph.add("MaxPool", "pool", [x], Self.pool)
    graph.result(graph.convolution("conv", pooled, 4, 4, &numbers))
    graph.result(graph.add("Softmax", "softmax", [pooled], ["axis": "1"]))
    let (placement, model) = try Self.placement(graph)
    // A Softmax of the same value: the quantiser stays behind the pool, and only the convolution uses it.
    #expect(Self.names(placement, model) == ["pool"])
    #expect(placement.points[0].users.map { model[$0.node].name } == ["conv"])
  }

  @Test func operandsOfConcatShareARange() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
    let x = graph.parameter("x", [1, 4, 8, 8])
    let a = graph.add("Relu", "a", [graph.convolution("conv_a", x, 4, 4, &numbers)])
    let b = graph.add("Relu", "b", [graph.convolution("conv_b", x, 4, 4, &numbers)])
    let both = graph.add("Concat", "concat", [a, b], ["axis": "1"])
    graph.result(graph.convolution("conv", both, 8, 4, &numbers))
    let (placement, model) = try Self.placement(graph)
    #expect(Self.names(placement, model) == ["a", "b", "x"])
    let groups = Dictionary(grouping: placement.points) { $0.group }.values.map { $0.map { model[$0.value.node].name }.sorted() }
    #expect(groups.sorted { $0.count < $1.count } == [["x"], ["a", "b"]])
  }

  @Test func residualsAreQuantisedWhereIntegersFollow() throws {
    for isFollowed in [true, false] {
      var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
      let x = graph.parameter("x", [1, 4, 8, 8])
      let branch = graph.convolution("branch", x, 4, 4, &numbers)
      let sum = graph.add("Relu", "relu", [graph.add("Add", "sum", [x, branch], ["auto_broadcast": "numpy"])])
      graph.result(isFollowed ? graph.convolution("next", sum, 4, 4, &numbers) : sum)
      let (placement, model) = try Self.placement(graph)
      #expect(Self.names(placement, model) == (isFollowed ? ["branch/add", "relu", "x"] : ["x"]))
      let point = try #require(placement.points.first { model[$0.value.node].name == "x" })
      #expect(point.users.map { model[$0.node].name }.sorted() == (isFollowed ? ["branch", "sum"] : ["branch"]))
    }
  }

  @Test func depthwiseDataHaveARangeAChannel() throws {
    for hasOtherUser in [false, true] {
      var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
      let x = graph.parameter("x", [1, 4, 8, 8])
      let weights = graph.constant(Tensor(numbers.normal(36), shape: [4, 1, 1, 3, 3]))
      graph.result(
        graph.add(
          "GroupConvolution", "depthwise", [x, weights],
          ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1", "auto_pad": "explicit"]))
      if hasOtherUser { graph.result(graph.convolution("other", x, 4, 4, &numbers)) }
      let (placement, _) = try Self.placement(graph)
      #expect(placement.points.map(\.isPerChannel) == [!hasOtherUser])
    }
  }

  @Test func gatesAndAttentionStayReal() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
    let x = graph.parameter("x", [4, 8])
    let q = graph.product("q", x, 8, 8, &numbers)
    let k = graph.product("k", x, 8, 8, &numbers)
    let scores = graph.add("MatMul", "scores", [q, k], ["transpose_a": "false", "transpose_b": "true"])
    let probabilities = graph.add("Softmax", "softmax", [scores], ["axis": "1"])
    let attended = graph.add("MatMul", "attend", [probabilities, k], ["transpose_a": "false", "transpose_b": "false"])
    let swish = graph.add("Multiply", "swish", [attended, graph.add("Sigmoid", "sigmoid", [attended])], ["auto_broadcast": "numpy"])
    graph.result(graph.product("out", swish, 8, 8, &numbers))
    let (placement, model) = try Self.placement(graph)
    #expect(Self.names(placement, model) == ["k/add", "q/add", "swish", "x"])
    #expect(placement.reasons[model.node("attend").id] == "it applies attention weights")
  }

  @Test func ignoredLayers() throws {
    var (graph, numbers) = (TestGraph(), TestNumbers(seed: 1))
    let x = graph.parameter("x", [1, 4, 8, 8])
    graph.result(graph.convolution("b", graph.convolution("a", x, 4, 4, &numbers), 4, 4, &numbers))
    #expect(try Self.placement(graph, ignoring: ["a"]).0.layers.count == 1)
    let model = try graph.inferred()
    for scope in [
      IgnoredScope(names: ["c"]), IgnoredScope(patterns: ["[c-w]"]), IgnoredScope(types: ["LSTMCell"]), IgnoredScope(patterns: ["("]),
    ] {
      let error = #expect(throws: OVError.self) { try scope.nodes(in: model) }
      #expect(error?.code == .invalidArgument)
    }
    #expect(try IgnoredScope(patterns: ["[ab]"], types: ["Parameter"]).nodes(in: model).count == 3)
  }
}
