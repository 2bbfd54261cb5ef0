import KernelCore

/// Values that outlive a primitive's initialiser and are read, never written, by its workers.
final class ConstantTable<Element: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafePointer<Element>
  let count: Int

  init(_ elements: [Element]) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    copy.initialize(from: elements, count: elements.count)
    base = UnsafePointer(copy)
    count = elements.count
  }

  deinit { base.deallocate() }
}

/// The inner dimension of a product, cut so that a panel of B stays in the nearest cache.
struct MatrixDepth: Sendable {
  /// Consecutive segments, and the row of B that the first of them meets.
  struct Block: BitwiseCopyable {
    var firstSegment: Int
    var segmentCount: Int
    var row: Int
    var rows: Int
  }

  let segments: ConstantTable<MatrixSegment>
  let blocks: ConstantTable<Block>
  /// The most rows of a block.
  let largestBlock: Int

  /// Cuts the segments into blocks of about equal depth, `limit` at the most.
  init(_ segments: [MatrixSegment], limit: Int) {
    let depth = segments.reduce(0) { $0 + $1.length }
    let count = (depth - 1) / limit + 1
    var cut: [MatrixSegment] = []
    var blocks: [Block] = []
    var block = Block(firstSegment: 0, segmentCount: 0, row: 0, rows: 0)
    for segment in segments {
      var rest = segment
      while rest.length > 0 {
        let end = (blocks.count + 1) * depth / count
        let length = min(rest.length, end - block.row - block.rows)
        var part = rest
        part.length = length
        cut.append(part)
        rest.offset += length
        rest.length -= length
        block.segmentCount += 1
        block.rows += length
        if block.row + block.rows == end {
          blocks.append(block)
          block = Block(firstSegment: cut.count, segmentCount: 0, row: end, rows: 0)
        }
      }
    }
    self.init(cut, blocks)
  }

  /// Cuts `channels` into blocks of about equal depth, `limit` at the most unless a channel has more taps; a block has a segment for each
  /// of `taps`.
  init(taps: [Int], channels: Int, limit: Int) {
    let most = max(1, limit / taps.count)
    let count = (channels - 1) / most + 1
    var segments: [MatrixSegment] = []
    var blocks: [Block] = []
    for index in 0..<count {
      let (first, end) = (index * channels / count, (index + 1) * channels / count)
      blocks.append(
        Block(firstSegment: segments.count, segmentCount: taps.count, row: first * taps.count, rows: (end - first) * taps.count))
      segments += taps.enumerated().map { MatrixSegment(offset: $1 + first, length: end - first, tap: $0) }
    }
    self.init(segments, blocks)
  }

  private init(_ segments: [MatrixSegment], _ blocks: [Block]) {
    self.segments = ConstantTable(segments)
    self.blocks = ConstantTable(blocks)
    largestBlock = blocks.map(\.rows).max() ?? 0
  }
}

/// A matrix kernel with the depth and the epilogue of a primitive.
struct MatrixLoop: Sendable {
  let kernel: MatrixKernel
  let depth: MatrixDepth
  let epilogue: Epilogue

  /// Floats of a panel of B that stay in the nearest cache beside what is read of A.
  static let panelElements = CacheSizes.current.first * 3 / 4 / 4
  /// The same of a panel that is widened from halves, of which the next panel's are fetched meanwhile.
  static let widenedElements = CacheSizes.current.first / 2 / 4

  /// The most rows of a depth block of a product that has `rows` rows.
  static func depthLimit(_ kernel: MatrixKernel, rows: Int, _ weightType: WeightType = .f32) -> Int {
    // A panel that is read once need not stay anywhere.
    switch weightType {
    case .f32: rows <= kernel.tileRows ? .max : depthLimit(lanes: kernel.lanes)
    case .f16: rows <= MatrixBlock.rowsOfHalves ? .max : widenedDepthLimit(lanes: kernel.lanes)
    }
  }

  /// The most rows of a depth block of a panel of halves that are widened in the nearest cache.
  static func widenedDepthLimit(lanes: Int) -> Int { widenedElements / MatrixPanels.wholeColumns(lanes: lanes) }

  /// The most rows of a depth block of a panel that stays in the nearest cache.
  static func depthLimit(lanes: Int) -> Int { panelElements / MatrixPanels.wholeColumns(lanes: lanes) }

  /// Whether a block's sums are read again, by the next depth block or an activation, and should stay in the second cache until then.
  static func readsSums(depth: Int, limit: Int, _ epilogue: Epilogue) -> Bool { depth > limit || epilogue.activation != nil }

  /// Computes `block` (its segments, row of B, start, bounds and residual are set here) depth block by depth block.
  ///
  /// `columnScale` multiplies the sums; none without ``Epilogue/canScaleSums``. `next`: what is read afterwards. `prepare` is called before
  /// each, and may change where the block finds A.
  @inline(__always)
  func run(
    _ block: inout MatrixBlock, columnScale: UnsafePointer<Float>? = nil, columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?,
    residual: UnsafePointer<Float>?, residualRowStride: Int, residualGroupStride: Int,
    next: UnsafeRawPointer? = nil, prepare: (MatrixDepth.Block, inout MatrixBlock) -> Void
  ) {
    let late = epilogue.residualAfterActivation
    let activated = epilogue.activation != nil
    let count = depth.blocks.count
    let panelRowBytes = MatrixPanels.width(rest: block.columns, lanes: kernel.lanes) * kernel.lanes * (block.bIsHalf ? 2 : 4)
    for i in 0..<count {
      let part = depth.blocks.base[i]
      block.segments = depth.segments.base + part.firstSegment
      block.segmentCount = part.segmentCount
      block.bRow = part.row
      block.next = i < count - 1 ? block.b + depth.blocks.base[i + 1].row * panelRowBytes : next
      if i == 0 {
        block.initial = late ? nil : residual
        block.initialRowStride = residualRowStride
        block.initialGroupStride = residualGroupStride
        block.columnScale = nil
        block.columnBias = nil
        block.rowBias = nil
        block.minimum = -.infinity
        block.maximum = .infinity
        block.residual = nil
      } else {
        block.initial = UnsafePointer(block.c)
        block.initialRowStride = block.cRowStride
        block.initialGroupStride = block.cGroupStride
      }
      if i == count - 1 {
        block.columnScale = columnScale
        block.columnBias = columnBias
        block.rowBias = rowBias
        block.minimum = epilogue.minimum
        block.maximum = epilogue.maximum
        block.residual = late && !activated ? residual : nil
        block.residualRowStride = residualRowStride
        block.residualGroupStride = residualGroupStride
      }
      prepare(part, &block)
      withUnsafePointer(to: block) { kernel.run($0) }
    }
    if activated {
      activate(block, residual: late ? residual : nil, residualRowStride: residualRowStride, residualGroupStride: residualGroupStride)
    }
  }

  /// Applies the activation to a finished block while it is near, and adds a residual that comes after it.
  private func activate(
    _ block: MatrixBlock, residual: UnsafePointer<Float>?, residualRowStride: Int, residualGroupStride: Int
  ) {
    for group in 0..<block.groups {
      let c = block.c + group * block.cGroupStride
      epilogue.activate(
        c, rowStride: block.cRowStride, rows: block.rows, columns: block.columns,
        residual: residual.map { $0 + group * residualGroupStride }, residualRowStride: residualRowStride)
    }
  }
}

extension Epilogue {
  /// Whether sums may be multiplied when they are complete: they do not start from a residual. As it may lie where C does, it cannot be
  /// added later instead.
  var canScaleSums: Bool { !hasResidual || residualAfterActivation }

  /// Applies the activation, and then a late residual if one is given, to `rows` × `columns` values in place.
  func activate(
    _ c: UnsafeMutablePointer<Float>, rowStride: Int, rows: Int, columns: Int, residual: UnsafePointer<Float>?,
    residualRowStride: Int
  ) {
    if let activation {
      let dense = rowStride == columns
      for row in 0..<(dense ? 1 : rows) {
        let c = c + row * rowStride
        activation(c, c, dense ? rows * columns : columns, alpha, beta)
      }
    }
    if let residual {
      for row in 0..<rows {
        let c = c + row * rowStride
        let residual = residual + row * residualRowStride
        for column in 0..<columns { c[column] += residual[column] }
      }
    }
  }
}
