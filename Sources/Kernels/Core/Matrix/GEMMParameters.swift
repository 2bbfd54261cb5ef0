/// The sizes, layouts and strides of a batch of products C[M×N] = A[M×K] · B[K×N].
package struct GEMMParameters: Hashable, Sendable {
  /// Where the second operand comes from.
  package enum SecondOperand: Hashable, Sendable {
    /// A constant, the same for the whole batch, packed once.
    case constant(WeightType)
    /// A constant of half precision, the same for the whole batch, as a model stores it: element (k, n) is `b[n · depth + k]`.
    case storedColumns
    /// Single-precision values of each run: element (k, n) is `b[k · rowStride + n]`, or, transposed, `b[n · rowStride + k]`.
    case value(rowStride: Int, transposed: Bool, batchStride: Int)
  }

  /// What the bias has one value for.
  package enum BiasAxis: Hashable, Sendable { case columns, rows }

  package var batch = 1
  package var rows: Int
  package var columns: Int
  package var depth: Int
  /// Element (m, k) of A is `a[m · aRowStride + k]`, or, transposed, `a[k · aRowStride + m]`.
  package var aRowStride: Int
  package var aTransposed = false
  package var aBatchStride = 0
  package var b: SecondOperand
  package var cRowStride: Int
  package var cBatchStride = 0
  package var residualRowStride = 0
  package var residualBatchStride = 0
  package var biasAxis = BiasAxis.columns

  /// One product of dense row-major matrices with a constant.
  package init(rows: Int, columns: Int, depth: Int, b: SecondOperand = .constant(.f32)) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.b = b
    aRowStride = depth
    cRowStride = columns
    residualRowStride = columns
  }
}
