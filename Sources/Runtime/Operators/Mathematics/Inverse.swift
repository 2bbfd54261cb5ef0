/// Inverts square matrices, the last two axes, and may transpose the result.
struct Inverse: Operator {
  /// Whether the result is transposed: the adjoint of a real matrix.
  let adjoint: Bool

  init(_ node: Node) throws { adjoint = try node.attributes.bool("adjoint", default: false) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.real.check(operands, 0)
    if let dimensions = operands.shape(0).dimensions {
      guard dimensions.count >= 2, dimensions[dimensions.count - 2].merged(with: dimensions[dimensions.count - 1]) != nil else {
        throw invalid("\(operands.shape(0)) does not hold square matrices")
      }
    }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let n = data.shape.last!
    let values = data.doubles()
    var results: [Double] = []
    for start in stride(from: 0, to: values.count, by: max(1, n * n)) {
      results += inverse(of: Array(values[start..<(start + n * n)]), n)
    }
    return [Tensor(data.elementType, shape: data.shape, doubles: results)]
  }

  /// Gauss–Jordan elimination with partial pivoting of an n×n matrix; a singular one gives infinities and NaNs.
  private func inverse(of matrix: [Double], _ n: Int) -> [Double] {
    var a = matrix
    var inverse = [Double](repeating: 0, count: n * n)
    for i in 0..<n { inverse[i * n + i] = 1 }
    for column in 0..<n {
      let pivot = (column..<n).max { a[$0 * n + column].magnitude < a[$1 * n + column].magnitude }!
      if pivot != column {
        for k in 0..<n {
          a.swapAt(pivot * n + k, column * n + k)
          inverse.swapAt(pivot * n + k, column * n + k)
        }
      }
      let diagonal = a[column * n + column]
      for k in 0..<n {
        a[column * n + k] /= diagonal
        inverse[column * n + k] /= diagonal
      }
      for row in 0..<n where row != column {
        let factor = a[row * n + column]
        for k in 0..<n {
          a[row * n + k] -= factor * a[column * n + k]
          inverse[row * n + k] -= factor * inverse[column * n + k]
        }
      }
    }
    return adjoint ? inverse.indices.map { inverse[$0 % n * n + $0 / n] } : inverse
  }
}
