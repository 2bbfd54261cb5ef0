import KernelCore
import Kernels

extension MatMul: LowerableOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard builder.model.type(of: node.inputs[0]).elementType == .f32, let output = node.outputs[0].type.shape.shape, !output.contains(0)
    else { return false }
    let inputShapes = [0, 1].map { builder.model.type(of: node.inputs[$0]).shape.shape! }
    guard !inputShapes[0].contains(0), !inputShapes[1].contains(0), inputShapes.allSatisfy({ !$0.isEmpty }) else { return false }
    if !transposeA, let matrix = try CompressedMatrix(node.inputs[1], transposed: transposeB, builder), matrix.isMultiplied {
      return try lowerCompressed(node, builder, matrix, output)
    }
    if inputShapes[1].count == 2 {
      // Rows of columns are multiplied when they are packed; columns of rows have been before.
      let weights =
        transposeB
        ? try builder.scaledWeights(1, of: node) : try builder.weights(1, of: node).map { ScaledWeights(tensor: $0, factors: nil) }
      if let weights, weights.storedType != nil { return try lowerConstant(node, builder, weights, output) }
    }
    return try lowerValues(node, builder, inputShapes, output)
  }

  /// A product with a constant matrix: all outer axes of the first operand are rows of one product.
  private func lowerConstant(_ node: Node, _ builder: PlanBuilder, _ weights: ScaledWeights, _ output: Shape) throws -> Bool {
    let shape = weights.tensor.shape
    let type = weights.packedType(builder.environment.precision)
    let depth = shape[transposeB ? 1 : 0]
    let columns = shape[transposeB ? 0 : 1]
    if transposeA { return try lowerValues(node, builder, [builder.input(0, of: node).shape, shape], output) }
    let fused = try FusedEpilogue(node, builder, channels: columns, channelAxis: output.count - 1)
    let product = ProductViews(node, builder, depth: depth, columns: columns, residual: fused.residual)
    var parameters = GEMMParameters(rows: product.rows, columns: columns, depth: depth, b: .constant(type))
    parameters.aRowStride = product.a.strides[0]
    parameters.residualRowStride = product.residualRowStride
    parameters.cRowStride = product.c.strides[0]
    let environment = builder.environment
    let readsStoredColumns =
      transposeB && weights.areStoredHalves
      && environment.expectedInferences.map {
        GEMMF32.prefersStoredColumns(parameters, expectedRuns: $0, features: environment.features)
      } ?? false
    if readsStoredColumns { parameters.b = .storedColumns }
    let gemm = GEMMF32(parameters, epilogue: fused.epilogue, workers: environment.workers, features: environment.features)
    let matrix =
      readsStoredColumns
      ? builder.constantView(weights.tensor)
      : builder.derivedConstant(from: node.inputs[1], kind: "\(gemm.kernelName) \(type)", byteCount: gemm.packedWeightsByteCount) { bytes in
        weights.withSource { gemm.packWeights($0, transposed: transposeB, into: bytes) }
      }
    builder.emitProduct(
      gemm, a: product.a, b: matrix, fused, product.residual, c: product.c, products: [(0, 0, 0)],
      operations: 2 * product.rows * columns * depth)
    product.target.finish(builder)
    return true
  }

  /// A product of two values, batched over broadcast outer axes.
  private func lowerValues(_ node: Node, _ builder: PlanBuilder, _ shapes: [Shape], _ output: Shape) throws -> Bool {
    let outer = Array(output.dropLast((shapes[0].count > 1 ? 1 : 0) + (shapes[1].count > 1 ? 1 : 0)))
    // Vectors are matrices of one row (the first operand) or column (the second).
    func matrix(_ index: Int) -> (shape: Shape, transposed: Bool) {
      let shape = shapes[index]
      guard shape.count == 1 else { return (shape, index == 0 ? transposeA : transposeB) }
      return (index == 0 ? [1, shape[0]] : [shape[0], 1], false)
    }
    let operands = [0, 1].map { index -> MatrixOperand in
      let (shape, transposed) = matrix(index)
      let view = builder.input(index, of: node).reshaped(to: shape) ?? builder.denseInput(index, of: node).reshaped(to: shape)!
      return MatrixOperand(view, transposed: transposed) ?? MatrixOperand(
        builder.denseInput(index, of: node).reshaped(to: shape)!, transposed: transposed)!
    }
    let fused = try FusedEpilogue(node, builder, channels: operands[1].columns, channelAxis: output.count - 1)
    guard fused.residual == nil else { return false }
    let target = builder.matrixTarget(OutputID(node.id), output, residual: nil)
    let c = target.computed.reshaped(to: outer + [operands[0].rows, operands[1].columns])!
    builder.emitBatchedProduct(operands[0], operands[1], fused, c: c)
    target.finish(builder)
    return true
  }
}

/// A batch of matrices whose rows, or columns, are dense.
struct MatrixOperand {
  /// At least two axes; the last is dense.
  let view: View
  /// Whether the matrices are the transposes of what the view shows.
  let transposed: Bool

  /// `nil` when neither of the last two axes is dense.
  init?(_ view: View, transposed: Bool) {
    let rank = view.shape.count
    if view.shape[rank - 1] == 1 || view.strides[rank - 1] == 1 {
      self.view = view
      self.transposed = transposed
    } else if view.shape[rank - 2] == 1 || view.strides[rank - 2] == 1 {
      // The transposed view of a transposed layout is the plain one.
      self.view = view.permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
      self.transposed = !transposed
    } else {
      return nil
    }
  }

  var rows: Int { view.shape[view.shape.count - (transposed ? 1 : 2)] }
  var columns: Int { view.shape[view.shape.count - (transposed ? 2 : 1)] }
  var rowStride: Int { view.strides[view.shape.count - 2] }
}

/// What a product with a constant matrix reads and writes: all outer axes of the first operand are rows of one matrix.
struct ProductViews {
  let a: View
  let residual: View?
  let c: View
  /// Where C is computed, to be finished behind the product.
  let target: ImageOperands.Target

  var rows: Int { a.shape[0] }
  var residualRowStride: Int { residual?.strides[0] ?? 0 }

  /// `residual`: of the node's fused post-operations. The result takes its place where it can.
  init(_ node: Node, _ builder: PlanBuilder, depth: Int, columns: Int, residual: (view: View, index: Int)?) {
    a = builder.rows(of: node, depth: depth)
    let shape = [a.shape[0], columns]
    let residual = MatrixResidual(residual, node, builder, rows: shape[0], columns: columns)
    self.residual = residual?.matrix
    target = builder.matrixTarget(
      OutputID(node.id), node.outputs[0].type.shape.shape!,
      residual: residual.flatMap { builder.canOverwrite($0.index, of: node) ? $0 : nil })
    c = target.computed.reshaped(to: shape)!
  }
}

/// A residual as rows and columns.
struct MatrixResidual {
  let view: View
  let matrix: View
  let index: Int

  init?(_ residual: (view: View, index: Int)?, _ node: Node, _ builder: PlanBuilder, rows: Int, columns: Int) {
    guard let residual else { return nil }
    index = residual.index
    if let matrix = residual.view.reshaped(to: [rows, columns]), columns == 1 || matrix.strides[1] == 1 {
      view = residual.view
      self.matrix = matrix
    } else {
      view = builder.denseInput(index, of: node)
      matrix = view.reshaped(to: [rows, columns])!
    }
  }
}

extension View {
  /// The strides of the axes outside a matrix, over broadcast outer axes.
  func batchStrides(to outer: Shape) -> [Int] {
    let own = Array(shape.dropLast(2))
    let missing = outer.count - own.count
    return outer.indices.map { axis in axis < missing || own[axis - missing] == 1 ? 0 : strides[axis - missing] }
  }
}

extension PlanBuilder {
  /// The first operand as a matrix of rows of `depth` neighbours.
  func rows(of node: Node, depth: Int) -> View {
    let view = input(0, of: node)
    let shape = [view.elementCount / depth, depth]
    if let matrix = view.reshaped(to: shape), depth == 1 || matrix.strides[1] == 1 { return matrix }
    return denseInput(0, of: node).reshaped(to: shape)!
  }

  /// Row-major memory for a matrix product, or the residual's own.
  func matrixTarget(_ output: OutputID, _ shape: Shape, residual: MatrixResidual?) -> ImageOperands.Target {
    if let residual, !isPlaced(output), residual.view.shape == shape, residual.view.isDense,
      residual.view.elementType == model.type(of: output).elementType
    {
      bind(output, to: residual.view)
      return ImageOperands.Target(computed: residual.view, final: residual.view)
    }
    let final = allocate(output, order: .rowMajor(rank: shape.count))
    if final.isDense { return ImageOperands.Target(computed: final, final: final) }
    return ImageOperands.Target(computed: temporary(final.elementType, shape), final: final)
  }

  /// Emits a product of two values, batched over the outer axes of `c`, along which the operands broadcast.
  func emitBatchedProduct(_ a: MatrixOperand, _ b: MatrixOperand, _ fused: FusedEpilogue, c: View) {
    let outer = Array(c.shape.dropLast(2))
    let (aBatch, bBatch, cBatch) = (a.view.batchStrides(to: outer), b.view.batchStrides(to: outer), Array(c.strides.dropLast(2)))
    let (rows, columns, depth) = (a.rows, b.columns, a.columns)
    var parameters = GEMMParameters(
      rows: rows, columns: columns, depth: depth, b: .value(rowStride: b.rowStride, transposed: b.transposed, batchStride: bBatch.last ?? 0)
    )
    parameters.aRowStride = a.rowStride
    parameters.aTransposed = a.transposed
    parameters.cRowStride = c.strides[c.shape.count - 2]
    parameters.batch = outer.last ?? 1
    parameters.aBatchStride = aBatch.last ?? 0
    parameters.cBatchStride = cBatch.last ?? 0
    let gemm = GEMMF32(parameters, epilogue: fused.epilogue, workers: environment.workers, features: environment.features)
    // One product for each index of the outer batch axes but the last, which the kernel walks itself.
    let walked = Array(outer.dropLast())
    let starts = [aBatch, bBatch, cBatch].map { walked.offsets(strides: Array($0.dropLast())) }
    let products = starts[0].indices.map { (starts[0][$0], starts[1][$0], starts[2][$0]) }
    emitProduct(
      gemm, a: a.view, b: b.view, fused, nil, c: c, products: products, operations: 2 * rows * columns * depth * outer.elementCount)
  }

  /// Emits a product for each triple of element offsets into the operands and the result.
  func emitProduct(
    _ gemm: GEMMF32, a: View, b: View, _ fused: FusedEpilogue, _ residual: View?, c: View, products: [(Int, Int, Int)], operations: Int
  ) {
    let scratch = scratch(gemm.scratchByteCount)
    let places = ImagePlaces(
      input: Place(a), weights: Place(b), bias: fused.bias.map { Place($0) }, residual: residual.map { Place($0) }, output: Place(c),
      scratch: Place(scratch))
    emit(
      kernel: gemm.kernelName, isParallel: environment.workers > 1, operations: operations,
      reads: [a, b] + [fused.bias, residual].compactMap { $0 }, writes: [c, scratch]
    ) { memory, worker, workers in
      for index in products.indices {
        let (x, y, z) = products[index]
        gemm.run(
          a: memory.floats(places.input) + x, b: memory.address(places.weights) + 4 * y,
          bias: places.bias.map { memory.floats($0) }, residual: places.residual.map { memory.floats($0) },
          c: memory.floats(places.output) + z, scratch: memory.address(places.scratch), worker: worker, workers: workers)
      }
    }
  }
}
