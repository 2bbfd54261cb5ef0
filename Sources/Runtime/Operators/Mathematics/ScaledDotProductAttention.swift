/// softmax(query · keyᵀ · scale + mask) · value, over broadcast batches.
///
/// Query [batch…, L, E], key [batch…, S, E], value [batch…, S, Ev]; optionally a mask that broadcasts to [batch…, L, S] (a
/// boolean one says which keys take part, a real one is added) and a scale (1/√E when absent); result [batch…, L, Ev].
struct ScaledDotProductAttention: Operator {
  /// Whether a query takes part only with the keys up to its own position; then there is no other mask.
  let causal: Bool

  init(_ node: Node) throws { causal = try node.attributes.bool("causal", default: false) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...6)
    try ElementDomain.real.check(operands, 0)
    var type = operands.elementType(0)
    for index in 1..<3 { type = type == .dynamic ? operands.elementType(index) : try operands.commonElementType(0, index) }
    let shapes = (0..<3).map { operands.shape($0) }
    for (index, shape) in shapes.enumerated() where (shape.rank ?? 2) < 2 {
      throw invalid("input \(index) has the shape \(shape), which has no axes of positions and features")
    }
    guard let query = shapes[0].dimensions, let value = shapes[2].dimensions else { return [ValueType(type, .dynamic)] }
    var batch = try PartialShape.broadcast(PartialShape(Array(query.dropLast(2))), PartialShape(Array(value.dropLast(2))))
    var keyCount = value[value.count - 2]
    if let key = shapes[1].dimensions {
      batch = try .broadcast(batch, PartialShape(Array(key.dropLast(2))))
      guard query.last!.merged(with: key.last!) != nil, let count = keyCount.merged(with: key[key.count - 2]) else {
        throw invalid("the query \(shapes[0]), the key \(shapes[1]) and the value \(shapes[2]) do not fit together")
      }
      keyCount = count
    }
    if operands.has(3), !causal, operands.shape(3).rank ?? 0 > 0 {
      let scores = PartialShape(batch.dimensions! + [query[query.count - 2], keyCount])
      let masked = try PartialShape.broadcast(scores, operands.shape(3))
      batch = masked.dimensions.map { PartialShape(Array($0.dropLast(2))) } ?? .dynamic
    }
    guard let batchDimensions = batch.dimensions else { return [ValueType(type, .dynamic)] }
    return [ValueType(type, PartialShape(batchDimensions + [query[query.count - 2], value.last!]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (query, key, value) = (operands[0], operands[1], operands[2])
    let batch = Array(shape.dropLast(2))
    let (queries, keys) = (shape[shape.count - 2], key.shape[key.shape.count - 2])
    let (features, width) = (query.shape.last!, shape.last!)
    func offsets(_ tensor: Tensor) -> [Int] {
      let matrix = tensor.shape.suffix(2).reduce(1, *)
      return batch.offsets(strides: Array(tensor.shape.dropLast(2)).broadcastStrides(to: batch)).map { $0 * matrix }
    }
    var scores = MatrixProduct(
      rows: queries, inner: features, columns: keys, aStrides: (features, 1), bStrides: (1, features),
      aOffsets: offsets(query), bOffsets: offsets(key)
    ).multiply(query.doubles(), key.doubles())
    let scale = operands.count > 4 ? operands[4].doubles()[0] : 1 / Double(features).squareRoot()
    for i in scores.indices { scores[i] *= scale }
    let scoreShape = batch + [queries, keys]
    if causal {
      for i in scores.indices where i % keys > i / keys % queries { scores[i] = -.infinity }
    } else if operands.count > 3, !operands[3].shape.isEmpty {
      mask(&scores, scoreShape, operands[3])
    }
    for row in 0..<(keys == 0 ? 0 : scores.count / keys) { Softmax.normalize(&scores, (row * keys)..<((row + 1) * keys)) }
    let result = MatrixProduct(
      rows: queries, inner: keys, columns: width, aStrides: (keys, 1), bStrides: (width, 1),
      aOffsets: (0..<batch.elementCount).map { $0 * queries * keys }, bOffsets: offsets(value)
    ).multiply(scores, value.doubles())
    return [Tensor(query.elementType, shape: shape, doubles: result)]
  }

  private func mask(_ scores: inout [Double], _ shape: Shape, _ mask: Tensor) {
    let offsets = shape.offsets(strides: mask.shape.broadcastStrides(to: shape))
    let values = mask.doubles()
    for i in scores.indices {
      if mask.elementType == .boolean {
        if values[offsets[i]] == 0 { scores[i] = -.infinity }
      } else {
        scores[i] += values[offsets[i]]
      }
    }
  }
}
