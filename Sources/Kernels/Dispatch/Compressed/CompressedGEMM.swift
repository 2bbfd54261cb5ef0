import KernelCore

/// A matrix product in single precision whose second operand is a constant of few bits, kept so in memory.
///
/// A weight is (q − zero point) · scale, with a scale, and perhaps a zero point, for each column and group of consecutive depths. It
/// becomes a float where it is used: in registers for a few rows of A, panel by panel for many. Sums are single precision.
///
/// Made once, then run with nothing but pointers; ``run(a:b:bias:residual:c:scratch:worker:workers:)`` allocates nothing.
package final class CompressedGEMM: Sendable {
  package let parameters: GEMMParameters
  package let type: CompressedType
  /// Depths that share a scale; the last group may have fewer.
  package let groupSize: Int
  package let workers: Int
  /// The kernel that runs, as in `gemm_i8_compressed_4x16_avx2`.
  package let kernelName: String
  private let epilogue: Epilogue
  private let kernel: CompressedKernel
  private let panels: CompressedPanels
  private let values = ConstantTable(nf4Values)
  /// For many rows: the product of expanded panels.
  private let loop: MatrixLoop
  private let expands: Bool
  /// Expanded weights are multiplied by their scales when they are sums.
  private let scalesSums: Bool
  /// The most rows of a block.
  private let blockRows: Int

  /// Elements of A that stay in the second cache while panels pass.
  private static let blockElements = CacheSizes.current.second * 3 / 4 / 4

  /// The parameters' second operand is not looked at; A is not transposed.
  package init(
    _ parameters: GEMMParameters, type: CompressedType, groupSize: Int,
    epilogue: Epilogue = Epilogue(), workers: Int = 1,
    features: CPUFeatures = .current
  ) {
    precondition(workers > 0 && groupSize > 0 && !parameters.aTransposed, "no such product")
    self.parameters = parameters
    self.type = type
    self.groupSize = min(groupSize, parameters.depth)
    self.epilogue = epilogue
    self.workers = workers
    let kernel = compressedKernels.best(for: features)
    let matrix = matrixKernels.best(for: features)
    precondition(kernel.lanes == matrix.lanes)
    self.kernel = kernel
    panels = CompressedPanels(
      lanes: kernel.lanes, depth: parameters.depth, columns: parameters.columns,
      groupSize: self.groupSize, bits: type.bits)
    let limit = MatrixLoop.widenedDepthLimit(lanes: kernel.lanes)
    loop = MatrixLoop(
      kernel: matrix,
      depth: MatrixDepth([MatrixSegment(offset: 0, length: parameters.depth)], limit: limit),
      epilogue: epilogue)
    // Each tile makes its own weights. Looking values up takes longer than converting integers.
    let mostRows = (type == .nf4 ? 1 : 2) * kernel.tileRows
    expands = parameters.rows > mostRows || kernel.tileCount(rows: parameters.rows) > 2
    scalesSums = panels.groups == 1 && CompressedBlock.canScaleSums(bits: type.bits) && epilogue.canScaleSums
    blockRows = max(matrix.tileRows, Self.blockElements / max(loop.depth.largestBlock, 1))
    kernelName = "gemm_\(type)_\(kernel.name)" + (expands ? "_expanded" : "")
  }

  package var packedWeightsByteCount: Int { panels.byteCount }
  /// Of one worker.
  private var workerScratchByteCount: Int { expands ? scratchStride(4 * loop.depth.largestBlock * panels.panelColumns) : 0 }
  /// Of all workers; to be aligned to 64 bytes.
  package var scratchByteCount: Int { workerScratchByteCount * workers }

  /// Packs the constant into ``packedWeightsByteCount`` bytes, to be aligned to 64.
  ///
  /// Element (k, n) has the place k · columns + n, or, transposed, n · depth + k; elements of four bits lie two a byte, the first in its
  /// lower half. The scale and the zero point of group g and column n have the place g · columns + n, or, transposed, n · groups + g.
  /// Zero points of integers are integers of 16 bits at the most: ``canSubtract(_:_:)``.
  package func packWeights(
    from source: UnsafeRawPointer, transposed: Bool, scales: UnsafePointer<Float>,
    zeroPoints: UnsafePointer<Float>?,
    into packed: UnsafeMutableRawPointer
  ) {
    let depth = panels.depth
    let columns = panels.columns
    let lanes = panels.lanes
    packed.initializeMemory(as: UInt8.self, repeating: 0, count: panels.byteCount)
    for panel in 0..<panels.count {
      let firstColumn = panel * panels.panelColumns
      let rest = columns - firstColumn
      let width = IntegerPanels.width(rest: rest, lanes: lanes) * lanes
      let bytes = type.bits / 2
      let base = packed + panel * panels.panelStride
      for group in 0..<panels.groups {
        let start =
          base + group * CompressedPanels.groupBytes(groupSize: groupSize, bits: type.bits) * width
        let constants = start.assumingMemoryBound(to: Float.self)
        let codes = (start + 8 * width).assumingMemoryBound(to: UInt8.self)
        for n in 0..<min(rest, width) {
          let column = firstColumn + n
          let place = transposed ? column * panels.groups + group : group * columns + column
          constants[n] = (zeroPoints?[place] ?? 0) + type.codeOffset
          constants[width + n] = scales[place]
          for k in 0..<min(groupSize, depth - group * groupSize) {
            let row = group * groupSize + k
            let code = type.code(source, transposed ? column * depth + row : row * columns + column)
            let quad = codes + (k / 4 * width + n) * bytes
            if type.bits == 8 { quad[k % 4] = code } else { quad[k % 4 / 2] |= code << UInt8(k % 2 * 4) }
          }
        }
      }
    }
  }

  /// Whether weights of the type can have such a zero point.
  package static func canSubtract(_ zeroPoint: Float, _ type: CompressedType) -> Bool {
    type == .nf4 || zeroPoint.magnitude <= 32768 && zeroPoint == zeroPoint.rounded(.towardZero)
  }

  /// Computes the share of `worker` (0..<`workers`). No share depends on another; all of them make C.
  ///
  /// `bias` has a value for each column or row, `residual` one for each element of C.
  package func run(
    a: UnsafePointer<Float>, b: UnsafeRawPointer, bias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?,
    c: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, worker: Int, workers: Int
  ) {
    let tile = expands ? loop.kernel.tileRows : kernel.tileRows
    let rowUnits = (parameters.rows + tile - 1) / tile
    let grid = WorkGrid.best(
      workers: workers, rowUnits: rowUnits, panels: panels.count, unitCost: Double(tile),
      rowUnitOverhead: 0, panelOverhead: 8)
    let units = WorkGrid.part(worker % grid.rowParts, of: grid.rowParts, count: rowUnits)
    let share = WorkGrid.part(worker / grid.rowParts, of: grid.panelParts, count: panels.count)
    let rows = units.lowerBound * tile..<min(units.upperBound * tile, parameters.rows)
    if rows.isEmpty { return }
    let scratch = (scratch + worker * workerScratchByteCount).assumingMemoryBound(to: Float.self)
    let blocks = expands ? (rows.count + blockRows - 1) / blockRows : 1
    for index in 0..<parameters.batch {
      for panel in share {
        let column = panel * panels.panelColumns
        let columnBias = parameters.biasAxis == .columns ? bias.map { $0 + column } : nil
        let rowBias = parameters.biasAxis == .rows ? bias : nil
        for part in 0..<blocks {
          let part = WorkGrid.part(part, of: blocks, count: rows.count)
          let row = rows.lowerBound + part.lowerBound
          var block = CompressedBlock(
            panel: b + panel * panels.panelStride,
            columns: min(panels.panelColumns, panels.columns - column), depth: panels.depth,
            groupSize: groupSize, code: type.packedCode, values: values.base,
            a: a + (index * parameters.aBatchStride + row * parameters.aRowStride),
            aRowStride: parameters.aRowStride, rows: part.count,
            c: c + (index * parameters.cBatchStride + row * parameters.cRowStride + column),
            cRowStride: parameters.cRowStride)
          block.scalesSums = scalesSums
          block.columnBias = columnBias
          block.rowBias = rowBias.map { $0 + row }
          block.residual = residual.map {
            $0
              + (index * parameters.residualBatchStride + row * parameters.residualRowStride
                + column)
          }
          block.residualRowStride = parameters.residualRowStride
          if expands { multiplyExpanded(block, scratch) } else { multiply(block) }
        }
      }
    }
  }

  /// A few rows, in one go.
  private func multiply(_ original: CompressedBlock) {
    var block = original
    let late = epilogue.residualAfterActivation
    block.residualIsLate = late
    block.minimum = epilogue.minimum
    block.maximum = epilogue.maximum
    if late && epilogue.activation != nil { block.residual = nil }
    withUnsafePointer(to: block) { kernel.run($0) }
    if epilogue.activation != nil {
      epilogue.activate(
        block.c, rowStride: block.cRowStride, rows: block.rows, columns: block.columns,
        residual: late ? original.residual : nil,
        residualRowStride: block.residualRowStride)
    }
  }

  /// Many rows, block of depth by block of depth, each expanded before.
  private func multiplyExpanded(_ source: CompressedBlock, _ scratch: UnsafeMutablePointer<Float>) {
    let width = IntegerPanels.width(rest: source.columns, lanes: kernel.lanes) * kernel.lanes
    let scales = source.panel.assumingMemoryBound(to: Float.self) + width
    var block = MatrixBlock(
      a: source.a, aRowStride: source.aRowStride, segments: loop.depth.segments.base,
      segmentCount: 0, b: UnsafeRawPointer(scratch),
      bPanelStride: 0, c: source.c, cRowStride: source.cRowStride, rows: source.rows,
      columns: source.columns)
    loop.run(
      &block, columnScale: scalesSums ? scales : nil, columnBias: source.columnBias, rowBias: source.rowBias, residual: source.residual,
      residualRowStride: source.residualRowStride, residualGroupStride: 0
    ) { part, block in
      let end = part.row + part.rows
      withUnsafePointer(to: source) { kernel.expand($0, part.row, end, scratch) }
      block.bRow = 0
      // What is expanded next.
      block.next = source.panel + panels.offset(ofRow: end, width: width)
      block.nextRowBytes = width * panels.bits / 8
    }
  }
}

extension CompressedType {
  /// How packed codes are read.
  var packedCode: CompressedCode {
    switch self {
    case .u8, .i8: .u8
    case .u4, .i4: .u4
    case .nf4: .nf4
    }
  }

  /// What a packed code, which is unsigned, is greater than the element's value.
  var codeOffset: Float {
    switch self {
    case .i8: 128
    case .i4: 8
    case .u8, .u4, .nf4: 0
    }
  }

  /// The packed code of the element at a place.
  func code(_ base: UnsafeRawPointer, _ place: Int) -> UInt8 {
    if bits == 8 {
      return base.load(fromByteOffset: place, as: UInt8.self) ^ (self == .i8 ? 0x80 : 0)
    }
    let code = base.load(fromByteOffset: place / 2, as: UInt8.self) >> UInt8(place % 2 * 4) & 15
    return self == .i4 ? code ^ 8 : code
  }
}
