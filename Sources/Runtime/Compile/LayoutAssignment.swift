/// Where an operand of a Concat is written without a copy.
struct ConcatPlacement {
  let concat: OutputID
  let axis: Int
  let start: Int
  /// How many Concats the output is part of, one within the other.
  let depth: Int

  /// Deeper nesting is copied, so that what a file decides does not decide the depth of recursion.
  static let depthLimit = 32
}

/// Decides before lowering in which order each value wants to lie in memory, and which values are written straight into a
/// Concat's output.
struct LayoutAssignment {
  private(set) var orders: [OutputID: AxisOrder] = [:]
  private(set) var placements: [OutputID: ConcatPlacement] = [:]

  init(_ model: Model, _ operators: [NodeID: any Operator]) {
    let sequence = model.topologicalOrder
    for id in sequence {
      let node = model[id]
      guard let rank = node.outputs.first?.type.shape.rank else { continue }
      if let op = operators[id] as? any LowerableOperator {
        let operands = node.inputs.map { input in model.type(of: input).shape.rank == rank ? orders[input] : nil }
        orders[OutputID(id)] = op.preferredOrder(node, operands, rank: rank)
        for index in node.outputs.indices.dropFirst() where node.outputs[index].type.shape.rank == rank {
          orders[OutputID(id, index)] = orders[OutputID(id)]
        }
      }
    }
    // Later Concats first: an inner Concat's own output may be a part of an outer one.
    for id in sequence.reversed() where model[id].type == "Concat" { place(model[id], model, operators) }
  }

  private mutating func place(_ node: Node, _ model: Model, _ operators: [NodeID: any Operator]) {
    guard let shape = node.outputs[0].type.shape.shape, !shape.contains(0) else { return }
    guard let axis = try? normalizedAxis(node.attributes.int("axis"), rank: shape.count) else { return }
    let output = OutputID(node.id)
    var start = 0
    let depth = 1 + (placements[output]?.depth ?? 0)
    if depth > ConcatPlacement.depthLimit { return }
    for input in node.inputs {
      guard let extents = model.type(of: input).shape.shape else { return }
      let producer = operators[input.node]
      let isFree = placements[input] == nil && producer is any LowerableOperator && !(producer is any ViewingOperator)
      if isFree && node.inputs.count(where: { $0 == input }) == 1 && orders[input] == orders[output] {
        placements[input] = ConcatPlacement(concat: output, axis: axis, start: start, depth: depth)
      }
      start += extents[axis]
    }
  }
}

/// An operator whose output is a view of its operand's bytes when strides can express it: it writes nothing.
protocol ViewingOperator: LowerableOperator {}
