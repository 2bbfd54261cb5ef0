/// Turns Einsum over 32-bit floats of known shapes into products of matrices: labels that only one operand has and the result has
/// not are summed up, the others brought into the order of a batched product.
struct EinsumDecomposition {
  static let name = "DecomposeEinsum"

  func run(on model: inout Model) throws -> PassReport {
    var report = PassReport(name: EinsumDecomposition.name, details: [])
    for id in model.topologicalOrder where model[id].type == "Einsum" && model[id].outputs[0].type.elementType == .f32 {
      let node = model[id]
      let shapes = node.inputs.compactMap { model.type(of: $0).shape.shape }
      guard shapes.count == node.inputs.count, !shapes.contains(where: { $0.contains(0) }) else { continue }
      let labels = try Einsum(node).labels(ranks: shapes.map(\.count))
      guard var products = EinsumProducts(node, shapes, labels.operands) else { continue }
      let result = products.compute(labels.result, &model)
      model.replaceUses(of: OutputID(id), with: result)
      report.details.append(node.name)
    }
    if report.count > 0 { model.removeUnreachable() }
    return report
  }
}

/// The nodes that compute one Einsum.
private struct EinsumProducts {
  /// A value and the labels of its axes.
  private struct Term {
    var output: OutputID
    var labels: [Int]
  }

  private let node: Node
  private var terms: [Term]
  private let extents: [Int: Int]

  /// `nil` when an operand has a label twice, or extents are broadcast.
  init?(_ node: Node, _ shapes: [Shape], _ labels: [[Int]]) {
    var extents: [Int: Int] = [:]
    for (shape, own) in zip(shapes, labels) {
      guard Set(own).count == own.count else { return nil }
      for (label, extent) in zip(own, shape) where extents.updateValue(extent, forKey: label) ?? extent != extent { return nil }
    }
    self.node = node
    self.extents = extents
    terms = zip(node.inputs, labels).map { Term(output: $0, labels: $1) }
  }

  /// Adds the nodes; returns the value whose axes are `result`.
  mutating func compute(_ result: [Int], _ model: inout Model) -> OutputID {
    while terms.count > 1 {
      let (a, b) = (terms.removeFirst(), terms.removeFirst())
      let needed = Set(result).union(terms.flatMap(\.labels))
      terms.insert(product(a, b, needed, &model), at: 0)
    }
    let sum = summed(terms[0], keeping: Set(result), &model)
    return ordered(sum, result, &model).output
  }

  /// The product of two terms, summed over the labels that are not needed any more.
  private func product(_ a: Term, _ b: Term, _ needed: Set<Int>, _ model: inout Model) -> Term {
    let a = summed(a, keeping: needed.union(b.labels), &model)
    let b = summed(b, keeping: needed.union(a.labels), &model)
    let shared = a.labels.filter(b.labels.contains)
    let batch = shared.filter(needed.contains)
    let depth = shared.filter { !needed.contains($0) }
    let rows = a.labels.filter { !shared.contains($0) }
    let columns = b.labels.filter { !shared.contains($0) }
    // What is innermost already stays there.
    let turnsA = !depth.contains(a.labels.last ?? -1) && !rows.isEmpty
    let turnsB = depth.contains(b.labels.last ?? -1)
    let left = merged(a, batch, turnsA ? [depth, rows] : [rows, depth], &model)
    let right = merged(b, batch, turnsB ? [columns, depth] : [depth, columns], &model)
    let shape = batch.map { extents[$0]! } + [size(rows), size(columns)]
    let matrix = add(
      "MatMul", [left, right], shape, ["transpose_a": "\(turnsA)", "transpose_b": "\(turnsB)"], &model)
    let labels = batch + rows + columns
    return Term(output: reshaped(matrix, shape, labels.map { extents[$0]! }, &model), labels: labels)
  }

  private func size(_ labels: [Int]) -> Int { labels.reduce(1) { $0 * extents[$1]! } }

  /// The term summed over all labels but these.
  private func summed(_ term: Term, keeping kept: Set<Int>, _ model: inout Model) -> Term {
    let axes = term.labels.indices.filter { !kept.contains(term.labels[$0]) }
    if axes.isEmpty { return term }
    let labels = term.labels.filter(kept.contains)
    let operand = constant(axes, &model)
    let sum = add("ReduceSum", [term.output, operand], labels.map { extents[$0]! }, ["keep_dims": "false"], &model)
    return Term(output: sum, labels: labels)
  }

  /// The term with its axes in another order.
  private func ordered(_ term: Term, _ labels: [Int], _ model: inout Model) -> Term {
    if term.labels == labels { return term }
    let order = constant(labels.map { term.labels.firstIndex(of: $0)! }, &model)
    let output = add("Transpose", [term.output, order], labels.map { extents[$0]! }, [:], &model)
    return Term(output: output, labels: labels)
  }

  /// The term as matrices: the batch's axes, and two that each stand for a group of labels.
  private func merged(_ term: Term, _ batch: [Int], _ groups: [[Int]], _ model: inout Model) -> OutputID {
    let term = ordered(term, batch + groups[0] + groups[1], &model)
    return reshaped(term.output, term.labels.map { extents[$0]! }, batch.map { extents[$0]! } + groups.map(size), &model)
  }

  private func reshaped(_ output: OutputID, _ shape: Shape, _ target: Shape, _ model: inout Model) -> OutputID {
    shape == target ? output : add("Reshape", [output, constant(target, &model)], target, ["special_zero": "false"], &model)
  }

  private func constant(_ values: [Int], _ model: inout Model) -> OutputID {
    OutputID(model.add(.constant(Tensor(.i64, shape: [values.count], ints: values), name: node.name + "/axes")))
  }

  private func add(_ type: String, _ inputs: [OutputID], _ shape: Shape, _ attributes: Attributes, _ model: inout Model) -> OutputID {
    OutputID(
      model.add(
        Node(
          name: node.name, type: type, opset: "opset1", attributes: attributes, inputs: inputs,
          outputs: [Node.Output(ValueType(.f32, shape))], location: node.location)))
  }
}
