/// Lets convolutions and matrix products of quantised models compute with integers.
///
/// A FakeQuantize whose numbers reach such a product becomes a Quantize and a Dequantize; the Dequantize moves down through what can
/// be done to integers as well, until it meets the product, which takes it in: its scale becomes the product's, together with the
/// weights'. The Quantize behind a product is fused into it later (``PostOperationFusion``), so that between products there are
/// integers only. Everything else stays a FakeQuantize in floats.
///
/// As in OpenVINO, a FakeQuantize between a product and the Add of a residual does not round: the sum is not stored before the
/// residual is added, and what it rounds to never exists. Its bounds hold.
struct LowPrecision {
  static let name = "LowerToIntegers"

  func run(on model: inout Model) throws -> [PassReport] {
    var reports: [PassReport] = []
    reports.append(try QuantizedActivations().run(on: &model))
    reports.append(try QuantizedWeights().run(on: &model))
    let flow = try GridFlow(model)
    let products = try LowPrecision.products(model, flow)
    var report = PassReport(name: LowPrecision.name, details: [])
    if products.contains(where: { $0.isInteger }) {
      let hosts = Set(products.lazy.filter(\.isInteger).map(\.id))
      let selection = FakeQuantizeSelection(model, flow, products: hosts)
      for id in selection.bounds.sorted() { boundWithoutRounding(id, flow.parameters[id]!, &model) }
      for id in selection.integers.sorted() { split(id, flow.parameters[id]!, &model) }
      reports.append(try DequantizePropagation().run(on: &model))
      for product in products where product.isInteger {
        if try IntegerProduct(product.id, model)?.replace(product.id, &model) == true { report.details.append(product.description) }
      }
      try replaceAverages(&model, &report)
      model.removeUnreachable()
      reports.append(try ClampIntoQuantize().run(on: &model))
    }
    report.layers = products.map(\.layer)
    return reports + [report]
  }

  /// Whether anything in a model may be quantised.
  static func mayApply(to model: Model) -> Bool {
    model.nodes.contains { node in
      switch node.type {
      case "FakeQuantize", "Dequantize": true
      case "Constant": node.outputs.contains { Dequantize.elementTypes.contains($0.type.elementType) }
      default: false
      }
    }
  }

  // MARK: What can be done

  /// A product one side of which is quantised at least.
  private struct Product {
    let id: NodeID
    let description: String
    let layer: LayerPrecision
    var isInteger: Bool { layer.reason == nil }
  }

  private static func products(_ model: Model, _ flow: GridFlow) throws -> [Product] {
    var products: [Product] = []
    for id in model.topologicalOrder {
      let node = model[id]
      guard IntegerProduct.types.contains(node.type) else { continue }
      let obstacle: String?
      do {
        try IntegerProduct.check(node, model, data: flow.grids[node.inputs[0]])
        obstacle = nil
      } catch let error as IntegerProduct.Obstacle { obstacle = error.description } catch let error as IntegerWeights.Obstacle {
        obstacle = error.description
      }
      let hasQuantizedWeights = IntegerWeights.isQuantized(node.inputs[1], model)
      guard flow.grids[node.inputs[0]] != nil || hasQuantizedWeights else { continue }
      products.append(
        Product(
          id: id, description: "\(node.name) (\(node.type))",
          layer: LayerPrecision(nodeName: node.name, nodeType: node.type, precision: obstacle == nil ? .i8 : .f32, reason: obstacle)))
    }
    return products
  }

  // MARK: Rewriting

  /// Leaves of a FakeQuantize what it does to numbers that are not rounded.
  private func boundWithoutRounding(_ id: NodeID, _ parameters: FakeQuantizeParameters, _ model: inout Model) {
    let node = model[id]
    let bounds = (parameters.bounds.low.doubles()[0], parameters.bounds.high.doubles()[0])
    let clamp = model.add(
      Node(
        name: node.name, type: "Clamp", opset: "opset1", attributes: ["min": "\(bounds.0)", "max": "\(bounds.1)"], inputs: [node.inputs[0]],
        outputs: [Node.Output(node.outputs[0].type)], location: node.location))
    model.replaceUses(of: OutputID(id), with: OutputID(clamp))
  }

  /// Splits a FakeQuantize into a Quantize and a Dequantize.
  private func split(_ id: NodeID, _ parameters: FakeQuantizeParameters, _ model: inout Model) {
    let node = model[id]
    let constants = [("multiplier", parameters.multiplier), ("offset", parameters.offset)].map {
      OutputID(model.add(.constant($0.1, name: node.name + "/" + $0.0)))
    }
    let grid = parameters.grid
    let quantize = model.add(
      Node(
        name: node.name, type: "Quantize", opset: OperatorRegistry.internalSet,
        attributes: ["element_type": "u8", "low": "\(grid.low)", "high": "\(grid.high)"], inputs: [node.inputs[0]] + constants,
        outputs: [Node.Output(ValueType(.u8, node.outputs[0].type.shape))], location: node.location))
    let value = model.addDequantize(OutputID(quantize), scale: grid.scale, zeroPoint: grid.zeroPoint, like: node)
    model.replaceUses(of: OutputID(id), with: value)
  }

  /// Averages of integers, over windows or over whole planes.
  private func replaceAverages(_ model: inout Model, _ report: inout PassReport) throws {
    for id in model.topologicalOrder {
      let node = model[id]
      guard let attributes = try model.averageAttributes(node), node.outputs.count == 1, node.postOperations.isEmpty,
        let dequantize = Optional(model.producer(of: id, 0)), dequantize.type == "Dequantize",
        let grid = try model.grid(ofDequantize: dequantize), grid.perTensor != nil, grid.hasZero
      else { continue }
      var shape = model.type(of: node.inputs[0]).shape
      if node.type == "ReduceMean" { shape = PartialShape(shape.dimensions![..<2] + shape.dimensions![2...].map { _ in Dimension(1) }) }
      let average = OutputID(
        model.add(
          Node(
            name: node.name, type: "IntegerAvgPool", opset: OperatorRegistry.internalSet, attributes: attributes,
            inputs: dequantize.inputs,
            outputs: [Node.Output(node.type == "ReduceMean" ? ValueType(.f32, shape) : node.outputs[0].type)], location: node.location)))
      model.replaceUses(of: OutputID(id), with: model.reshaped(average, like: node))
      report.details.append("\(node.name) (\(node.type))")
    }
  }
}

extension Model {
  /// The attributes of the AvgPool that a node is, or that a ReduceMean over all spatial axes of images is; `nil` for other nodes.
  func averageAttributes(_ node: Node) throws -> Attributes? {
    guard let shape = node.inputs.first.map({ type(of: $0).shape }), let rank = shape.rank, (3...4).contains(rank) else { return nil }
    if node.type == "AvgPool" { return node.attributes }
    guard node.type == "ReduceMean", let extents = shape.dimensions,
      let axes = try constantValue(of: node.inputs[1])?.ints(), Set(axes.map { $0 < 0 ? $0 + rank : $0 }) == Set(2..<rank)
    else { return nil }
    let lengths = extents[2...].compactMap(\.length)
    guard lengths.count == rank - 2, !lengths.contains(0) else { return nil }
    func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
    let (ones, zeros) = (list(lengths.map { _ in 1 }), list(lengths.map { _ in 0 }))
    return ["kernel": list(lengths), "strides": ones, "pads_begin": zeros, "pads_end": zeros, "exclude-pad": "true"]
  }
}

extension Model {
  /// A value without the axes that the result of `node` lacks, which are its last ones.
  fileprivate mutating func reshaped(_ value: OutputID, like node: Node) -> OutputID {
    let type = node.outputs[0].type
    guard let rank = type.shape.rank, let own = self.type(of: value).shape.rank, rank < own else { return value }
    let axes = OutputID(add(.constant(Tensor(.i64, shape: [own - rank], ints: Array(rank..<own)), name: node.name + "/axes")))
    return OutputID(
      add(
        Node(
          name: node.name + "/squeeze", type: "Squeeze", opset: "opset1", inputs: [value, axes], outputs: [Node.Output(type)],
          location: node.location)))
  }
}

/// The element type in which a layer of a quantised model computes, and why it is not an integer one.
public struct LayerPrecision: Hashable, Sendable {
  public let nodeName: String
  public let nodeType: String
  /// `i8`: products of 8-bit integers with sums of 32 bits.
  public let precision: ElementType
  /// What keeps the layer from computing with integers; `nil` when it does.
  public let reason: String?
}
