/// Activations that are stored as integers and expanded again, as importers write QuantizeLinear and DequantizeLinear of ONNX:
/// FakeQuantize to integers → Convert u8 or i8 → Convert f32 → [Subtract] → Multiply becomes a FakeQuantize to the numbers that the
/// integers stand for, which is how other sources write it.
struct QuantizedActivations {
  static let name = "RecognizeQuantizedActivations"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: QuantizedActivations.name, details: [])
    // Of one quantisation several may be expanded alike.
    var known: [Numbers: OutputID] = [:]
    for id in model.topologicalOrder where model.contains(id) && model[id].type == "Multiply" {
      guard let numbers = try numbers(id, model) else { continue }
      let value = known[numbers] ?? add(numbers, like: model[id], &model)
      known[numbers] = value
      model.replaceUses(of: OutputID(id), with: value)
      report.details.append(model[id].name)
    }
    if report.count > 0 { model.removeUnreachable() }
    return report
  }

  /// The integers that a FakeQuantize makes, and what they stand for: (integer − zero point) · scale.
  private struct Numbers: Hashable {
    let quantize: NodeID
    let scale: Double
    let zeroPoint: Double
    /// The integers' bounds.
    let low: Double
    let high: Double
  }

  private func numbers(_ id: NodeID, _ model: Model) throws -> Numbers? {
    let multiply = model[id]
    guard multiply.inputs.count == 2, model.type(of: OutputID(id)).elementType == .f32 else { return nil }
    for data in [0, 1] {
      guard let scale = try number(multiply.inputs[1 - data], model), scale > 0, scale.isFinite else { continue }
      var value = multiply.inputs[data]
      var zeroPoint = 0.0
      if model[value.node].type == "Subtract", let subtrahend = try number(model[value.node].inputs[1], model) {
        zeroPoint = subtrahend
        value = model[value.node].inputs[0]
      }
      guard let integers = converted(value, to: .f32, model), [.u8, .i8].contains(model.type(of: integers).elementType),
        let rounded = converted(integers, to: model.type(of: integers).elementType, model), model[rounded.node].type == "FakeQuantize",
        model.type(of: rounded).shape == model.type(of: OutputID(id)).shape,
        let bounds = try integerBounds(model[rounded.node], of: model.type(of: integers).elementType, model)
      else { continue }
      return Numbers(quantize: rounded.node, scale: scale, zeroPoint: zeroPoint, low: bounds.low, high: bounds.high)
    }
    return nil
  }

  /// The value of a constant of one element.
  private func number(_ output: OutputID, _ model: Model) throws -> Double? {
    guard let value = try model.constantValue(of: output, atMost: 1), value.elementCount == 1 else { return nil }
    return value.doubles()[0]
  }

  /// What a Convert to `type` converts.
  private func converted(_ output: OutputID, to type: ElementType, _ model: Model) -> OutputID? {
    let node = model[output.node]
    return node.type == "Convert" && model.type(of: output).elementType == type ? node.inputs[0] : nil
  }

  /// The least and the greatest number that a FakeQuantize gives, when these are integers alone, all of which an element type has.
  private func integerBounds(_ node: Node, of type: ElementType, _ model: Model) throws -> (low: Double, high: Double)? {
    guard let levels = (try? FakeQuantize(node))?.levels, node.inputs.count == 5, let low = try number(node.inputs[3], model),
      let high = try number(node.inputs[4], model)
    else { return nil }
    let isWithin =
      low == low.rounded() && high - low == Double(levels - 1) && low >= Double(type.lowestInteger) && high <= Double(type.greatestInteger)
    return isWithin ? (low, high) : nil
  }

  private func add(_ numbers: Numbers, like multiply: Node, _ model: inout Model) -> OutputID {
    let quantize = model[numbers.quantize]
    let bounds = [("/low", numbers.low), ("/high", numbers.high)].map { suffix, integer in
      let bound = Tensor(.f32, shape: [], doubles: [(integer - numbers.zeroPoint) * numbers.scale])
      return OutputID(model.add(.constant(bound, name: multiply.name + suffix)))
    }
    return OutputID(
      model.add(
        Node(
          name: multiply.name, type: "FakeQuantize", opset: quantize.opset, attributes: quantize.attributes,
          inputs: Array(quantize.inputs[..<3]) + bounds, outputs: [Node.Output(multiply.outputs[0].type)], location: multiply.location)))
  }
}
