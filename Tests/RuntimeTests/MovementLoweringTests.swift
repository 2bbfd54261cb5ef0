import KernelCore
import Testing

@testable import OVRuntime

/// Operations that move, index, order and compare elements run in kernels, whatever the layout of their operands, and shared among
/// workers.
@Suite struct MovementLoweringTests {
  /// Operands of one node: shapes of Parameters with how they are drawn, and constants.
  private enum Operand {
    case reals(Shape)
    /// Whole numbers in a range.
    case whole(ElementType, Shape, ClosedRange<Int>)
    case constant(Tensor)
  }

  /// Compiles a node on these operands and compares it with its reference evaluation; `transposed`: the first operand arrives
  /// through a Transpose, so that it does not lie in row-major order.
  private func check(
    _ type: String, opset: Int = 1, _ operands: [Operand], _ attributes: Attributes = [:], outputs: Int = 1, kernel: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var random = SeededGenerator(seed: 11)
    for transposed in [false, true] {
      var graph = GraphBuilder()
      var inputs: [OutputID] = []
      var tensors: [Tensor] = []
      for (index, operand) in operands.enumerated() {
        func parameter(_ elementType: ElementType, _ shape: Shape, _ draw: (Shape) -> Tensor) {
          guard transposed, index == 0, shape.count > 1 else {
            inputs.append(graph.parameter(shape, elementType, name: "input\(index)"))
            tensors.append(draw(shape))
            return
          }
          let turned = Array(shape.reversed())
          let order = graph.constant(Tensor(.i64, shape: [shape.count], ints: Array(shape.indices.reversed())))
          inputs.append(graph.node("Transpose", [graph.parameter(turned, elementType, name: "input\(index)"), order]))
          tensors.append(draw(turned))
        }
        switch operand {
        case .reals(let shape): parameter(.f32, shape) { random.tensor($0) }
        case .whole(let elementType, let shape, let range):
          parameter(elementType, shape) { shape in
            Tensor(elementType, shape: shape, ints: (0..<shape.reduce(1, *)).map { _ in Int.random(in: range, using: &random) })
          }
        case .constant(let tensor): inputs.append(graph.constant(tensor, name: "constant\(index)"))
        }
      }
      let node = graph.node(type, inputs, opset: opset, attributes, outputs: outputs)
      for index in 0..<outputs { graph.result(OutputID(node.node, index), name: "result\(index)") }
      var model = graph.model
      try model.inferShapes()
      let expected = try ReferenceInterpreter(model).run(tensors)
      for threads in [1, 2] {
        let compiled = try CompiledModel(graph.model, CompileOptions(threads: threads))
        let kernels = compiled.steps.map(\.kernel)
        #expect(
          kernels.contains { $0.hasPrefix(kernel) } && !kernels.contains("reference"), "\(type): \(kernels)", sourceLocation: sourceLocation
        )
        let request = compiled.makeRequest()
        for (index, tensor) in tensors.enumerated() { try request.setInput(index, tensor) }
        try request.infer()
        for index in 0..<outputs {
          let error = relativeError(try request.output(index), expected[index])
          #expect(error < 1e-6, "\(type), transposed \(transposed), \(threads) threads: \(error)", sourceLocation: sourceLocation)
        }
      }
    }
  }

  private func ints(_ values: Int..., type: ElementType = .i64) -> Operand { .constant(Tensor(type, shape: [values.count], ints: values)) }
  private func scalar(_ value: Int, type: ElementType = .i64) -> Operand { .constant(Tensor(type, shape: [], ints: [value])) }

  @Test func gathering() throws {
    for version in [1, 7, 8] {
      try check("Gather", opset: version, [.reals([9, 40, 30]), .whole(.i64, [7, 5], -1...8), scalar(0)], kernel: "gather_x32")
      try check("Gather", opset: version, [.reals([9, 40, 30]), .whole(.i32, [50], 0...29), scalar(2)], kernel: "gather_x32")
    }
    try check(
      "Gather", opset: 8, [.reals([3, 2, 40, 30]), .whole(.i64, [3, 50], -50...50), scalar(2)], ["batch_dims": "1"], kernel: "gather_x32")
    try check("Gather", opset: 8, [.whole(.i64, [9, 40], 0...9), .whole(.i64, [700], -1...39), scalar(1)], kernel: "gather_x64")
    try check("Gather", opset: 8, [.whole(.boolean, [9, 40], 0...1), .whole(.i64, [700], -1...39), scalar(1)], kernel: "gather_x8")
    for axis in 0..<3 {
      var shape = [20, 30, 25]
      shape[axis] = 40
      let extent = [20, 30, 25][axis]
      try check(
        "GatherElements", opset: 6, [.reals([20, 30, 25]), .whole(.i64, shape, -extent...(extent - 1))], ["axis": "\(axis)"],
        kernel: "gather_x32")
    }
    try check("GatherND", opset: 8, [.reals([20, 30, 25]), .whole(.i32, [40, 2], -20...19)], kernel: "gather_x")
    try check("GatherND", opset: 8, [.reals([4, 20, 30]), .whole(.i32, [4, 40, 1], -20...19)], ["batch_dims": "1"], kernel: "gather_x")
    try check(
      "GatherND", opset: 5, [.reals([3, 4, 20, 30]), .whole(.i64, [3, 4, 200, 2], 0...19)], ["batch_dims": "2"], kernel: "gather_x32")
  }

  @Test func scattering() throws {
    for reduction in ["none", "sum", "prod", "min", "max", "mean"] {
      try check(
        "ScatterElementsUpdate", opset: 12,
        [.reals([10, 40, 30]), .whole(.i64, [10, 25, 30], -40...39), .reals([10, 25, 30]), scalar(1)],
        ["reduction": reduction], kernel: "scatter_")
      try check(
        "ScatterElementsUpdate", opset: 12,
        [.whole(.i64, [4, 50], -9...9), .whole(.i32, [4, 300], -50...49), .whole(.i64, [4, 300], -3...3), scalar(1)],
        ["reduction": reduction], kernel: reduction == "mean" ? "average_" : "scatter_")
      if reduction == "mean" { continue }
      try check(
        "ScatterNDUpdate", opset: 15, [.reals([20, 6, 100]), .whole(.i32, [30, 1], -20...19), .reals([30, 6, 100])],
        ["reduction": reduction],
        kernel: "scatter_")
    }
    try check("ScatterNDUpdate", opset: 4, [.reals([20, 30, 5]), .whole(.i64, [500, 3], 0...4), .reals([500])], kernel: "scatter_x32")
    for axis in 0..<2 {
      let updates = axis == 0 ? [3, 4, 60, 5] : [50, 3, 4, 5]
      try check(
        "ScatterUpdate", opset: 3, [.reals([50, 60, 5]), .whole(.i64, [3, 4], -50...49), .reals(updates), scalar(axis)],
        kernel: "scatter_x32")
    }
  }

  @Test func ordering() throws {
    for (axis, sort) in [(0, "value"), (1, "index"), (2, "value")] {
      for mode in ["max", "min"] {
        let attributes: Attributes = ["axis": "\(axis)", "mode": mode, "sort": sort, "index_element_type": "i64"]
        for count in [1, 5, 20] {
          try check("TopK", opset: 11, [.reals([20, 25, 30]), scalar(count)], attributes, outputs: 2, kernel: "topk_f32")
          try check("TopK", opset: 3, [.whole(.i32, [20, 25, 30], -9...9), scalar(count)], attributes, outputs: 2, kernel: "topk_i32")
          try check("TopK", opset: 3, [.whole(.i64, [20, 25, 30], -9...9), scalar(count)], attributes, outputs: 2, kernel: "topk_i64")
          try check("TopK", opset: 3, [.whole(.f16, [20, 25, 30], -99...99), scalar(count)], attributes, outputs: 2, kernel: "topk_f16")
        }
      }
    }
    for (exclusive, reverse) in [("true", "false"), ("false", "true")] {
      for axis in 0..<2 {
        let attributes: Attributes = ["exclusive": exclusive, "reverse": reverse]
        try check("CumSum", opset: 3, [.reals([100, 90]), scalar(axis)], attributes, kernel: "cumsum_f32")
        try check("CumSum", opset: 3, [.whole(.i64, [100, 90], -9...9), scalar(axis)], attributes, kernel: "cumsum_i64")
      }
    }
  }

  @Test func choosing() throws {
    try check("Select", [.whole(.boolean, [20, 30, 15], 0...1), .reals([20, 30, 15]), .reals([15])], kernel: "select_x32")
    try check(
      "Select", [.whole(.boolean, [30, 1], 0...1), .whole(.i64, [], 0...9), .whole(.i64, [20, 30, 15], 0...9)], kernel: "select_x64")
    try check("LogicalAnd", [.whole(.boolean, [100, 90], 0...1), .whole(.boolean, [90], 0...1)], kernel: "binary_u8_logical_and")
    try check(
      "LogicalXor", opset: 2, [.whole(.boolean, [100, 90], 0...1), .whole(.boolean, [100, 1], 0...1)], kernel: "binary_u8_logical_xor")
    try check("LogicalNot", [.whole(.boolean, [100, 90], 0...1)], kernel: "binary_u8_equal")
    try check("Convert", [.whole(.boolean, [100, 90], 0...1)], ["destination_type": "f32"], kernel: "convert_u8_f32")
    try check("Convert", [.whole(.i64, [100, 90], -1...1)], ["destination_type": "boolean"], kernel: "binary_i64_not_equal")
  }

  @Test func dividingIntegers() throws {
    for type in ["Divide", "Mod", "FloorMod"] {
      for elementType in [ElementType.i32, .i64] {
        let data = Operand.whole(elementType, [9, 40, 30], -50...50)
        try check(type, [data, .whole(elementType, [30], 1...9)], kernel: "binary_\(elementType)_")
        try check(type, [data, .whole(elementType, [9, 40, 30], -9 ... -1)], kernel: "binary_\(elementType)_")
        try check(type, [data, scalar(-3, type: elementType)], kernel: "binary_\(elementType)_")
      }
    }
    try check("Mod", [.reals([9, 40, 30]), .reals([40, 1])], kernel: "binary_f32_mod")
    try check("FloorMod", [.reals([9, 40, 30]), .reals([30])], kernel: "binary_f32_floor_mod")
  }

  @Test(arguments: ["Abs", "Negative", "Relu", "Sign"])
  func functionsOfIntegers(_ type: String) throws {
    try check(type, [.whole(.i32, [9, 40, 30], -50...50)], kernel: "binary_i32_")
    try check(type, [.whole(.i64, [9, 40, 30], -2...2)], kernel: "binary_i64_")
  }

  @Test func integersAreNotDividedByZero() throws {
    var graph = GraphBuilder()
    graph.result(graph.node("Divide", [graph.parameter([4], .i64), graph.parameter([2, 1], .i64)], name: "node"))
    let request = try CompiledModel(graph.model).makeRequest()
    try request.setInput(0, Tensor(.i64, shape: [4], ints: [1, 2, 3, 4]))
    try request.setInput(1, Tensor(.i64, shape: [2, 1], ints: [1, 0]))
    let error = #expect(throws: OVError.self) { try request.infer() }
    #expect(error?.code == .invalidData && error?.location.layerName == "node")
  }

  @Test(arguments: [3, 20])
  func resampling(_ channels: Int) throws {
    let axes = ints(2, 3)
    for mode in ["nearest", "linear_onnx", "linear", "cubic", "bilinear_pillow", "bicubic_pillow"] {
      for sizes in [ints(41, 57), ints(11, 9)] {
        try check(
          "Interpolate", opset: 11, [.reals([2, channels, 20, 30]), sizes, axes],
          ["mode": mode, "shape_calculation_mode": "sizes", "antialias": "\(mode == "linear")"], kernel: "resample_f32")
      }
    }
    // Bytes, halves, volumes, lines, and channels too.
    for mode in ["nearest", "linear_onnx", "linear", "cubic"] {
      let attributes: Attributes = ["mode": mode, "shape_calculation_mode": "sizes"]
      func check(_ data: Operand, _ sizes: Operand, _ axes: Operand, _ kernel: String) throws {
        try self.check("Interpolate", opset: 11, [data, sizes, axes], attributes, kernel: kernel)
      }
      if mode != "nearest" { try check(.whole(.u8, [2, channels, 20, 30], 0...255), ints(41, 57), axes, "resample_u8_axis") }
      try check(.whole(.u8, [2, 20, 30, channels], 0...255), ints(41, 57), ints(1, 2), "resample_u8_axis")
      try check(.whole(.f16, [2, 20, 30, channels], 0...255), ints(11, 57), ints(1, 2), "resample_f16_axis")
      try check(.reals([2, channels, 5, 10, 15]), ints(7, 20, 9), ints(2, 3, 4), "resample_f32_axis")
      try check(.reals([2, channels, 60]), ints(100), ints(2), "resample_f32_axis")
      try check(.reals([2, channels, 20, 30]), ints(2 * channels, 15), ints(1, 3), "resample_f32_axis")
    }
    for mode in ["bilinear_pillow", "bicubic_pillow"] {
      for elementType in [ElementType.u8, .i8] {
        try check(
          "Interpolate", opset: 11, [.whole(elementType, [2, channels, 20, 30], 0...127), ints(41, 17), axes],
          ["mode": mode, "shape_calculation_mode": "sizes"], kernel: "resample_\(elementType)_axis")
      }
    }
    for mode in GridSamplingMode.allCases {
      try check(
        "GridSample", opset: 9, [.reals([2, channels, 9, 10]), .reals([2, 20, 30, 2])], ["mode": mode.rawValue],
        kernel: "grid_sample_resample_f32")
    }
  }

  @Test func repeating() throws {
    try check("Tile", [.reals([3, 20, 15]), ints(2, 1, 4)], kernel: "copy_x32")
    try check("Tile", [.whole(.i64, [20, 15], 0...9), ints(3, 2, 2)], kernel: "copy_x64")
    try check("Broadcast", opset: 3, [.whole(.i64, [20, 1], 0...9), ints(8, 20, 60)], ["mode": "numpy"], kernel: "copy_x64")
    for mode in ["constant", "edge", "reflect", "symmetric"] {
      try check("Pad", [.reals([3, 20, 15]), ints(0, 3, 2), ints(2, 0, 4)], ["pad_mode": mode], kernel: "copy")
    }
    let seven = Operand.constant(Tensor([7] as [Float], shape: []))
    try check(
      "Pad", opset: 12, [.reals([2, 3, 50, 40]), ints(0, 1, -3, 2), ints(0, 0, 4, -5), seven], ["pad_mode": "constant"], kernel: "copy")
    try check("Roll", opset: 7, [.whole(.i32, [30, 40], 0...9), ints(7), ints(1)], kernel: "copy_runs")
  }

  @Test func reducingIntegers() throws {
    for (type, opset) in [("ReduceSum", 1), ("ReduceMax", 1), ("ReduceMin", 1), ("ReduceProd", 1), ("ReduceMean", 1)] {
      for axes in [[2], [0], [0, 1], [1, 2]] {
        let operand = Operand.constant(Tensor(.i64, shape: [axes.count], ints: axes))
        try check(type, opset: opset, [.whole(.i64, [20, 30, 15], -3...3), operand], ["keep_dims": "true"], kernel: "reduction_i64")
        if type != "ReduceMean" { try check(type, opset: opset, [.whole(.i32, [20, 30, 15], -3...3), operand], kernel: "reduction_i32") }
      }
    }
    try check("ReduceLogicalOr", [.whole(.boolean, [100, 90], 0...1), ints(1)], kernel: "reduction_boolean")
  }

  @Test(arguments: ["Gather", "GatherElements", "ScatterElementsUpdate"])
  func indicesOutOfRangeAreNamed(_ type: String) throws {
    var graph = GraphBuilder()
    let data = graph.parameter([4, 3])
    let indices = graph.parameter([4, 3], .i64, name: "indices")
    let axis = graph.constant(Tensor(.i64, shape: [], ints: [0]))
    switch type {
    case "Gather": graph.result(graph.node(type, [data, indices, axis], opset: 7, name: "node"))
    case "GatherElements": graph.result(graph.node(type, [data, indices], opset: 6, ["axis": "0"], name: "node"))
    default: graph.result(graph.node(type, [data, indices, data, axis], opset: 3, name: "node"))
    }
    let request = try CompiledModel(graph.model).makeRequest()
    try request.setInput(0, Tensor.counting([4, 3]))
    try request.setInput(1, Tensor(.i64, shape: [4, 3], ints: [0, 1, 2, 3, -4, 4, 0, 0, 0, 0, 0, 0]))
    let error = #expect(throws: OVError.self) { try request.infer() }
    #expect(error?.code == .invalidData && error?.message == "index 4 is out of range" && error?.location.layerName == "node")
  }
}
