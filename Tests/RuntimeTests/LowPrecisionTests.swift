import Foundation
import Testing

@testable import OVRuntime

/// The lowering to integers by structure (what the graph becomes, and where it stays as it is) and by value (on and off).
@Suite struct LowPrecisionTests {
  private var random = SeededGenerator(seed: 5)

  // MARK: Building quantised graphs

  /// A FakeQuantize of 256 levels (or others) from `low` to `high`.
  private mutating func quantized(
    _ graph: inout GraphBuilder, _ input: OutputID, _ low: Float = -1, _ high: Float = 127.0 / 128, levels: Int = 256
  ) -> OutputID {
    let bounds = [low, high, low, high].map { graph.constant(Tensor([$0], shape: [])) }
    return graph.node("FakeQuantize", [input] + bounds, ["levels": "\(levels)"])
  }

  /// i8 Constant → Convert → [Subtract] → Multiply by a scale for each index of the first axes.
  private mutating func weights(_ graph: inout GraphBuilder, _ shape: Shape, scaleShape: Shape, zeroPoint: Int? = nil) -> OutputID {
    let integers = (0..<shape.reduce(1, *)).map { _ in Int64.random(in: -100...100, using: &random) }
    let scales = (0..<scaleShape.reduce(1, *)).map { _ in Float.random(in: 0.004...0.01, using: &random) }
    let constant = graph.constant(Tensor(.i8, shape: shape, int64s: integers))
    var value = graph.node("Convert", [constant], ["destination_type": "f32"])
    if let zeroPoint {
      let zero = graph.node("Convert", [graph.constant(Tensor(.i8, shape: [], int64s: [Int64(zeroPoint)]))], ["destination_type": "f32"])
      value = graph.node("Subtract", [value, zero])
    }
    return graph.node("Multiply", [value, graph.constant(Tensor(scales, shape: scaleShape))])
  }

  private mutating func convolution(
    _ graph: inout GraphBuilder, _ input: OutputID, from inputs: Int, to outputs: Int, kernel: Int = 3, groups: Int = 1,
    zeroPoint: Int? = nil
  ) -> OutputID {
    let shape = groups == 1 ? [outputs, inputs, kernel, kernel] : [groups, outputs / groups, inputs / groups, kernel, kernel]
    let scaleShape = groups == 1 ? [outputs, 1, 1, 1] : [groups, outputs / groups, 1, 1, 1]
    let pad = "\(kernel / 2),\(kernel / 2)"
    return graph.node(
      groups == 1 ? "Convolution" : "GroupConvolution",
      [input, weights(&graph, shape, scaleShape: scaleShape, zeroPoint: zeroPoint)],
      ["strides": "1,1", "dilations": "1,1", "pads_begin": pad, "pads_end": pad])
  }

  private mutating func bias(_ graph: inout GraphBuilder, _ input: OutputID, channels: Int) -> OutputID {
    graph.node("Add", [input, graph.constant(random.tensor([1, channels, 1, 1]))])
  }

  /// FakeQuantize to integers → Convert → Convert f32 → Subtract → Multiply, as importers write QuantizeLinear and DequantizeLinear.
  private mutating func quantizedByConversion(_ graph: inout GraphBuilder, _ input: OutputID, _ type: ElementType) -> OutputID {
    let (scale, zeroPoint): (Float, Int64) = (1.0 / 128, type == .u8 ? 128 : 0)
    let bounds: [Float] = [-1, 127.0 / 128, Float(type.lowestInteger), Float(type.greatestInteger)]
    let rounded = graph.node(
      "FakeQuantize", [input] + bounds.map { graph.constant(Tensor([$0], shape: [])) }, ["levels": "256"])
    let integers = graph.node("Convert", [rounded], ["destination_type": "\(type)"])
    let zero = graph.node("Convert", [graph.constant(Tensor(type, shape: [], int64s: [zeroPoint]))], ["destination_type": "f32"])
    let real = graph.node("Subtract", [graph.node("Convert", [integers], ["destination_type": "f32"]), zero])
    return graph.node("Multiply", [real, graph.constant(Tensor([scale], shape: []))])
  }

  // MARK: Judging them

  /// Compiles with and without integers on one and two threads and compares both with the reference of the graph; returns the
  /// compiled model with integers.
  ///
  /// `tolerance`: relative to the greatest result. A number may be rounded to the neighbouring integer where it lies between two,
  /// so that chains of quantised layers are compared within a step or two.
  private mutating func check(
    _ graph: GraphBuilder, _ shapes: Shape..., tolerance: Double = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> CompiledModel {
    let inputs = shapes.map { random.tensor($0) }
    var model = graph.model
    try model.inferShapes()
    let expected = try ReferenceInterpreter(model).run(inputs)
    var result: CompiledModel?
    for (threads, lowPrecision) in [(1, false), (2, true), (1, true)] {
      var options = CompileOptions(threads: threads)
      options.lowPrecision = lowPrecision
      let compiled = try CompiledModel(model, options)
      let request = compiled.makeRequest()
      for (index, input) in inputs.enumerated() { try request.setInput(index, input) }
      try request.infer()
      for index in expected.indices {
        let error = relativeError(try request.output(index), expected[index])
        #expect(error < tolerance, "integers \(lowPrecision), \(threads) threads", sourceLocation: sourceLocation)
      }
      if lowPrecision {
        // The optimised graph's own reference says the same as the kernels.
        let reference = try ReferenceInterpreter(compiled.optimizedModel).run(inputs)
        for index in expected.indices {
          #expect(relativeError(try request.output(index), reference[index]) < tolerance, sourceLocation: sourceLocation)
        }
        result = compiled
      } else {
        #expect(!compiled.optimizedModel.nodes.contains { $0.isInternal && $0.type != "Dequantize" }, sourceLocation: sourceLocation)
      }
    }
    return result!
  }

  private func count(_ type: String, _ compiled: CompiledModel) -> Int { compiled.optimizedModel.nodes.count { $0.type == type } }

  private func postOperations(_ type: String, _ compiled: CompiledModel) -> [[String]] {
    compiled.optimizedModel.topologicalOrder.map { compiled.optimizedModel[$0] }.filter { $0.type == type }.map {
      $0.postOperations.map(\.type)
    }
  }

  // MARK: Products

  @Test(arguments: [1, 4, 8])
  mutating func aQuantizedConvolutionComputesWithIntegers(groups: Int) throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([2, 8, 9, 7]))
    graph.result(bias(&graph, convolution(&graph, input, from: 8, to: 16, groups: groups), channels: 16))
    let compiled = try check(graph, [2, 8, 9, 7])
    #expect(postOperations("IntegerConvolution", compiled) == [["Add"]])
    #expect(count("Quantize", compiled) == 1 && count("FakeQuantize", compiled) == 0 && count("Dequantize", compiled) == 0)
    #expect(compiled.layerPrecisions.map(\.precision) == [.i8] && compiled.layerPrecisions[0].reason == nil)
    #expect(compiled.steps.contains { $0.nodeType == "IntegerConvolution" && $0.precision == .i8 && $0.kernel != "reference" })
  }

  @Test(arguments: [(low: Float(0), high: Float(1)), (-0.5, 0.7734375), (-1, 0.9921875)])
  mutating func rangesMayBeAsymmetric(low: Float, high: Float) throws {
    // Each range has zero on its grid: paddings stand for it.
    var graph = GraphBuilder()
    let step = (high - low) / 255
    let zeroPoint = (-low / step).rounded()
    let input = quantized(&graph, graph.parameter([1, 5, 6, 6]), -zeroPoint * step, (255 - zeroPoint) * step)
    graph.result(convolution(&graph, input, from: 5, to: 3))
    #expect(count("IntegerConvolution", try check(graph, [1, 5, 6, 6])) == 1)
  }

  @Test(arguments: [16, 255, 256])
  mutating func levelsMayBeFewer(levels: Int) throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 4, 6, 6]), 0, 1, levels: levels)
    graph.result(convolution(&graph, input, from: 4, to: 3))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 1)
    #expect(compiled.optimizedModel.nodes.first { $0.type == "Quantize" }?.attributes["high"] == "\(levels - 1)")
  }

  /// The activations of ONNX's QuantizeLinear and DequantizeLinear.
  @Test(arguments: [ElementType.u8, .i8]) mutating func activationsThatAreConverted(type: ElementType) throws {
    var graph = GraphBuilder()
    let input = quantizedByConversion(&graph, graph.parameter([1, 8, 6, 7]), type)
    let middle = graph.node("Relu", [convolution(&graph, input, from: 8, to: 16)])
    graph.result(convolution(&graph, quantizedByConversion(&graph, middle, type), from: 16, to: 8, kernel: 1))
    let compiled = try check(graph, [1, 8, 6, 7], tolerance: 0.02)
    #expect(compiled.layerPrecisions.map(\.precision) == [.i8, .i8])
    #expect(!compiled.optimizedModel.nodes.contains { $0.type == "Convert" || $0.type == "FakeQuantize" })
  }

  @Test mutating func weightsMayHaveAZeroPoint() throws {
    var graph = GraphBuilder()
    graph.result(convolution(&graph, quantized(&graph, graph.parameter([1, 4, 6, 6])), from: 4, to: 3, zeroPoint: 20))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 1)
  }

  @Test mutating func fakeQuantizedWeightsBecomeIntegers() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 4, 6, 6]))
    let highs = (0..<6).map { Float($0 + 3) / 8 }
    let bounds = [highs.map { -$0 }, highs, highs.map { -$0 }, highs].map { graph.constant(Tensor($0, shape: [6, 1, 1, 1])) }
    let weights = graph.node("FakeQuantize", [graph.constant(random.tensor([6, 4, 3, 3]))] + bounds, ["levels": "255"])
    graph.result(
      graph.node(
        "Convolution", [input, weights], ["strides": "1,1", "dilations": "1,1", "pads_begin": "1,1", "pads_end": "1,1"]))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 1 && count("FakeQuantize", compiled) == 0)
  }

  @Test(arguments: [true, false])
  mutating func aQuantizedMatrixProductComputesWithIntegers(transposed: Bool) throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([3, 5, 20]))
    let matrix = weights(&graph, transposed ? [7, 20] : [20, 7], scaleShape: transposed ? [7, 1] : [1, 7])
    let product = graph.node("MatMul", [input, matrix], ["transpose_b": transposed ? "true" : "false"])
    graph.result(graph.node("Add", [product, graph.constant(random.tensor([7]))]))
    let compiled = try check(graph, [3, 5, 20])
    #expect(postOperations("IntegerMatMul", compiled) == [["Add"]])
  }

  // MARK: Between products

  @Test mutating func integersPassFromProductToProduct() throws {
    var graph = GraphBuilder()
    let first = bias(&graph, convolution(&graph, quantized(&graph, graph.parameter([1, 4, 8, 8])), from: 4, to: 8), channels: 8)
    let between = quantized(&graph, graph.node("Relu", [first]), 0, 2)
    let second = convolution(&graph, between, from: 8, to: 8, groups: 8)
    graph.result(convolution(&graph, quantized(&graph, graph.node("Clamp", [second], ["min": "0", "max": "1"]), 0, 1), from: 8, to: 5))
    let compiled = try check(graph, [1, 4, 8, 8], tolerance: 0.02)
    #expect(postOperations("IntegerConvolution", compiled) == [["Add", "Quantize"], ["Quantize"], []])
    #expect(count("Relu", compiled) == 0 && count("Clamp", compiled) == 0 && count("Dequantize", compiled) == 0)
  }

  @Test mutating func anActivationStaysInFrontOfTheRounding() throws {
    var graph = GraphBuilder()
    let first = convolution(&graph, quantized(&graph, graph.parameter([1, 4, 8, 8])), from: 4, to: 8)
    let between = quantized(&graph, graph.node("Swish", [first], opset: 4), -0.25, 1)
    graph.result(convolution(&graph, quantized(&graph, between, 0, 1), from: 8, to: 8))
    let compiled = try check(graph, [1, 4, 8, 8], tolerance: 0.02)
    #expect(postOperations("IntegerConvolution", compiled).first?.first == "Swish")
  }

  @Test mutating func aResidualIsReadAsIntegers() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 8, 6, 6]), 0, 1)
    let first = bias(&graph, convolution(&graph, input, from: 8, to: 8, kernel: 1), channels: 8)
    let sum = graph.node("Relu", [graph.node("Add", [first, input])])
    graph.result(convolution(&graph, quantized(&graph, sum, 0, 3), from: 8, to: 4))
    let compiled = try check(graph, [1, 8, 6, 6], tolerance: 0.02)
    #expect(postOperations("IntegerConvolution", compiled) == [["Add", "AddDequantized", "Quantize"], []])
    #expect(count("Dequantize", compiled) == 0 && count("Add", compiled) == 0)
  }

  @Test mutating func whatIsNeverStoredIsNotRounded() throws {
    // As OpenVINO does: between a product and the sum of a residual only the bounds of a FakeQuantize remain.
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 8, 6, 6]), 0, 1)
    let first = quantized(&graph, convolution(&graph, input, from: 8, to: 8, kernel: 1), -0.5, 0.49609375)
    let sum = graph.node("Add", [first, input])
    graph.result(convolution(&graph, quantized(&graph, sum, -1, 1.5), from: 8, to: 4))
    let compiled = try check(graph, [1, 8, 6, 6], tolerance: 0.03)
    #expect(postOperations("IntegerConvolution", compiled) == [["Clamp", "AddDequantized", "Quantize"], []])
  }

  @Test mutating func ofTwoProductsTheFirstTakesTheOther() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 8, 6, 6]), 0, 1)
    let branches = (0..<2).map { _ in quantized(&graph, convolution(&graph, input, from: 8, to: 8, kernel: 1), -2, 2 * 127.0 / 128) }
    graph.result(convolution(&graph, quantized(&graph, graph.node("Add", branches), -4, 4 * 127.0 / 128), from: 8, to: 4))
    let compiled = try check(graph, [1, 8, 6, 6], tolerance: 0.03)
    let fused = postOperations("IntegerConvolution", compiled)
    #expect(fused.contains(["Clamp", "AddDequantized", "Quantize"]) && fused.contains(["Quantize"]) && fused.contains([]))
  }

  @Test mutating func integersPassThroughWhatMovesThem() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 8, 8, 8]), 0, 1)
    let pool = graph.node(
      "MaxPool", [graph.node("Relu", [input])],
      ["strides": "2,2", "pads_begin": "0,0", "pads_end": "0,0", "kernel": "2,2", "rounding_type": "floor"])
    let axis = graph.constant(Tensor(.i64, shape: [], ints: [1]))
    let parts = graph.node("Split", [pool, axis], ["num_splits": "2"], outputs: 2)
    let joined = graph.node("Concat", [OutputID(parts.node, 1), parts], ["axis": "1"])
    let order = graph.constant(Tensor(.i64, shape: [4], ints: [0, 1, 3, 2]))
    let turned = graph.node("Transpose", [joined, order])
    let reshaped = graph.node(
      "Reshape", [turned, graph.constant(Tensor(.i64, shape: [4], ints: [1, 16, 2, 4]))], ["special_zero": "false"])
    graph.result(convolution(&graph, reshaped, from: 16, to: 4))
    let compiled = try check(graph, [1, 8, 8, 8])
    #expect(count("IntegerConvolution", compiled) == 1 && count("Dequantize", compiled) == 0 && count("Relu", compiled) == 0)
    let moved = ["MaxPool", "Split", "Concat", "Transpose", "Reshape"].map { type in
      compiled.optimizedModel.nodes.first { $0.type == type }?.outputs[0].type.elementType
    }
    #expect(moved == [ElementType?](repeating: .u8, count: 5))
  }

  @Test mutating func nearestPixelsAreIntegersToo() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 6, 4, 5]))
    let sizes = graph.constant(Tensor(.i64, shape: [2], ints: [8, 10]))
    let scales = graph.constant(Tensor([2, 2], shape: [2]))
    let axes = graph.constant(Tensor(.i64, shape: [2], ints: [2, 3]))
    let larger = graph.node(
      "Interpolate", [input, sizes, scales, axes], opset: 4,
      ["mode": "nearest", "shape_calculation_mode": "sizes", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"])
    graph.result(convolution(&graph, larger, from: 6, to: 4))
    let compiled = try check(graph, [1, 6, 4, 5])
    #expect(compiled.optimizedModel.nodes.first { $0.type == "Interpolate" }?.outputs[0].type.elementType == .u8)
    #expect(compiled.steps.contains { $0.kernel == "interpolate_nearest_x8" })
  }

  @Test(arguments: [true, false])
  mutating func averagesOfIntegersAreRoundedOnce(keepsAxes: Bool) throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 8, 6, 6]), 0, 1)
    let first = quantized(&graph, convolution(&graph, input, from: 8, to: 8, kernel: 1), -1, 127.0 / 128)
    let axes = graph.constant(Tensor(.i64, shape: [2], ints: [2, 3]))
    let mean = quantized(&graph, graph.node("ReduceMean", [first, axes], ["keep_dims": keepsAxes ? "true" : "false"]), -0.5, 0.49609375)
    let row = graph.node("Reshape", [mean, graph.constant(Tensor(.i64, shape: [2], ints: [1, 8]))], ["special_zero": "false"])
    graph.result(graph.node("MatMul", [row, weights(&graph, [3, 8], scaleShape: [3, 1])], ["transpose_b": "true"]))
    let compiled = try check(graph, [1, 8, 6, 6], tolerance: 0.02)
    #expect(postOperations("IntegerAvgPool", compiled) == [keepsAxes ? ["Quantize"] : []])
    #expect(count("FakeQuantize", compiled) == 0 && count("ReduceMean", compiled) == 0 && count("IntegerMatMul", compiled) == 1)
  }

  @Test mutating func depthwiseTakesAScaleForEachChannel() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([1, 4, 6, 6]), 0, 1)
    let first = convolution(&graph, input, from: 4, to: 8, kernel: 1)
    let highs = (0..<8).map { Float($0 + 2) / 8 }
    let bounds = [[Float](repeating: 0, count: 8), highs].map { graph.constant(Tensor($0, shape: [1, 8, 1, 1])) }
    let channels = graph.node("FakeQuantize", [first] + bounds + bounds, ["levels": "256"])
    graph.result(convolution(&graph, channels, from: 8, to: 8, groups: 8))
    let compiled = try check(graph, [1, 4, 6, 6], tolerance: 0.02)
    #expect(postOperations("IntegerConvolution", compiled) == [["Quantize"], []])
  }

  // MARK: What stays in floats

  @Test mutating func aFakeQuantizeAloneStays() throws {
    var graph = GraphBuilder()
    graph.result(graph.node("Sigmoid", [quantized(&graph, graph.parameter([2, 30]))]))
    let compiled = try check(graph, [2, 30])
    #expect(count("FakeQuantize", compiled) == 1 && count("Quantize", compiled) == 0)
    #expect(compiled.layerPrecisions.isEmpty)
    #expect(compiled.steps.allSatisfy { $0.kernel != "reference" })
  }

  @Test(arguments: [257, 65536])
  mutating func levelsBeyondABytesStay(levels: Int) throws {
    var graph = GraphBuilder()
    graph.result(convolution(&graph, quantized(&graph, graph.parameter([1, 4, 6, 6]), -1, 1, levels: levels), from: 4, to: 3))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 0 && count("FakeQuantize", compiled) == 1)
    #expect(compiled.layerPrecisions.map(\.reason) == ["its input is not quantised"])
    #expect(compiled.steps.allSatisfy { $0.kernel != "reference" })
  }

  @Test mutating func aRangeWithoutZeroStays() throws {
    var graph = GraphBuilder()
    graph.result(convolution(&graph, quantized(&graph, graph.parameter([1, 4, 6, 6]), 0.25, 1), from: 4, to: 3))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 0)
    #expect(compiled.layerPrecisions.map(\.reason) == ["zero is not among the numbers that its input's integers stand for"])
  }

  @Test mutating func aScaleForEachChannelStaysWhereChannelsAreSummed() throws {
    var graph = GraphBuilder()
    let highs = graph.constant(Tensor([0.5, 0.75, 1, 1.5] as [Float], shape: [1, 4, 1, 1]))
    let lows = graph.constant(Tensor([0, 0, 0, 0] as [Float], shape: [1, 4, 1, 1]))
    let input = graph.node("FakeQuantize", [graph.parameter([1, 4, 6, 6]), lows, highs, lows, highs], ["levels": "256"])
    graph.result(convolution(&graph, input, from: 4, to: 3))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 0)
    #expect(compiled.layerPrecisions.map(\.reason) == ["its input has a scale for each channel"])
  }

  @Test mutating func floatWeightsStay() throws {
    var graph = GraphBuilder()
    let input = quantized(&graph, graph.parameter([2, 6]))
    graph.result(graph.node("MatMul", [input, graph.constant(random.tensor([6, 4]))]))
    let compiled = try check(graph, [2, 6])
    #expect(count("IntegerMatMul", compiled) == 0 && compiled.layerPrecisions.map(\.reason) == ["its weights are not quantised"])
  }

  @Test mutating func concatenatedScalesThatDifferStay() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([1, 4, 6, 6])
    let parts = [quantized(&graph, input, -1, 127.0 / 128), quantized(&graph, input, -2, 2 * 127.0 / 128)]
    graph.result(convolution(&graph, graph.node("Concat", parts, ["axis": "1"]), from: 8, to: 3))
    let compiled = try check(graph, [1, 4, 6, 6])
    #expect(count("IntegerConvolution", compiled) == 0)
  }

  @Test mutating func internalOperationsAreNotForFiles() throws {
    var graph = GraphBuilder()
    let input = graph.parameter([2, 6], .u8)
    let scalar = graph.constant(Tensor([1], shape: []))
    var node = Node(
      name: "d", type: "Dequantize", opset: "ovrun", inputs: [input, scalar, scalar],
      outputs: [Node.Output(ValueType(.f32, [2, 6]))])
    node.attributes = [:]
    var model = graph.model
    let id = model.add(node)
    model.add(Node(name: "r", type: "Result", opset: "opset1", inputs: [OutputID(id)], outputs: [Node.Output(ValueType(.f32, [2, 6]))]))
    #expect(throws: OVError.self) { try CompiledModel(model) }
  }

  @Test mutating func shapesMayBeUnknown() throws {
    var graph = GraphBuilder()
    let input = graph.parameter(PartialShape([.dynamic, Dimension(8), .dynamic, .dynamic]))
    let quantizedInput = quantized(&graph, input, 0, 1)
    let first = quantized(&graph, convolution(&graph, quantizedInput, from: 8, to: 8), -1, 127.0 / 128)
    let sum = quantized(&graph, graph.node("Relu", [graph.node("Add", [first, quantizedInput])]), 0, 2)
    graph.result(convolution(&graph, sum, from: 8, to: 3))
    let compiled = try CompiledModel(graph.model, CompileOptions(threads: 1))
    let request = compiled.makeRequest()
    for shape in [[1, 8, 5, 5], [2, 8, 3, 7]] {
      let tensor = random.tensor(shape)
      var model = graph.model
      try model.inferShapes()
      let expected = try ReferenceInterpreter(model).run([tensor])[0]
      try request.setInput(0, tensor)
      try request.infer()
      #expect(relativeError(try request.output(0), expected) < 0.03)
      #expect(compiled.steps.count { $0.precision == .i8 && $0.nodeType == "IntegerConvolution" } == 2)
      #expect(compiled.steps.allSatisfy { $0.nodeType != "Dequantize" && $0.nodeType != "FakeQuantize" })
    }
  }

  // MARK: End to end

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")
  private static let digits = fixtures.appendingPathComponent("digits_int8").path

  @Test func aQuantizedModelHasIntegersBetweenItsLayers() throws {
    let model = try Model(contentsOf: Self.digits + "/model.xml")
    let compiled = try CompiledModel(model, CompileOptions(threads: 2))
    #expect(compiled.layerPrecisions.count == 6 && compiled.layerPrecisions.allSatisfy { $0.precision == .i8 })
    for set in ["0", "1"] {
      let images = try Tensor(npyFile: Self.digits + "/\(set)/input_0.npy")
      let expected = try Tensor(npyFile: Self.digits + "/\(set)/output_0.npy")
      let request = compiled.makeRequest()
      try request.setInput(0, images)
      try request.infer()
      // A number in the middle between two integers may be rounded the other way.
      #expect(relativeError(try request.output(0), expected) < 5e-3)
      let kinds = compiled.steps.filter { $0.precision == .i8 }.map(\.nodeType)
      #expect(kinds.count { $0 == "IntegerConvolution" } == 5 && kinds.count { $0 == "IntegerMatMul" } == 1)
      #expect(!compiled.steps.contains { ["FakeQuantize", "Dequantize", "Convolution", "Add", "Relu"].contains($0.nodeType) })
    }
  }

  /// Every operation between QuantizeLinear and DequantizeLinear, as ONNX Runtime writes it and OpenVINO converts it.
  @Test func aModelFromONNXHasIntegersInItsLayers() throws {
    let folder = Self.fixtures.appendingPathComponent("digits_qdq").path
    let compiled = try CompiledModel(try Model(contentsOf: folder + "/model.xml"), CompileOptions(threads: 2))
    #expect(compiled.layerPrecisions.count == 6 && compiled.layerPrecisions.allSatisfy { $0.precision == .i8 })
    let expected = try Tensor(npyFile: folder + "/0/output_0.npy")
    let request = compiled.makeRequest()
    try request.setInput(0, try Tensor(npyFile: folder + "/0/input_0.npy"))
    try request.infer()
    let output = try request.output(0)
    #expect(relativeError(output, expected) < 0.02)
    func labels(_ tensor: Tensor) -> [Int] {
      let values = tensor.doubles()
      return (0..<tensor.shape[0]).map { image in (0..<10).max { values[10 * image + $0] < values[10 * image + $1] }! }
    }
    #expect(labels(output) == labels(expected))
    #expect(!compiled.steps.contains { ["Convolution", "GroupConvolution", "MatMul", "Relu"].contains($0.nodeType) })
  }

  @Test func offIsTheSimulationInFloats() throws {
    var options = CompileOptions(threads: 1)
    options.lowPrecision = false
    let compiled = try CompiledModel(Model(contentsOf: Self.digits + "/model.xml"), options)
    #expect(compiled.layerPrecisions.isEmpty && !compiled.optimizedModel.nodes.contains { $0.type == "IntegerConvolution" })
    let request = compiled.makeRequest()
    try request.setInput(0, Tensor(npyFile: Self.digits + "/0/input_0.npy"))
    try request.infer()
    #expect(relativeError(try request.output(0), try Tensor(npyFile: Self.digits + "/0/output_0.npy")) < 0.2)
  }
}
