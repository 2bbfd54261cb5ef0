/// A way to read codes: `Bits` a code, two rows of a panel at a time.
@usableFromInline package protocol CompressedFormat: SendableMetatype {
  static var bits: Int { get }
  /// The codes of a register of columns in two rows, as floats; `next` bytes after the first row lies the second, where it has bytes of
  /// its own.
  static func load<V: IntegerVector>(
    _: V.Type, _ p: UnsafeRawPointer, next: Int, _ values: UnsafePointer<Float>
  ) -> (V.Floats, V.Floats)
  /// The codes of the last row, which has no other.
  static func loadLast<V: IntegerVector>(
    _: V.Type, _ p: UnsafeRawPointer, _ values: UnsafePointer<Float>
  ) -> V.Floats
}

/// The formats of ``CompressedCode``.
@usableFromInline package enum CompressedFormats {
  @usableFromInline package enum I8: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 8 }
    @inlinable @inline(__always)
    package static func load<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, next: Int, _ values: UnsafePointer<Float>
    ) -> (V.Floats, V.Floats) {
      (loadLast(V.self, p, values), loadLast(V.self, p + next, values))
    }
    @inlinable @inline(__always)
    package static func loadLast<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, _ values: UnsafePointer<Float>
    ) -> V.Floats {
      V.load(bytes: p, isSigned: true, count: V.lanes).floats()
    }
  }

  @usableFromInline package enum U4: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 4 }
    @inlinable @inline(__always)
    package static func load<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, next: Int, _ values: UnsafePointer<Float>
    ) -> (V.Floats, V.Floats) {
      let codes = V.load(bytes: p, isSigned: false, count: V.lanes)
      return (codes.lowerHalf().floats(), codes.upperHalf().floats())
    }
    @inlinable @inline(__always)
    package static func loadLast<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, _ values: UnsafePointer<Float>
    ) -> V.Floats {
      V.load(bytes: p, isSigned: false, count: V.lanes).lowerHalf().floats()
    }
  }

  @usableFromInline package enum NF4: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 4 }
    @inlinable @inline(__always)
    package static func load<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, next: Int, _ values: UnsafePointer<Float>
    ) -> (V.Floats, V.Floats) {
      let codes = V.load(bytes: p, isSigned: false, count: V.lanes)
      return (codes.lowerHalf().values(of: values), codes.upperHalf().values(of: values))
    }
    @inlinable @inline(__always)
    package static func loadLast<V: IntegerVector>(
      _: V.Type, _ p: UnsafeRawPointer, _ values: UnsafePointer<Float>
    ) -> V.Floats {
      V.load(bytes: p, isSigned: false, count: V.lanes).lowerHalf().values(of: values)
    }
  }
}

/// The body of every ``CompressedFunction``.
@inlinable @inline(__always)
package func computeCompressed<V: IntegerVector>(_: V.Type, _ block: UnsafePointer<CompressedBlock>) {
  switch block.pointee.code {
  case .i8: computeCompressed(V.self, CompressedFormats.I8.self, block)
  case .u4: computeCompressed(V.self, CompressedFormats.U4.self, block)
  case .nf4: computeCompressed(V.self, CompressedFormats.NF4.self, block)
  }
}

/// Rows in tiles of eight, four, two and one. Of eight rows a register of columns goes at a time, of fewer the whole panel.
@inlinable @inline(__always)
func computeCompressed<V: IntegerVector, F: CompressedFormat>(
  _: V.Type, _: F.Type, _ block: UnsafePointer<CompressedBlock>
) {
  let width = block.pointee.columns > V.lanes ? 2 : 1
  @inline(__always)
  func tile<let Rows: Int, let Width: Int>(
    _ rows: InlineArray<Rows, Void>.Type, _ columns: InlineArray<Width, Void>.Type, _ row: Int,
    _ column: Int
  ) {
    compressedTile(
      V.self, F.self, rows, columns, block, row: row, column: column, panelColumns: width &* V.lanes
    )
  }
  @inline(__always) func tiles<let Rows: Int>(_ rows: InlineArray<Rows, Void>.Type, _ row: Int) {
    if Rows < 8 && width == 2 {
      tile(rows, InlineArray<2, Void>.self, row, 0)
    } else {
      for j in 0..<width { tile(rows, InlineArray<1, Void>.self, row, j &* V.lanes) }
    }
  }
  var row = 0
  while row < block.pointee.rows {
    let rest = block.pointee.rows &- row
    if rest >= 8 {
      tiles(InlineArray<8, Void>.self, row)
      row &+= 8
    } else if rest >= 4 {
      tiles(InlineArray<4, Void>.self, row)
      row &+= 4
    } else if rest >= 2 {
      tiles(InlineArray<2, Void>.self, row)
      row &+= 2
    } else {
      tiles(InlineArray<1, Void>.self, row)
      row &+= 1
    }
  }
}

/// `Rows` rows of A, from `row` on, against `Width` registers of a panel, from `column` on, whose codes become weights in registers.
@inlinable @inline(never)
func compressedTile<V: IntegerVector, F: CompressedFormat, let Rows: Int, let Width: Int>(
  _: V.Type, _: F.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type,
  _ block: UnsafePointer<CompressedBlock>,
  row: Int, column: Int, panelColumns bytes: Int
) {
  typealias Floats = V.Floats
  let lanes = V.lanes
  let aRowStride = block.pointee.aRowStride
  let values = block.pointee.values
  // Even and odd rows of weights have sums of their own, so that one does not wait for the other.
  var even = InlineArray<Width, InlineArray<Rows, Floats>>(
    repeating: InlineArray<Rows, Floats>(repeating: Floats.zero()))
  var odd = even
  var p = block.pointee.panel
  var first = 0
  while first < block.pointee.depth {
    let count = Swift.min(block.pointee.groupSize, block.pointee.depth &- first)
    let constants = p.assumingMemoryBound(to: Float.self)
    p += 8 &* bytes
    var zeros = InlineArray<Width, Floats>(repeating: Floats.zero())
    var scales = zeros
    for j in 0..<Width {
      zeros[unchecked: j] = Floats.load(constants + (column &+ j &* lanes))
      scales[unchecked: j] = Floats.load(constants + (bytes &+ column &+ j &* lanes))
    }
    var a = block.pointee.a + (row &* aRowStride &+ first)
    var k = 0
    while k &+ 2 <= count {
      prefetch(p + CompressedPanels.fetchedAhead)
      for j in 0..<Width {
        let codes = F.load(V.self, p + (column &+ j &* lanes), next: bytes, values)
        let low = (codes.0 - zeros[unchecked: j]) * scales[unchecked: j]
        let high = (codes.1 - zeros[unchecked: j]) * scales[unchecked: j]
        for i in 0..<Rows {
          even[unchecked: j][unchecked: i] = even[unchecked: j][unchecked: i].fma(
            Floats.splat(a[i &* aRowStride]), low)
          if Rows > 2 {
            even[unchecked: j][unchecked: i] = even[unchecked: j][unchecked: i].fma(
              Floats.splat(a[i &* aRowStride &+ 1]), high)
          } else {
            odd[unchecked: j][unchecked: i] = odd[unchecked: j][unchecked: i].fma(
              Floats.splat(a[i &* aRowStride &+ 1]), high)
          }
        }
      }
      p += F.bits == 8 ? 2 &* bytes : bytes
      a += 2
      k &+= 2
    }
    if k < count {
      for j in 0..<Width {
        let weights =
          (F.loadLast(V.self, p + (column &+ j &* lanes), values) - zeros[unchecked: j])
          * scales[unchecked: j]
        for i in 0..<Rows {
          even[unchecked: j][unchecked: i] = even[unchecked: j][unchecked: i].fma(
            Floats.splat(a[i &* aRowStride]), weights)
        }
      }
      p += bytes
    }
    first &+= count
  }

  let minimum = Floats.splat(block.pointee.minimum)
  let maximum = Floats.splat(block.pointee.maximum)
  for j in 0..<Width {
    let offset = column &+ j &* lanes
    let count = Swift.min(lanes, block.pointee.columns &- offset)
    let bias =
      block.pointee.columnBias.map { Floats.load($0 + offset, count: count) } ?? Floats.zero()
    for i in 0..<Rows {
      var x = even[unchecked: j][unchecked: i] + odd[unchecked: j][unchecked: i] + bias
      if let rowBias = block.pointee.rowBias { x = x + Floats.splat(rowBias[row &+ i]) }
      let residual = block.pointee.residual.map {
        Floats.load($0 + ((row &+ i) &* block.pointee.residualRowStride &+ offset), count: count)
      }
      if let residual, !block.pointee.residualIsLate { x = x + residual }
      x = maximum.min(minimum.max(x))
      if let residual, block.pointee.residualIsLate { x = x + residual }
      x.store(block.pointee.c + ((row &+ i) &* block.pointee.cRowStride &+ offset), count: count)
    }
  }
}

/// The body of every ``ExpansionFunction``.
@inlinable @inline(__always)
package func expandCompressed<V: IntegerVector>(
  _: V.Type, _ block: UnsafePointer<CompressedBlock>, first: Int, end: Int,
  _ target: UnsafeMutablePointer<Float>
) {
  switch block.pointee.code {
  case .i8:
    expandCompressed(V.self, CompressedFormats.I8.self, block, first: first, end: end, target)
  case .u4:
    expandCompressed(V.self, CompressedFormats.U4.self, block, first: first, end: end, target)
  case .nf4:
    expandCompressed(V.self, CompressedFormats.NF4.self, block, first: first, end: end, target)
  }
}

@inlinable @inline(__always)
func expandCompressed<V: IntegerVector, F: CompressedFormat>(
  _: V.Type, _: F.Type, _ block: UnsafePointer<CompressedBlock>, first: Int, end: Int,
  _ target: UnsafeMutablePointer<Float>
) {
  if block.pointee.columns > V.lanes {
    expandRows(V.self, F.self, InlineArray<2, Void>.self, block, first: first, end: end, target)
  } else {
    expandRows(V.self, F.self, InlineArray<1, Void>.self, block, first: first, end: end, target)
  }
}

/// Two rows of a panel `Width` registers wide at a time.
@inlinable @inline(never)
func expandRows<V: IntegerVector, F: CompressedFormat, let Width: Int>(
  _: V.Type, _: F.Type, _: InlineArray<Width, Void>.Type, _ block: UnsafePointer<CompressedBlock>,
  first: Int, end: Int, _ target: UnsafeMutablePointer<Float>
) {
  typealias Floats = V.Floats
  let lanes = V.lanes
  let bytes = Width &* lanes
  let groupSize = block.pointee.groupSize
  let groupStride = CompressedPanels.groupBytes(groupSize: groupSize, bits: F.bits) &* bytes
  let values = block.pointee.values
  var output = target
  var row = first
  while row < end {
    let group = row / groupSize
    let base = block.pointee.panel + group &* groupStride
    let constants = base.assumingMemoryBound(to: Float.self)
    var zeros = InlineArray<Width, Floats>(repeating: Floats.zero())
    var scales = zeros
    for j in 0..<Width {
      zeros[unchecked: j] = Floats.load(constants + j &* lanes)
      scales[unchecked: j] = Floats.load(constants + (Width &+ j) &* lanes)
    }
    @inline(__always) func store(_ codes: Floats, _ j: Int, _ row: Int) {
      ((codes - zeros[unchecked: j]) * scales[unchecked: j]).store(
        output + (row &* bytes &+ j &* lanes))
    }
    var k = row &- group &* groupSize
    let last = Swift.min(
      end &- group &* groupSize, Swift.min(groupSize, block.pointee.depth &- group &* groupSize))
    var p = base + (8 &+ (F.bits == 8 ? k : k / 2)) &* bytes
    row &+= last &- k
    if F.bits == 4 && k & 1 != 0 {
      for j in 0..<Width { store(F.load(V.self, p + j &* lanes, next: bytes, values).1, j, 0) }
      output += bytes
      p += bytes
      k &+= 1
    }
    while k &+ 2 <= last {
      for j in 0..<Width {
        let codes = F.load(V.self, p + j &* lanes, next: bytes, values)
        store(codes.0, j, 0)
        store(codes.1, j, 1)
      }
      output += 2 &* bytes
      p += F.bits == 8 ? 2 &* bytes : bytes
      k &+= 2
    }
    if k < last {
      for j in 0..<Width { store(F.loadLast(V.self, p + j &* lanes, values), j, 0) }
      output += bytes
    }
  }
}
