/// One step of a fused chain: a function of the chain's value, or of the value and an operand.
package struct ChainStep: Sendable {
  package enum Function: Sendable {
    case unary(UnaryF32Function, alpha: Float, beta: Float)
    /// The chain's value is the left operand unless `isReversed`.
    case binary(BinaryFunctions, operand: ChainOperand, isReversed: Bool)
  }

  package var function: Function

  package init(_ function: Function) { self.function = function }
}

/// A second operand of a chain's step, by its place among the pointers that a run is given, and how it lies over the chain's rows
/// and columns.
package struct ChainOperand: Hashable, Sendable {
  package var index: Int
  /// In floats, from row to row; 0 where all rows share one.
  package var rowStride: Int
  /// One element a row, instead of one a column.
  package var isScalar: Bool

  package init(index: Int, rowStride: Int, isScalar: Bool) {
    self.index = index
    self.rowStride = rowStride
    self.isScalar = isScalar
  }

  /// A tensor of the chain's shape with rows of `columns`.
  package static func tensor(_ index: Int, columns: Int) -> Self { Self(index: index, rowStride: columns, isScalar: false) }
  /// A vector along the columns, the same in every row.
  package static func vector(_ index: Int) -> Self { Self(index: index, rowStride: 0, isScalar: false) }
  /// A single number.
  package static func scalar(_ index: Int) -> Self { Self(index: index, rowStride: 0, isScalar: true) }
}

/// A chain of elementwise steps over a plane of floats, run block by block, so that memory is read and written once however many
/// steps there are.
package enum FusedChain {
  /// Floats in a block: it and its operands stay in the first-level cache from step to step.
  package static var blockSize: Int { 1024 }

  /// Runs a worker's share of a chain over `rows` by `columns` floats, the rows `inputStride` and `outputStride` floats apart.
  ///
  /// The output may be the input. It is written at each step, so no other operand may overlap it, the input as an operand included.
  package static func run(
    _ steps: UnsafePointer<ChainStep>, _ stepCount: Int, input: UnsafePointer<Float>, inputStride: Int,
    operands: UnsafePointer<UnsafePointer<Float>>, output: UnsafeMutablePointer<Float>, outputStride: Int, rows: Int, columns: Int,
    worker: Int = 0, workers: Int = 1
  ) {
    guard rows > 0, columns > 0 else { return }
    let width = min(columns, blockSize)
    let height = max(1, blockSize / width)
    let across = (columns + width - 1) / width
    let blocks = (rows + height - 1) / height * across
    let (start, end) = share(of: blocks, worker: worker, workers: workers)
    for block in start..<end {
      let row = block / across * height
      let column = block % across * width
      runBlock(
        steps, stepCount, input: input + row * inputStride + column, inputStride: inputStride, operands: operands,
        output: output + row * outputStride + column, outputStride: outputStride, row: row, column: column,
        rows: min(height, rows - row), columns: min(width, columns - column))
    }
  }

  private static func runBlock(
    _ steps: UnsafePointer<ChainStep>, _ stepCount: Int, input: UnsafePointer<Float>, inputStride: Int,
    operands: UnsafePointer<UnsafePointer<Float>>, output: UnsafeMutablePointer<Float>, outputStride: Int, row: Int, column: Int,
    rows: Int, columns: Int
  ) {
    let size = MemoryLayout<Float>.size
    var value = input
    var valueStride = inputStride
    for i in 0..<stepCount {
      switch steps[i].function {
      case .unary(let function, let alpha, let beta):
        if valueStride == columns, outputStride == columns {
          function(value, output, rows * columns, alpha, beta)
        } else {
          for r in 0..<rows { function(value + r * valueStride, output + r * outputStride, columns, alpha, beta) }
        }
      case .binary(let functions, let operand, let isReversed):
        let other = operands[operand.index] + row * operand.rowStride + (operand.isScalar ? 0 : column)
        if isReversed {
          let function = operand.isScalar ? functions.scalarVector : functions.vectorVector
          function(other, operand.rowStride * size, value, valueStride * size, output, outputStride * size, rows, columns)
        } else {
          let function = operand.isScalar ? functions.vectorScalar : functions.vectorVector
          function(value, valueStride * size, other, operand.rowStride * size, output, outputStride * size, rows, columns)
        }
      }
      value = UnsafePointer(output)
      valueStride = outputStride
    }
  }
}
