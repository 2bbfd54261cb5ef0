/// A binary operation over tensors of one broadcast shape, cut down to the planes that kernels take.
package struct BinaryPlan: Sendable {
  private enum Form {
    case vectorVector
    case vectorScalar
    case scalarVector
  }

  private let nest: LoopNest<3>
  private let form: Form
  private let columnGranule: Int

  /// Traverses `shape` with strides in elements, outermost first, 0 where an operand is broadcast.
  ///
  /// Returns nil where more dimensions remain after merging than ``LoopNest`` takes.
  package init?(
    shape: [Int], aStrides: [Int], bStrides: [Int], outputStrides: [Int], operation: BinaryOperation, element: KernelElement
  ) {
    let size = element.size
    let outputSize = operation.outputSize(element)
    var dimensions = LoopNest<3>.merge(
      shape.indices.map { i in
        .init(extent: shape[i], strides: [aStrides[i] * size, bStrides[i] * size, outputStrides[i] * outputSize])
      })
    switch dimensions.last.map({ ($0.strides[0], $0.strides[1], $0.strides[2]) }) {
    case (size, size, outputSize)?: form = .vectorVector
    case (size, 0, outputSize)?: form = .vectorScalar
    case (0, size, outputSize)?: form = .scalarVector
    default:
      // No kernel walks such a row: make its elements rows of their own.
      dimensions.append(.init(extent: 1, strides: [size, size, outputSize]))
      form = .vectorVector
    }
    guard let nest = LoopNest<3>(merged: dimensions) else { return nil }
    self.nest = nest
    columnGranule = 64 / outputSize
  }

  /// Runs a worker's share of the plan. The output may be an operand of the output's shape and strides.
  package func run(
    _ functions: BinaryFunctions, a: UnsafeRawPointer, b: UnsafeRawPointer, output: UnsafeMutableRawPointer, worker: Int = 0,
    workers: Int = 1
  ) {
    let function =
      switch form {
      case .vectorVector: functions.vectorVector
      case .vectorScalar: functions.vectorScalar
      case .scalarVector: functions.scalarVector
      }
    let strides = nest.rows.strides
    nest.forEachPlane(worker: worker, workers: workers, columnGranule: columnGranule) { offsets, rows, columns in
      function(a + offsets[0], strides[0], b + offsets[1], strides[1], output + offsets[2], strides[2], rows, columns)
    }
  }
}
