import Testing

@testable import OVRuntime

/// Weights of few bits stay so in memory, and matrix products and gathers read them as they are.
@Suite struct CompressedWeightsTests {
  private var random = SeededGenerator(seed: 6)

  /// Constant → Convert f16 → [Subtract] → Multiply [→ Reshape] → Convert f32, as NNCF writes it.
  ///
  /// `groupSize`: along the last axis; `nil` for one scale a row.
  private mutating func compressed(
    _ graph: inout GraphBuilder, rows: Int, columns: Int, _ type: ElementType, groupSize: Int? = nil, hasZeroPoint: Bool = false
  ) -> OutputID {
    let shape = groupSize.map { [rows, columns / $0, $0] } ?? [rows, columns]
    let scaleShape = shape.dropLast() + [1]
    let count = scaleShape.reduce(1, *)
    let values: Tensor
    switch type {
    case .nf4:
      values = Tensor(.nf4, shape: shape, doubles: (0..<(rows * columns)).map { _ in Double.random(in: -1...1, using: &random) })
    default:
      let range = type.lowestInteger...type.greatestInteger
      values = Tensor(type, shape: shape, int64s: (0..<(rows * columns)).map { _ in Int64.random(in: range, using: &random) })
    }
    var value = graph.node("Convert", [graph.constant(values)], ["destination_type": "f16"])
    if hasZeroPoint {
      let range = type.lowestInteger...type.greatestInteger
      let zeros = Tensor(type, shape: Array(scaleShape), int64s: (0..<count).map { _ in Int64.random(in: range, using: &random) })
      value = graph.node("Subtract", [value, graph.node("Convert", [graph.constant(zeros)], ["destination_type": "f16"])])
    }
    let scales = Tensor(.f16, shape: Array(scaleShape), doubles: (0..<count).map { _ in Double.random(in: 0.01...0.02, using: &random) })
    value = graph.node("Multiply", [value, graph.constant(scales)])
    if groupSize != nil {
      let target = graph.constant(Tensor(.i64, shape: [2], ints: [rows, columns]))
      value = graph.node("Reshape", [value, target], ["special_zero": "false"])
    }
    return graph.node("Convert", [value], ["destination_type": "f32"])
  }

  private func run(_ model: Model, _ inputs: [Tensor], threads: Int = 2) throws -> (output: Tensor, compiled: CompiledModel) {
    let compiled = try CompiledModel(model, CompileOptions(threads: threads))
    let request = compiled.makeRequest()
    for (index, input) in inputs.enumerated() { try request.setInput(index, input) }
    try request.infer()
    return (try request.output(0), compiled)
  }

  private func reference(_ model: Model, _ inputs: [Tensor]) throws -> Tensor {
    var model = model
    try model.inferShapes()
    return try ReferenceInterpreter(model).run(inputs)[0]
  }

  @Test(arguments: [ElementType.u8, .i8, .u4, .i4, .nf4], [1, 3, 40])
  mutating func aProductReadsThemAsTheyAre(type: ElementType, rows: Int) throws {
    for (groupSize, hasZeroPoint) in [(nil, false), (Int?(32), type != .nf4)] {
      var graph = GraphBuilder()
      let input = graph.parameter([rows, 128])
      let matrix = compressed(&graph, rows: 72, columns: 128, type, groupSize: groupSize, hasZeroPoint: hasZeroPoint)
      let product = graph.node("MatMul", [input, matrix], ["transpose_b": "true"])
      graph.result(graph.node("Relu", [graph.node("Add", [product, graph.constant(random.tensor([1, 72]))])]))
      let data = random.tensor([rows, 128])
      let (output, compiled) = try run(graph.model, [data])
      // The reference multiplies in half precision.
      #expect(relativeError(output, try reference(graph.model, [data])) < 3e-3)
      let step = try #require(compiled.steps.first { $0.nodeType == "MatMul" })
      #expect(step.kernel.contains("compressed") && step.fusedNames.count == 2)
      let bytes = 72 * 128 * type.bitWidth / 8
      #expect(compiled.packedWeightsByteCount < bytes + bytes / 2 + 4096, "the weights are not compressed any more")
      #expect(compiled.layerPrecisions.map(\.reason) == ["its input is not quantised"])
    }
  }

  @Test(arguments: [ElementType.u8, .i8, .u4, .i4, .nf4], [nil, 16] as [Int?])
  mutating func aGatherExpandsItsRows(type: ElementType, groupSize: Int?) throws {
    var graph = GraphBuilder()
    let indices = graph.parameter([5], .i64)
    let table = compressed(&graph, rows: 90, columns: 64, type, groupSize: groupSize, hasZeroPoint: type != .nf4)
    graph.result(graph.node("Gather", [table, indices, graph.constant(Tensor(.i64, shape: [], ints: [0]))], opset: 8))
    let rows = Tensor(.i64, shape: [5], ints: [3, 89, -1, 0, 44])
    let (output, compiled) = try run(graph.model, [rows])
    #expect(relativeError(output, try reference(graph.model, [rows])) < 3e-3)
    #expect(compiled.steps.contains { $0.kernel.hasPrefix(type == .nf4 ? "gather_nf4" : "gather_quantize") })
  }

  @Test mutating func aProductWhoseFirstOperandIsTransposedExpandsThem() throws {
    var graph = GraphBuilder()
    let matrix = compressed(&graph, rows: 72, columns: 96, .i8)
    graph.result(graph.node("MatMul", [graph.parameter([96, 4]), matrix], ["transpose_a": "true", "transpose_b": "true"]))
    let data = random.tensor([96, 4])
    #expect(relativeError(try run(graph.model, [data]).output, try reference(graph.model, [data])) < 3e-3)
  }

  /// Kernels subtract integers while codes become floats.
  @Test(arguments: [7, 7.5]) mutating func aProductExpandsThemForZeroPointsBetweenIntegers(zeroPoint: Double) throws {
    var graph = GraphBuilder()
    let integers = Tensor(.u8, shape: [72, 128], int64s: (0..<9216).map { _ in Int64.random(in: 0...255, using: &random) })
    let converted = graph.node("Convert", [graph.constant(integers)], ["destination_type": "f32"])
    let zeroPoints = Tensor(.f32, shape: [72, 1], doubles: [Double](repeating: zeroPoint, count: 72))
    let scales = Tensor(.f32, shape: [72, 1], doubles: (0..<72).map { _ in Double.random(in: 0.01...0.02, using: &random) })
    let matrix = graph.node("Multiply", [graph.node("Subtract", [converted, graph.constant(zeroPoints)]), graph.constant(scales)])
    graph.result(graph.node("MatMul", [graph.parameter([3, 128]), matrix], ["transpose_b": "true"]))
    let data = random.tensor([3, 128])
    let (output, compiled) = try run(graph.model, [data])
    #expect(relativeError(output, try reference(graph.model, [data])) < 1e-5)
    #expect(compiled.steps.contains { $0.kernel.contains("compressed") } == (zeroPoint == 7))
  }

  @Test mutating func aConvolutionExpandsThem() throws {
    var graph = GraphBuilder()
    let integers = Tensor(.i8, shape: [32, 16, 3, 3], int64s: (0..<4608).map { _ in Int64.random(in: -127...127, using: &random) })
    let converted = graph.node("Convert", [graph.constant(integers)], ["destination_type": "f32"])
    let weights = graph.node("Multiply", [converted, graph.constant(random.tensor([32, 1, 1, 1]))])
    let attributes: Attributes = ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1"]
    graph.result(graph.node("Convolution", [graph.parameter([1, 16, 6, 6]), weights], attributes))
    let data = random.tensor([1, 16, 6, 6])
    let (output, compiled) = try run(graph.model, [data])
    #expect(relativeError(output, try reference(graph.model, [data])) < 1e-5)
    #expect(compiled.layerPrecisions.map(\.reason) == ["its input is not quantised"])
  }
}
