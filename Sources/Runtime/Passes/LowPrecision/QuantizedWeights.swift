/// Constants that stand for real numbers through integers: what an IR writes as Constant → Convert → [Subtract] → Multiply
/// (→ Reshape → Convert), or as a FakeQuantize of a Constant, becomes a Dequantize of a Constant.
///
/// The integers are all that stays in memory: kernels read them as they are, or expand them while they pack.
struct QuantizedWeights {
  static let name = "RecognizeQuantizedWeights"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: QuantizedWeights.name, details: [])
    for id in model.topologicalOrder where model.contains(id) {
      let replaced: Bool
      switch model[id].type {
      case "Multiply": replaced = try replaceDecompression(id, &model)
      case "FakeQuantize": replaced = try replaceQuantizedConstant(id, &model)
      default: replaced = false
      }
      if replaced { report.details.append(model[id].name) }
    }
    if report.count > 0 { model.removeUnreachable() }
    return report
  }

  /// Puts a Dequantize in the place of a Multiply of converted integers and of what only follows it.
  private func replaceDecompression(_ id: NodeID, _ model: inout Model) throws -> Bool {
    let multiply = model[id]
    guard let broadcast = try? AutoBroadcast(multiply), case .numpy = broadcast, multiply.inputs.count == 2 else { return false }
    for data in [0, 1] {
      guard let chain = try integers(multiply.inputs[data], model), let scale = try model.constantValue(of: multiply.inputs[1 - data])
      else { continue }
      let shape = model.type(of: chain.integers).shape.shape!
      guard scale.elementType.isFloatingPoint, model.type(of: OutputID(id)).shape.shape == shape else { return false }
      let (end, target) = floatEnd(of: OutputID(id), model)
      guard model.type(of: end).elementType == .f32 else { return false }
      let value = model.addDequantize(
        chain.integers, scale: scale.converted(to: .f32), zeroPoint: chain.zeroPoint, shape: target, like: multiply)
      model.replaceUses(of: end, with: value)
      return true
    }
    return false
  }

  /// The Constant behind Convert and Subtract, and what is subtracted.
  private func integers(_ output: OutputID, _ model: Model) throws -> (integers: OutputID, zeroPoint: Tensor)? {
    let node = model[output.node]
    if node.type == "Convert" {
      let source = node.inputs[0]
      guard model[source.node].type == "Constant", Dequantize.elementTypes.contains(model.type(of: source).elementType),
        model.type(of: source).shape.isStatic, model.type(of: output).elementType.isFloatingPoint
      else { return nil }
      return (source, Tensor(.f32, shape: [], doubles: [0]))
    }
    guard node.type == "Subtract", let broadcast = try? AutoBroadcast(node), case .numpy = broadcast,
      model[node.inputs[0].node].type == "Convert", let inner = try integers(node.inputs[0], model),
      model.type(of: output).shape == model.type(of: inner.integers).shape, let zeroPoint = try model.constantValue(of: node.inputs[1])
    else { return nil }
    return (inner.integers, zeroPoint.converted(to: .f32))
  }

  /// The value behind the Reshape and the Convert that alone follow a decompression, and its shape where that is another.
  private func floatEnd(of output: OutputID, _ model: Model) -> (end: OutputID, shape: Shape?) {
    var (end, shape) = (output, Shape?.none)
    while let user = model.onlyUser(of: end), user.index == 0 {
      let node = model[user.node]
      let value = OutputID(node.id)
      if node.type == "Reshape", shape == nil, model.isConstant(node.inputs[1]), let target = model.type(of: value).shape.shape {
        shape = target
      } else if node.type != "Convert" || model.type(of: end).elementType == .f32 || model.type(of: value).elementType != .f32 {
        break
      }
      end = value
    }
    return (end, shape)
  }

  /// Evaluates a FakeQuantize of a constant down to its integers.
  private func replaceQuantizedConstant(_ id: NodeID, _ model: inout Model) throws -> Bool {
    let node = model[id]
    guard model.isConstant(node.inputs[0]), let parameters = try FakeQuantizeParameters(node, model),
      let weights = try model.constantValue(of: node.inputs[0]), weights.type == model.type(of: OutputID(id))
    else { return false }
    let attributes: Attributes = ["element_type": "u8", "low": "0", "high": "\(parameters.grid.high)"]
    let quantize = Node(name: node.name, type: "Quantize", opset: OperatorRegistry.internalSet, attributes: attributes)
    let integers = try Quantize(quantize).evaluated(
      [weights, parameters.multiplier, parameters.offset], EvaluationContext(node: quantize))[0]
    // Signed integers are the kernels' form of weights.
    let signed = Tensor(.i8, shape: integers.shape, int64s: integers.int64s().map { $0 - 128 })
    let grid = parameters.grid
    let zeroPoint = Tensor(.f32, shape: grid.zeroPoint.shape, doubles: grid.zeroPoint.doubles().map { $0 - 128 })
    let constant = OutputID(model.add(.constant(signed, name: node.name + "/integers")))
    let value = model.addDequantize(constant, scale: grid.scale, zeroPoint: zeroPoint, like: node)
    model.replaceUses(of: OutputID(id), with: value)
    return true
  }
}

extension Model {
  /// Adds a Dequantize of `integers` in the name of `node`.
  ///
  /// `shape`: the result's, where it is not that of the integers.
  mutating func addDequantize(_ integers: OutputID, scale: Tensor, zeroPoint: Tensor, shape: Shape? = nil, like node: Node) -> OutputID {
    let name = node.name + "/dequantize"
    let constants = [("scale", scale), ("zero_point", zeroPoint)].map {
      OutputID(add(.constant($0.1, name: name + "/" + $0.0)))
    }
    var attributes = Attributes()
    if let shape { attributes["shape"] = shape.map(String.init).joined(separator: ",") }
    let type = ValueType(.f32, shape.map { PartialShape($0) } ?? self.type(of: integers).shape)
    return OutputID(
      add(
        Node(
          name: name, type: "Dequantize", opset: OperatorRegistry.internalSet, attributes: attributes, inputs: [integers] + constants,
          outputs: [Node.Output(type)], location: node.location)))
  }
}
