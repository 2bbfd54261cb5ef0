import KernelCore

/// A matrix product in single precision, with a constant or a value as its second operand. Batch strides of 0 repeat an operand.
///
/// Made once, then run with nothing but pointers; ``run(a:b:bias:residual:c:scratch:worker:workers:)`` allocates nothing.
package final class GEMMF32: Sendable {
  package let parameters: GEMMParameters
  package let workers: Int
  /// The kernel that runs, as in `gemm_f32_6x16_avx2`.
  package let kernelName: String
  private let features: CPUFeatures
  private let loop: MatrixLoop
  private let panels: MatrixPanels
  /// The most rows of a block, and the most panels.
  private let blockRows: Int
  private let blockPanels: Int

  /// Elements of B packed in a run that stay in the second cache while all rows pass.
  private static let packedElements = CacheSizes.current.second * 3 / 8 / 4

  package init(
    _ parameters: GEMMParameters, epilogue: Epilogue = Epilogue(), workers: Int = 1, features: CPUFeatures = .current
  ) {
    precondition(workers > 0)
    let kernel = matrixKernels.best(for: features)
    self.parameters = parameters
    self.workers = workers
    self.features = features
    kernelName = "gemm_" + kernel.name
    panels = MatrixPanels(lanes: kernel.lanes, rows: parameters.depth, columns: parameters.columns)
    let limit =
      parameters.b == .storedColumns
      ? MatrixLoop.widenedDepthLimit(lanes: kernel.lanes)
      : MatrixLoop.depthLimit(kernel, rows: parameters.rows, parameters.b.weightType)
    loop = MatrixLoop(
      kernel: kernel, depth: MatrixDepth([MatrixSegment(offset: 0, length: parameters.depth)], limit: limit),
      epilogue: epilogue)
    let tile = kernel.tileRows
    let most =
      parameters.b == .storedColumns
      ? MatrixConvolution.storedBlockElements / loop.depth.largestBlock
      : MatrixConvolution.blockElements
        / max(loop.depth.largestBlock, MatrixLoop.readsSums(depth: parameters.depth, limit: limit, epilogue) ? panels.columns : 1)
    blockRows = max(most / tile * tile, tile)
    switch parameters.b {
    case .constant, .storedColumns: blockPanels = panels.count
    case .value: blockPanels = min(panels.count, max(1, Self.packedElements / panels.panelStride))
    }
  }

  /// Bytes of the packed constant; 0 for a value.
  package var packedWeightsByteCount: Int {
    if case .constant(let type) = parameters.b { panels.elementCount * type.byteCount } else { 0 }
  }

  /// Whether `expectedRuns` runs of such a product are quicker with halves as the model stores them, column by column, than with packed
  /// ones.
  package static func prefersStoredColumns(_ parameters: GEMMParameters, expectedRuns: Int, features: CPUFeatures = .current) -> Bool {
    let blockDepth = min(parameters.depth, MatrixLoop.widenedDepthLimit(lanes: matrixKernels.best(for: features).lanes))
    let blocks = (parameters.rows - 1) / (MatrixConvolution.storedBlockElements / blockDepth) + 1
    return MatrixConvolution.storedCycles(blocks * expectedRuns) < ConvolutionF32.packingCycles * Double(WeightType.f16.byteCount)
  }

  private var packedValueElements: Int {
    if case .value = parameters.b { panels.rows * (blockPanels * panels.panelColumns + panels.lanes) } else { 0 }
  }
  private var transposedElements: Int { parameters.aTransposed ? blockRows * loop.depth.largestBlock : 0 }
  /// Elements of the largest panel that the segments of a depth block meet.
  private var blockPanelElements: Int { loop.depth.largestBlock * MatrixPanels.mostColumns(lanes: panels.lanes) }
  private var widenedElements: Int {
    parameters.b.weightType == .f16 && parameters.rows > MatrixBlock.rowsOfHalves ? blockPanelElements : 0
  }
  private var storedPanelElements: Int { parameters.b == .storedColumns ? blockPanelElements / 2 : 0 }
  /// Of one worker.
  private var workerScratchByteCount: Int {
    scratchStride(4 * (packedValueElements + transposedElements + widenedElements + storedPanelElements))
  }

  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { workerScratchByteCount * workers }

  /// Packs the constant: element (k, n) is `source[k · columns + n]`, or, transposed, `source[n · depth + k]`.
  /// Factors, of columns, are for a transposed one.
  package func packWeights(_ source: WeightSource, transposed: Bool, into packed: UnsafeMutableRawPointer) {
    guard case .constant(let packedType) = parameters.b else { preconditionFailure("the second operand is no constant") }
    if transposed {
      panels.packColumns(source, taps: 1, into: packed, packedType, features: features)
    } else {
      panels.packRows(source, into: packed, packedType, features: features)
    }
  }

  /// Packs a constant that is not multiplied by anything.
  package func packWeights(from source: UnsafeRawPointer, _ type: WeightType, transposed: Bool, into packed: UnsafeMutableRawPointer) {
    packWeights(WeightSource(source, type), transposed: transposed, into: packed)
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make C.
  ///
  /// `b` is the packed or stored constant or the value; `bias` has a value for each column or row, `residual` one for each element of C.
  package func run(
    a: UnsafePointer<Float>, b: UnsafeRawPointer, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    let tile = loop.kernel.tileRows
    let rowUnits = (parameters.rows + tile - 1) / tile
    let scratch = (scratch + worker * workerScratchByteCount).assumingMemoryBound(to: Float.self)
    // A batch is dealt whole where it is large; else rows and columns of each product are.
    let deal = parameters.batch >= 2 * workers || rowUnits * panels.count == 1
    let batch = deal ? WorkGrid.part(worker, of: workers, count: parameters.batch) : 0..<parameters.batch
    var rows = 0..<rowUnits
    var columns = 0..<panels.count
    if !deal {
      var packing = 0.0
      if case .value = parameters.b { packing = 2 * Double(panels.panelStride) }
      let grid = WorkGrid.best(
        workers: workers, rowUnits: rowUnits, panels: panels.count, unitCost: Double(tile * panels.rows),
        rowUnitOverhead: parameters.aTransposed ? Double(tile * panels.rows) : 0,
        panelOverhead: Double(panels.panelStride) / 16 + packing)
      rows = WorkGrid.part(worker % grid.rowParts, of: grid.rowParts, count: rowUnits)
      columns = WorkGrid.part(worker / grid.rowParts, of: grid.panelParts, count: panels.count)
    }
    let share = rows.lowerBound * tile..<min(rows.upperBound * tile, parameters.rows)
    if share.isEmpty || columns.isEmpty { return }
    for index in batch {
      multiply(
        a: a + index * parameters.aBatchStride, b: b, index: index, bias: bias,
        residual: residual.map { $0 + index * parameters.residualBatchStride }, c: c + index * parameters.cBatchStride,
        scratch: scratch, rows: share, panelRange: columns)
    }
  }

  /// Some rows and panels of a product of the batch.
  private func multiply(
    a: UnsafePointer<Float>, b: UnsafeRawPointer, index: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, rows: Range<Int>, panelRange: Range<Int>
  ) {
    var panel = panelRange.lowerBound
    while panel < panelRange.upperBound {
      let end = min(panel + blockPanels, panelRange.upperBound)
      let column = panel * panels.panelColumns
      let columns = (end == panels.count ? panels.columns : end * panels.panelColumns) - column
      let packed: UnsafeRawPointer
      switch parameters.b {
      case .constant, .storedColumns: packed = b + panel * panels.panelStride * parameters.b.weightType.byteCount
      case .value(let rowStride, let transposed, let batchStride):
        let source = b.assumingMemoryBound(to: Float.self) + (index * batchStride + column * (transposed ? rowStride : 1))
        MatrixPanels(lanes: panels.lanes, rows: panels.rows, columns: columns).pack(
          source, rowStride: transposed ? 1 : rowStride, columnStride: transposed ? rowStride : 1, into: scratch)
        packed = UnsafeRawPointer(scratch)
      }
      var row = rows.lowerBound
      while row < rows.upperBound {
        let count = min(blockRows, rows.upperBound - row)
        multiplyBlock(
          a: a + row * (parameters.aTransposed ? 1 : parameters.aRowStride), packed: packed,
          columnBias: parameters.biasAxis == .columns ? bias.map { $0 + column } : nil,
          rowBias: parameters.biasAxis == .rows ? bias.map { $0 + row } : nil,
          residual: residual.map { $0 + (row * parameters.residualRowStride + column) },
          c: c + (row * parameters.cRowStride + column), scratch: scratch + packedValueElements, rows: count, columns: columns)
        row += count
      }
      panel = end
    }
  }

  private func multiplyBlock(
    a: UnsafePointer<Float>, packed: UnsafeRawPointer, columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, c: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    let type = parameters.b.weightType
    var block = MatrixBlock(
      a: a, aRowStride: parameters.aRowStride, segments: loop.depth.segments.base, segmentCount: 0,
      b: packed, bPanelStride: panels.panelStride * type.byteCount, c: c, cRowStride: parameters.cRowStride, rows: rows,
      columns: columns)
    block.isVector = parameters.rows == 1
    block.bIsHalf = type == .f16
    block.widened = scratch + transposedElements
    if parameters.b == .storedColumns {
      block.stored = StoredColumns(
        stride: parameters.depth * type.byteCount, taps: 1,
        panel: UnsafeMutableRawPointer(block.widened + widenedElements).assumingMemoryBound(to: UInt16.self))
    }
    loop.run(
      &block, columnBias: columnBias, rowBias: rowBias, residual: residual, residualRowStride: parameters.residualRowStride,
      residualGroupStride: 0
    ) { part, block in
      guard parameters.aTransposed else { return }
      // The segment's offset is the depth block's place in a row of A, which the copy does not have before it.
      for k in 0..<part.rows {
        let source = a + (part.row + k) * parameters.aRowStride
        for m in 0..<rows { scratch[m * part.rows + k] = source[m] }
      }
      block.a = UnsafePointer(scratch) - part.row
      block.aRowStride = part.rows
    }
  }
}

extension GEMMParameters.SecondOperand {
  /// The type of its elements where products read them.
  fileprivate var weightType: WeightType {
    switch self {
    case .constant(let type): type
    case .storedColumns: .f16
    case .value: .f32
    }
  }
}
