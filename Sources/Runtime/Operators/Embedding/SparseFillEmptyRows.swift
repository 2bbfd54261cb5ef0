/// Gives each empty row of a sparse matrix one default value in its first column.
///
/// Operands: values, dense shape, indices (one pair of row and column a value), default value. Results: the indices and values
/// of the filled matrix in row-major order, and which rows were empty.
struct SparseFillEmptyRows: Operator {
  init(_ node: Node) {}

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...4)
    let type = try operands.commonElementType(0, 3)
    let indexType = try operands.commonElementType(1, 2)
    let values = try operands.extents(0, rank: 1, "values")[0]
    let pair = try operands.extents(1, rank: 1, "dense_shape")[0]
    let indices = try operands.extents(2, rank: 2, "indices")
    _ = try values.agreeing(with: indices[0], "the number of values")
    guard pair.contains(2), indices[1].contains(2) else {
      throw invalid("the sparse tensor is not a matrix", suggestion: "indices are pairs")
    }
    if let known = operands.ints(1), known[0] < 0 { throw invalid("the dense shape is \(known)") }
    let rows = operands.dimensions(1)?.first ?? .dynamic
    // As many values more as there are empty rows.
    var filled = Dimension(lowerBound: max(values.lowerBound, rows.lowerBound), upperBound: (values + rows).upperBound)
    if let pairs = operands.ints(2), let count = rows.length {
      filled = Dimension(pairs.count / 2 + count - Set(pairs.indices.filter { $0 % 2 == 0 }.map { pairs[$0] }).count)
    }
    return [
      ValueType(indexType, PartialShape([filled, 2])), ValueType(type, PartialShape([filled])), ValueType(.boolean, PartialShape([rows])),
    ]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (shape, pairs) = (operands[1].ints(), operands[2].ints())
    let (rows, count) = (shape[0], operands[0].elementCount)
    try Tensor.requireSize(.i64, [rows])
    var entries: [(row: Int, column: Int, source: Int)] = []
    var isEmpty = [Bool](repeating: true, count: rows)
    for i in 0..<count {
      let (row, column) = (pairs[2 * i], pairs[2 * i + 1])
      guard (0..<rows).contains(row), (0..<shape[1]).contains(column) else {
        throw OVError(.invalidData, "index [\(row), \(column)] lies outside a matrix of \(shape[0]) by \(shape[1])")
      }
      isEmpty[row] = false
      entries.append((row, column, i))
    }
    // The default value stands behind the others.
    for row in 0..<rows where isEmpty[row] { entries.append((row, 0, count)) }
    entries.sort { ($0.row, $0.column, $0.source) < ($1.row, $1.column, $1.source) }
    let values = Tensor.joined([operands[0], operands[3]])
    return [
      Tensor(operands[2].elementType, shape: [entries.count, 2], ints: entries.flatMap { [$0.row, $0.column] }),
      values.gathered(shape: [entries.count], offsets: entries.map(\.source)),
      Tensor(.boolean, shape: [rows], ints: isEmpty.map { $0 ? 1 : 0 }),
    ]
  }
}
