/// The product of matrices, the last two axes of the operands, over broadcast batches. A vector is a row at the left and a
/// column at the right, and its axis of extent 1 is left out of the result.
struct MatMul: Operator {
  let transposeA: Bool
  let transposeB: Bool

  init(_ node: Node) throws {
    transposeA = try node.attributes.bool("transpose_a", default: false)
    transposeB = try node.attributes.bool("transpose_b", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try operands.commonElementType(0, 1)
    for index in 0..<2 { try ElementDomain.numeric.check(operands, index) }
    guard let a = operands.shape(0).dimensions, let b = operands.shape(1).dimensions else { return [ValueType(type, .dynamic)] }
    guard !a.isEmpty, !b.isEmpty else { throw invalid("a scalar is not a matrix") }
    let left = rows(a)
    let right = columns(b)
    guard left.inner.merged(with: right.inner) != nil else {
      throw invalid("the matrices \(operands.shape(0)) and \(operands.shape(1)) do not agree about the axis summed over")
    }
    let batch = try PartialShape.broadcast(PartialShape(left.batch), PartialShape(right.batch)).dimensions!
    return [ValueType(type, PartialShape(batch + (a.count == 1 ? [] : [left.outer]) + (b.count == 1 ? [] : [right.outer])))]
  }

  /// How the operand at the left is read: its batch, the axis that stays, and the one summed over.
  private func rows<Extent: ExpressibleByIntegerLiteral>(_ shape: [Extent]) -> (batch: [Extent], outer: Extent, inner: Extent) {
    if shape.count == 1 { return ([], 1, shape[0]) }
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    return (Array(shape.dropLast(2)), transposeA ? columns : rows, transposeA ? rows : columns)
  }

  /// How the operand at the right is read.
  private func columns<Extent: ExpressibleByIntegerLiteral>(_ shape: [Extent]) -> (batch: [Extent], outer: Extent, inner: Extent) {
    if shape.count == 1 { return ([], 1, shape[0]) }
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    return (Array(shape.dropLast(2)), transposeB ? rows : columns, transposeB ? columns : rows)
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (a, b) = (operands[0], operands[1])
    let (left, right) = (rows(a.shape), columns(b.shape))
    let batch = try PartialShape.broadcast(PartialShape(left.batch), PartialShape(right.batch)).shape!
    let product = MatrixProduct(
      rows: left.outer, inner: left.inner, columns: right.outer,
      aStrides: transposeA && a.shape.count > 1 ? (1, left.outer) : (left.inner, 1),
      bStrides: transposeB && b.shape.count > 1 ? (1, right.inner) : (right.outer, 1),
      aOffsets: batch.offsets(strides: left.batch.broadcastStrides(to: batch)).map { $0 * left.outer * left.inner },
      bOffsets: batch.offsets(strides: right.batch.broadcastStrides(to: batch)).map { $0 * right.outer * right.inner })
    if a.elementType.isFloatingPoint {
      return [Tensor(a.elementType, shape: shape, doubles: product.multiply(a.doubles(), b.doubles()))]
    }
    return [Tensor(a.elementType, shape: shape, int64s: product.multiply(a.int64s(), b.int64s()))]
  }
}

/// Products of pairs of matrices that lie anywhere in two buffers.
struct MatrixProduct {
  let rows: Int
  let inner: Int
  let columns: Int
  /// The distances between neighbouring rows and columns of the left matrices.
  let aStrides: (Int, Int)
  /// The distances between neighbouring rows and columns of the right matrices.
  let bStrides: (Int, Int)
  /// Where the matrices of each pair start.
  let aOffsets: [Int]
  let bOffsets: [Int]

  /// The products, dense and row-major, one behind the other.
  func multiply<Element: MultiplyAdd>(_ a: [Element], _ b: [Element]) -> [Element] {
    var result = [Element](repeating: .zero, count: aOffsets.count * rows * columns)
    result.withUnsafeMutableBufferPointer { result in
      b.withUnsafeBufferPointer { b in
        for pair in aOffsets.indices {
          for row in 0..<rows {
            let target = (pair * rows + row) * columns
            for k in 0..<inner {
              let factor = a[aOffsets[pair] + row * aStrides.0 + k * aStrides.1]
              let source = bOffsets[pair] + k * bStrides.0
              for column in 0..<columns { result[target + column].add(factor, times: b[source + column * bStrides.1]) }
            }
          }
        }
      }
    }
    return result
  }
}

/// Numbers that sums of products are made of: of real numbers, and of integers modulo 2⁶⁴.
protocol MultiplyAdd: Numeric {
  mutating func add(_ a: Self, times b: Self)
}

extension Double: MultiplyAdd {
  mutating func add(_ a: Double, times b: Double) { self += a * b }
}

extension Int64: MultiplyAdd {
  mutating func add(_ a: Int64, times b: Int64) { self &+= a &* b }
}
