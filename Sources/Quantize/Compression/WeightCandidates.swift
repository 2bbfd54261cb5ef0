import OVRuntime

/// Weights that layers read.
struct WeightCandidate {
  let weights: OutputID
  let node: NodeID
  /// Every input that reads them, all in the same way.
  var users: [InputID]
  let tensor: Tensor
  /// Rows have a scale or several; columns are summed over.
  let rows: Int
  let columns: Int
  /// Whether the matrix is the transpose of what is stored.
  let isTransposed: Bool
  var bits: Int
  let groupSize: Int
  var reason: String?
}

extension WeightCompressor {
  /// Tables of a smaller part of the weights take 8 bits.
  private static let smallTableDivisor = 64

  /// Weights of matrix products, embeddings and convolutions, in topological order of their first users.
  func candidates(_ model: Model, _ ignored: Set<NodeID>) throws(OVError) -> [WeightCandidate] {
    var candidates: [WeightCandidate] = []
    var known: [OutputID: Int] = [:]
    for id in model.topologicalOrder where !ignored.contains(id) {
      let node = model[id]
      let isEmbedding = node.type == "Gather"
      guard isEmbedding || OperationRole(node) == .linear else { continue }
      let operand = isEmbedding ? 0 : 1
      let weights = node.inputs[operand]
      guard let shape = model.type(of: weights).shape.shape, shape.count >= 2, shape.reduce(1, *) >= 256,
        model.type(of: weights).elementType == .f32, model.isStoredRealConstant(weights)
      else { continue }
      let matrix: (rows: Int, columns: Int, isTransposed: Bool)
      if isEmbedding {
        guard shape.count == 2 else { continue }
        matrix = (shape[0], shape[1], false)
      } else {
        guard let layout = WeightLayout(node, weightsShape: shape) else { continue }
        // Rows are output channels and come first, but in deconvolutions, which stay as they are.
        if node.type == "MatMul" {
          let isTransposed = layout.outputAxes == [1]
          matrix = (shape[layout.outputAxes[0]], shape[layout.inputAxis], isTransposed)
        } else {
          guard layout.outputAxes.first == 0, layout.outputAxes == Array(layout.outputAxes.indices) else { continue }
          let rows = layout.outputChannels(shape)
          matrix = (rows, shape.reduce(1, *) / max(rows, 1), false)
        }
      }
      guard matrix.rows > 0, matrix.columns > 0 else { continue }
      if let index = known[weights] {
        if candidates[index].isTransposed == matrix.isTransposed { candidates[index].users.append(InputID(id, operand)) }
        continue
      }
      guard let tensor = try model.computedConstant(of: weights), tensor.elementType == .f32, tensor.isFinite else { continue }
      known[weights] = candidates.count
      candidates.append(candidate(weights, InputID(id, operand), tensor, matrix, isMatrix: isEmbedding || node.type == "MatMul"))
    }
    // Every token reads the few rows of a table of positions or kinds: an error there is the same in all of a sentence.
    let total = candidates.reduce(0) { $0 + $1.tensor.elementCount }
    for index in candidates.indices where candidates[index].bits == 4 && model[candidates[index].node].type == "Gather" {
      guard candidates[index].tensor.elementCount < total / WeightCompressor.smallTableDivisor else { continue }
      (candidates[index].bits, candidates[index].reason) = (8, "a small table, which all data read")
    }
    return candidates
  }

  private func candidate(
    _ weights: OutputID, _ user: InputID, _ tensor: Tensor, _ matrix: (rows: Int, columns: Int, isTransposed: Bool), isMatrix: Bool
  ) -> WeightCandidate {
    var (bits, groupSize, reason) = (options.format == .int4 ? 4 : 8, matrix.columns, String?.none)
    if !isMatrix {
      if bits == 4 { (bits, reason) = (8, "weights of convolutions take 8 bits") }
    } else if let wanted = options.groupSize ?? (bits == 4 ? 128 : nil), wanted < matrix.columns {
      // Where the size does not divide a row, the largest smaller one that does, by powers of two.
      var size = wanted
      while matrix.columns % size != 0 && size % 2 == 0 && size > 16 { size /= 2 }
      if matrix.columns % size == 0 {
        groupSize = size
        if size != wanted { reason = "groups of \(wanted) do not fill rows of \(matrix.columns)" }
      } else if bits == 4 {
        (bits, reason) = (8, "groups of \(wanted) do not fill rows of \(matrix.columns)")
      }
    }
    return WeightCandidate(
      weights: weights, node: user.node, users: [user], tensor: tensor, rows: matrix.rows, columns: matrix.columns,
      isTransposed: matrix.isTransposed, bits: bits, groupSize: groupSize, reason: reason)
  }
}

extension Model {
  /// Whether a value is computed from constants of real numbers alone, not from integers with scales.
  func isStoredRealConstant(_ value: OutputID) -> Bool {
    var pending = [value.node]
    while let id = pending.popLast() {
      let node = self[id]
      if node.type == "Constant" {
        let type = node.outputs[0].type.elementType
        // Numbers of fewer than 16 bits have scales, like integers.
        if id == value.node || !type.isInteger && type.bitWidth >= 16 { continue }
        // Integers may be shapes, not weights.
        guard node.outputs[0].type.shape.rank ?? 0 <= 1 else { return false }
      } else {
        guard ["Convert", "Reshape", "Transpose", "Multiply", "Add"].contains(node.type) else { return false }
        pending += node.inputs.map(\.node)
      }
    }
    return true
  }
}
