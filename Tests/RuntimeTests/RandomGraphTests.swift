import Testing

@testable import OVRuntime

/// Random small graphs, compiled and by reference: what shares memory (operands overwritten, Concats written in place, views of one
/// buffer, an arena whose places are used again) must not show.
@Suite struct RandomGraphTests {
  /// A graph of operations on image-like values, drawn from a seed.
  private struct Drawing {
    var graph = GraphBuilder()
    var random: SeededGenerator
    /// The values so far, all f32.
    var values: [(id: OutputID, shape: Shape)] = []

    init(seed: UInt64) {
      random = SeededGenerator(seed: seed)
      for index in 0..<Int.random(in: 1...2, using: &random) {
        // A few are so large that the workers share the steps.
        let sides = seed % 5 == 0 ? 20...36 : 3...9
        let shape = [
          1, Int.random(in: 1...3, using: &random) * 4, Int.random(in: sides, using: &random), Int.random(in: sides, using: &random),
        ]
        values.append((graph.parameter(shape, name: "input\(index)"), shape))
      }
      for _ in 0..<Int.random(in: 4...24, using: &random) { grow() }
      // Every value that nothing uses is a result, and some that are used.
      let model = graph.model
      for (index, value) in values.enumerated() where model.users(of: value.id).isEmpty || Int.random(in: 0..<8, using: &random) == 0 {
        graph.result(value.id, name: "result\(index)")
      }
    }

    /// Later values more often, so that chains arise, earlier ones again and again.
    mutating func pick() -> (id: OutputID, shape: Shape) {
      let back =
        Bool.random(using: &random)
        ? Int.random(in: 0..<min(3, values.count), using: &random) : Int.random(in: 0..<values.count, using: &random)
      return values[values.count - 1 - back]
    }

    mutating func ints(_ values: [Int]) -> OutputID { graph.constant(Tensor(.i64, shape: [values.count], ints: values)) }

    mutating func add(_ type: String, _ inputs: [OutputID], _ shape: Shape, opset: Int = 1, _ attributes: Attributes = [:]) {
      values.append((graph.node(type, inputs, opset: opset, attributes), shape))
    }

    mutating func grow() {
      let (x, shape) = pick()
      let rank = shape.count
      switch Int.random(in: 0..<13, using: &random) {
      case 0: add(["Relu", "Tanh", "Sigmoid", "Abs", "Negative"].randomElement(using: &random)!, [x], shape)
      case 1: add(["Clamp", "Elu"].randomElement(using: &random)!, [x], shape, ["alpha": "0.5", "min": "-0.25", "max": "0.5"])
      case 2, 3:
        let operands = values.filter { $0.shape == shape }
        let other = operands.randomElement(using: &random)!.id
        add(
          ["Add", "Subtract", "Multiply", "Maximum"].randomElement(using: &random)!,
          Bool.random(using: &random) ? [x, other] : [other, x], shape)
      case 4:
        var extents = shape.map { Bool.random(using: &random) ? $0 : 1 }
        if Bool.random(using: &random) { extents = Array(extents.suffix(Int.random(in: 0...rank, using: &random))) }
        let constant = graph.constant(random.tensor(extents))
        add(
          ["Add", "Multiply", "Subtract"].randomElement(using: &random)!, Bool.random(using: &random) ? [x, constant] : [constant, x], shape
        )
      case 5, 6: concatenate(x, shape)
      case 7: split(x, shape)
      case 8:
        let axes = Array(0..<rank).shuffled(using: &random)
        add("Transpose", [x, ints(axes)], axes.map { shape[$0] })
      case 9: slice(x, shape)
      case 10: reshape(x, shape)
      case 11: convolve(x, shape)
      default: pool(x, shape)
      }
    }

    mutating func concatenate(_ x: OutputID, _ shape: Shape) {
      guard let axis = shape.indices.randomElement(using: &random) else { return }
      var result = shape
      var inputs = [x]
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let others = values.filter { other in
          other.shape.count == shape.count && shape.indices.allSatisfy { $0 == axis || other.shape[$0] == shape[$0] }
        }
        let other = others.randomElement(using: &random)!
        inputs.append(other.id)
        result[axis] += other.shape[axis]
      }
      if result.elementCount > 1 << 15 { return }
      add("Concat", inputs, result, ["axis": "\(Bool.random(using: &random) ? axis : axis - shape.count)"])
    }

    mutating func split(_ x: OutputID, _ shape: Shape) {
      guard let axis = shape.indices.filter({ shape[$0] % 2 == 0 }).randomElement(using: &random) else { return }
      let parts = shape[axis] % 4 == 0 && Bool.random(using: &random) ? 4 : 2
      let axisOperand = graph.constant(Tensor(.i64, shape: [], ints: [axis]))
      let node = graph.node("Split", [x, axisOperand], ["num_splits": "\(parts)"], outputs: parts)
      var part = shape
      part[axis] /= parts
      for index in 0..<parts { values.append((OutputID(node.node, index), part)) }
    }

    mutating func slice(_ x: OutputID, _ shape: Shape) {
      guard let axis = shape.indices.filter({ shape[$0] > 1 }).randomElement(using: &random) else { return }
      let start = Int.random(in: 0..<(shape[axis] - 1), using: &random)
      let stop = Int.random(in: (start + 1)...shape[axis], using: &random)
      let step = Int.random(in: 1...2, using: &random)
      var result = shape
      result[axis] = (stop - start + step - 1) / step
      add("Slice", [x, ints([start]), ints([stop]), ints([step]), ints([axis])], result, opset: 8)
    }

    mutating func reshape(_ x: OutputID, _ shape: Shape) {
      guard shape.count >= 2, let axis = shape.indices.dropLast().randomElement(using: &random) else { return }
      var result = shape
      if Bool.random(using: &random) && shape.count > 2 {
        result[axis] *= result[axis + 1]
        result.remove(at: axis + 1)
      } else if shape[axis] % 2 == 0 && shape.count < 5 {
        result[axis] /= 2
        result.insert(2, at: axis + 1)
      } else {
        result.swapAt(axis, axis + 1)
      }
      add("Reshape", [x, ints(result)], result, ["special_zero": "false"])
    }

    mutating func convolve(_ x: OutputID, _ shape: Shape) {
      guard shape.count == 4, shape[1] <= 64 else { return }
      let side = min(shape[2], shape[3]) >= 3 && Bool.random(using: &random) ? 3 : 1
      let channels = [4, 8, 20].randomElement(using: &random)!
      let attributes: Attributes = [
        "strides": "1,1", "dilations": "1,1", "pads_begin": "\(side / 2),\(side / 2)", "pads_end": "\(side / 2),\(side / 2)",
        "auto_pad": "explicit",
      ]
      if shape[1] > 1 && Int.random(in: 0..<3, using: &random) == 0 {
        let weights = graph.constant(random.tensor([shape[1], 1, 1, side, side]))
        add("GroupConvolution", [x, weights], shape, attributes)
      } else {
        let weights = graph.constant(random.tensor([channels, shape[1], side, side]))
        add("Convolution", [x, weights], [shape[0], channels, shape[2], shape[3]], attributes)
      }
    }

    mutating func pool(_ x: OutputID, _ shape: Shape) {
      guard shape.count == 4, shape[2] >= 2, shape[3] >= 2 else { return }
      let result = [shape[0], shape[1], shape[2] - 1, shape[3] - 1]
      let attributes: Attributes = [
        "kernel": "2,2", "strides": "1,1", "pads_begin": "0,0", "pads_end": "0,0", "rounding_type": "floor", "exclude-pad": "true",
        "auto_pad": "explicit",
      ]
      add(Bool.random(using: &random) ? "MaxPool" : "AvgPool", [x], result, attributes)
    }
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func compiledPlansComputeWhatTheReferencesDo(_ block: UInt64) throws {
    for seed in (block * 40)..<(block * 40 + 40) {
      var drawing = Drawing(seed: seed)
      let model = drawing.graph.model
      let inputs = model.parameters.map { drawing.random.tensor(model[$0].outputs[0].type.shape.shape!) }
      var typed = model
      try typed.inferShapes()
      for value in drawing.values {
        #expect(typed.type(of: value.id).shape.shape == value.shape, "seed \(seed): \(typed[value.id.node].type)")
      }
      let expected = try ReferenceInterpreter(typed).run(inputs)
      for threads in [1, 2] {
        for optimization in [true, false] {
          var options = CompileOptions(threads: threads)
          options.optimization = optimization
          let request = try CompiledModel(model, options).makeRequest()
          for (index, input) in inputs.enumerated() { try request.setInput(index, input) }
          // The second inference finds the memory as the first left it.
          for inference in 0..<2 {
            try request.infer()
            for (index, reference) in expected.enumerated() {
              let error = relativeError(try request.output(index), reference)
              #expect(
                error < 1e-4,
                "seed \(seed), \(threads) threads, optimization \(optimization), inference \(inference), output \(index): \(error)")
            }
          }
        }
      }
    }
  }
}
