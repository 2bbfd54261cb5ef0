/// Finds activations that exporters wrote out as arithmetic, and names them again.
enum ActivationRecognition {
  /// x · sigmoid(x) is Swish; min(max(x + 3, 0), 6) / 6 is HSigmoid; x · HSigmoid(x) is HSwish.
  static let rewrites: [Rewrite] = [
    replacement("RecognizeSwish", by: "Swish", opset: 4, product(x, Pattern.node("Sigmoid", operands: [x]))),
    replacement(
      "RecognizeHSigmoid", by: "HSigmoid", opset: 5,
      .oneOf(
        .node("Divide", operands: [clampedSum, number(6)]), .node("Multiply", operands: [clampedSum, number(1 / 6)], commutative: true))),
    replacement("RecognizeHSwish", by: "HSwish", opset: 4, product(x, Pattern.node("HSigmoid", operands: [x]))),
    replacement(
      "RecognizeHSwish", by: "HSwish", opset: 4,
      .oneOf(
        .node("Divide", operands: [product(x, clampedSum), number(6)]),
        .node("Multiply", operands: [product(x, clampedSum), number(1 / 6)], commutative: true))),
  ]

  private static let x = Pattern.any.captured(as: "x")

  private static func product(_ a: Pattern, _ b: Pattern) -> Pattern { .node("Multiply", operands: [a, b], commutative: true) }

  /// A constant of which every element is `value`, to single precision.
  private static func number(_ value: Float) -> Pattern {
    Pattern.any.filtered { output, model in
      guard let tensor = try? model.constantValue(of: output, atMost: 16), tensor.elementCount > 0 else { return false }
      return tensor.doubles().allSatisfy { Float($0) == value }
    }
  }

  /// min(max(x + 3, 0), 6), in the ways it is written.
  private static var clampedSum: Pattern {
    let sum = Pattern.node("Add", operands: [x, number(3)], commutative: true)
    func least(_ a: Pattern, _ value: Float) -> Pattern { .node("Minimum", operands: [a, number(value)], commutative: true) }
    func greatest(_ a: Pattern, _ value: Float) -> Pattern { .node("Maximum", operands: [a, number(value)], commutative: true) }
    let clamp = Pattern.node("Clamp", operands: [sum]).filtered { output, model in
      let attributes = model[output.node].attributes
      return (try? attributes.double("min")) == 0 && (try? attributes.double("max")) == 6
    }
    return .oneOf(clamp, least(greatest(sum, 0), 6), greatest(least(sum, 6), 0), least(.node("Relu", operands: [sum]), 6))
  }

  /// Replaces the value that `pattern` finds by an operation on its `x`.
  private static func replacement(_ name: String, by type: String, opset: Int, _ pattern: Pattern) -> Rewrite {
    Rewrite(name, pattern: pattern) { model, match throws(OVError) in
      let old = model[match.root]
      guard model.type(of: match["x"]) == old.outputs[0].type, old.outputs[0].type.elementType.isFloatingPoint else { return false }
      var node = Node(
        name: old.name, type: type, opset: "opset\(opset)", inputs: [match["x"]], outputs: [Node.Output(old.outputs[0].type)],
        location: old.location)
      node.fusedNames = match.nodes.filter { $0 != match.root }.map { model[$0].name }
      model.replaceUses(of: OutputID(match.root), with: OutputID(model.add(node)))
      return true
    }
  }
}
