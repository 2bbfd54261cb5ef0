/// How an operation on quantised numbers becomes one on the integers that stand for them: what moves a Dequantize from its operands
/// to its results.
struct GridPassage {
  enum Change: Equatable {
    /// The same operation takes the integers.
    case same
    /// The result is the operand: nothing is left of the operation.
    case nothing
    /// The integers are clamped.
    case clamp(low: Int, high: Int)
  }

  let change: Change
  /// What the results' integers stand for.
  let grid: QuantizationGrid
  /// Which operands are quantised; the others (axes, bounds) stay as they are.
  let operands: Range<Int>

  /// Operations that only move elements, or choose some, with their data in the first operand.
  private static let movements: Set<String> = [
    "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Split", "VariadicSplit", "Slice", "StridedSlice", "ShuffleChannels", "DepthToSpace",
    "SpaceToDepth",
  ]

  /// `nil` when the operation cannot be computed with integers.
  ///
  /// `grid`: what an operand's integers stand for, when it is quantised.
  init?(_ node: Node, _ model: Model, grid: (Int) -> QuantizationGrid?) throws {
    guard node.postOperations.isEmpty, !node.inputs.isEmpty, !node.isInternal, let first = grid(0) else { return nil }
    switch node.type {
    case "MaxPool" where node.outputs.count == 1 || model.users(of: OutputID(node.id, 1)).isEmpty:
      self.init(.same, first)
    case _ where GridPassage.movements.contains(node.type):
      guard first.perTensor != nil else { return nil }
      self.init(.same, first)
    case "Interpolate":
      let pads = try node.attributes.ints("pads_begin", default: []) + node.attributes.ints("pads_end", default: [])
      guard node.attributes["mode"]?.lowercased() == "nearest", pads.allSatisfy({ $0 == 0 }), first.perTensor != nil else { return nil }
      self.init(.same, first)
    case "Concat":
      guard first.perTensor != nil else { return nil }
      var merged = first
      for index in node.inputs.indices.dropFirst() {
        guard let other = grid(index), other.hasSameNumbers(as: first) else { return nil }
        merged.low = min(merged.low, other.low)
        merged.high = max(merged.high, other.high)
      }
      self.init(.same, merged, operands: node.inputs.count)
    case "FakeQuantize":
      // Numbers that are on the grid already stay where they are.
      guard let parameters = try FakeQuantizeParameters(node, model), parameters.isIdentity, parameters.grid.hasSameNumbers(as: first),
        first.low >= parameters.grid.low, first.high <= parameters.grid.high
      else { return nil }
      self.init(.nothing, first)
    case "Relu": self.init(clamping: first, to: 0, .infinity)
    case "Clamp": self.init(clamping: first, to: try node.attributes.double("min"), try node.attributes.double("max"))
    default: return nil
    }
  }

  private init(_ change: Change, _ grid: QuantizationGrid, operands: Int = 1) {
    self.change = change
    self.grid = grid
    self.operands = 0..<operands
  }

  /// A clamp whose bounds are numbers of the grid, or lie outside it.
  private init?(clamping grid: QuantizationGrid, to minimum: Double, _ maximum: Double) {
    guard let (scale, zeroPoint) = grid.perTensor, zeroPoint == zeroPoint.rounded() else { return nil }
    /// The integer that a bound is, within rounding.
    func integer(_ bound: Double) -> Int? {
      let exact = bound / scale + zeroPoint
      if exact <= Double(grid.low) { return grid.low }
      if exact >= Double(grid.high) { return grid.high }
      return (exact - exact.rounded()).magnitude <= QuantizationGrid.zeroPointTolerance ? Int(exact.rounded()) : nil
    }
    guard let low = integer(minimum), let high = integer(maximum), low <= high else { return nil }
    var clamped = grid
    (clamped.low, clamped.high) = (low, high)
    self.init(low == grid.low && high == grid.high ? .nothing : .clamp(low: low, high: high), clamped)
  }
}

/// Which values of a model are quantised: the results of FakeQuantize and Dequantize, and what operations that keep to the same
/// numbers make of them.
struct GridFlow {
  private(set) var grids: [OutputID: QuantizationGrid] = [:]
  /// The FakeQuantize operations that a quantised value comes from.
  private(set) var sources: [OutputID: Set<NodeID>] = [:]
  private(set) var parameters: [NodeID: FakeQuantizeParameters] = [:]

  init(_ model: Model) throws {
    for id in model.topologicalOrder {
      let node = model[id]
      if let passage = try GridPassage(node, model, grid: { grids[node.inputs[$0]] }) {
        let origin = passage.operands.reduce(into: Set<NodeID>()) { $0.formUnion(sources[node.inputs[$1]]!) }
        for index in node.outputs.indices {
          grids[OutputID(id, index)] = passage.grid
          sources[OutputID(id, index)] = origin
        }
      } else if let parameters = try FakeQuantizeParameters(node, model) {
        self.parameters[id] = parameters
        grids[OutputID(id)] = parameters.grid
        sources[OutputID(id)] = [id]
      } else if node.type == "Dequantize", model[node.inputs[0].node].type != "Constant" {
        grids[OutputID(id)] = try model.grid(ofDequantize: node)
        sources[OutputID(id)] = []
      }
    }
  }
}

extension Model {
  /// What the integers in front of a Dequantize stand for; `nil` when its scale is not constant, or not positive.
  func grid(ofDequantize node: Node) throws -> QuantizationGrid? {
    guard node.attributes["shape"] == nil, let scale = try constantValue(of: node.inputs[1]),
      let zeroPoint = try constantValue(of: node.inputs[2]), scale.doubles().allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    let type = self.type(of: node.inputs[0]).elementType
    guard type == .u8 || type == .i8 else { return nil }
    var bounds = (low: Int(type.lowestInteger), high: Int(type.greatestInteger))
    let producer = self[node.inputs[0].node]
    if producer.type == "Quantize" {
      bounds = (try producer.attributes.int("low", default: bounds.low), try producer.attributes.int("high", default: bounds.high))
    }
    return QuantizationGrid(scale: scale, zeroPoint: zeroPoint, low: bounds.low, high: bounds.high)
  }
}
