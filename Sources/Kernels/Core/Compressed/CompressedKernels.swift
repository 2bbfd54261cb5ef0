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

/// What makes weights of a group's codes, for the columns of `Width` registers.
@frozen @usableFromInline struct GroupConstants<Floats: FloatVector, let Width: Int> {
  @usableFromInline var zeroPoints = InlineArray<Width, Floats>(repeating: Floats.zero())
  @usableFromInline var scales = InlineArray<Width, Floats>(repeating: Floats.zero())

  /// Of the registers from `first` on of a group of a panel that is `panelWidth` registers wide.
  @inlinable @inline(__always)
  init(_ group: UnsafeRawPointer, first: Int = 0, panelWidth: Int = Width) {
    let constants = group.assumingMemoryBound(to: Float.self) + first &* Floats.lanes
    for j in 0..<Width {
      zeroPoints[unchecked: j] = Floats.load(constants + j &* Floats.lanes)
      scales[unchecked: j] = Floats.load(constants + (panelWidth &+ j) &* Floats.lanes)
    }
  }

  /// Weights before they are multiplied by their scales.
  @inlinable @inline(__always)
  func shifted(_ codes: Floats, _ j: Int) -> Floats { codes - zeroPoints[unchecked: j] }
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

/// Rows in tiles of four, two and one; where registers are many, of eight that are half as wide as the panel, so that each weight is made
/// once for all of them.
@inlinable @inline(__always)
func computeCompressed<V: IntegerVector, F: CompressedFormat>(
  _: V.Type, _: F.Type, _ block: UnsafePointer<CompressedBlock>
) {
  // Where panels are no wider no code is made for more.
  let isWide = MatrixPanels.isWide(lanes: V.lanes)
  switch IntegerPanels.width(rest: block.pointee.columns, lanes: V.lanes) {
  case 4 where isWide: computeCompressed(V.self, F.self, InlineArray<4, Void>.self, block)
  case 3 where isWide: computeCompressed(V.self, F.self, InlineArray<3, Void>.self, block)
  case 2: computeCompressed(V.self, F.self, InlineArray<2, Void>.self, block)
  default: computeCompressed(V.self, F.self, InlineArray<1, Void>.self, block)
  }
}

@inlinable @inline(__always)
func computeCompressed<V: IntegerVector, F: CompressedFormat, let Width: Int>(
  _: V.Type, _: F.Type, _ width: InlineArray<Width, Void>.Type, _ block: UnsafePointer<CompressedBlock>
) {
  var row = 0
  while row < block.pointee.rows {
    let rest = block.pointee.rows &- row
    if rest >= 8 && Width == 4 {
      for half in 0..<2 {
        compressedTile(V.self, F.self, InlineArray<8, Void>.self, InlineArray<2, Void>.self, width, block, row: row, first: 2 &* half)
      }
      row &+= 8
    } else if rest >= 4 {
      compressedTile(V.self, F.self, InlineArray<4, Void>.self, width, width, block, row: row, first: 0)
      row &+= 4
    } else if rest >= 2 {
      compressedTile(V.self, F.self, InlineArray<2, Void>.self, width, width, block, row: row, first: 0)
      row &+= 2
    } else {
      compressedTile(V.self, F.self, InlineArray<1, Void>.self, width, width, block, row: row, first: 0)
      row &+= 1
    }
  }
}

/// `Rows` rows of A, from `row` on, against `Width` registers, from `first` on, of a panel of `PanelWidth`, whose codes become weights in
/// registers.
@inlinable @inline(never)
func compressedTile<V: IntegerVector, F: CompressedFormat, let Rows: Int, let Width: Int, let PanelWidth: Int>(
  _: V.Type, _: F.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type, _: InlineArray<PanelWidth, Void>.Type,
  _ block: UnsafePointer<CompressedBlock>, row: Int, first firstRegister: Int
) {
  typealias Floats = V.Floats
  let lanes = V.lanes
  let bytes = PanelWidth &* lanes
  let firstColumn = firstRegister &* lanes
  let pairBytes = F.bits == 8 ? 2 &* bytes : bytes
  let aRowStride = block.pointee.aRowStride
  let values = block.pointee.values
  let zeros = InlineArray<Width, InlineArray<Rows, Floats>>(
    repeating: InlineArray<Rows, Floats>(repeating: Floats.zero()))
  var totals = zeros
  var p = block.pointee.panel
  var first = 0
  while first < block.pointee.depth {
    let constants = GroupConstants<Floats, Width>(p, first: firstRegister, panelWidth: PanelWidth)
    p += 8 &* bytes
    // A group's sums are multiplied by its scales. Of few rows even and odd rows of weights have sums of their own, so that one does not
    // wait for the other.
    var even = zeros
    var odd = zeros
    var a = block.pointee.a + (row &* aRowStride &+ first)
    let count = Swift.min(block.pointee.groupSize, block.pointee.depth &- first)
    @inline(__always) func multiplyAddPair(_ p: UnsafeRawPointer, _ a: UnsafePointer<Float>) {
      var low = InlineArray<Width, Floats>(repeating: Floats.zero())
      var high = low
      for j in 0..<Width {
        let codes = F.load(V.self, p + (firstColumn &+ j &* lanes), next: bytes, values)
        low[unchecked: j] = constants.shifted(codes.0, j)
        high[unchecked: j] = constants.shifted(codes.1, j)
      }
      multiplyAdd(&even, a, aRowStride, low)
      if Rows > 2 { multiplyAdd(&even, a + 1, aRowStride, high) } else { multiplyAdd(&odd, a + 1, aRowStride, high) }
    }
    var rest = count
    while rest >= 4 {
      for line in 0..<((2 &* pairBytes &+ 63) / 64) { prefetch(p + (CompressedPanels.fetchedAhead &+ 64 &* line)) }
      for pair in 0..<2 { multiplyAddPair(p + pair &* pairBytes, a + 2 &* pair) }
      p += 2 &* pairBytes
      a += 4
      rest &-= 4
    }
    if rest >= 2 {
      multiplyAddPair(p, a)
      p += pairBytes
      a += 2
      rest &-= 2
    }
    if rest > 0 {
      var weights = InlineArray<Width, Floats>(repeating: Floats.zero())
      for j in 0..<Width { weights[unchecked: j] = constants.shifted(F.loadLast(V.self, p + (firstColumn &+ j &* lanes), values), j) }
      multiplyAdd(&even, a, aRowStride, weights)
      p += bytes
    }
    for j in 0..<Width {
      for i in 0..<Rows {
        totals[unchecked: j][unchecked: i] = totals[unchecked: j][unchecked: i].fma(
          even[unchecked: j][unchecked: i] + odd[unchecked: j][unchecked: i], constants.scales[unchecked: j])
      }
    }
    first &+= count
  }

  let minimum = Floats.splat(block.pointee.minimum)
  let maximum = Floats.splat(block.pointee.maximum)
  for j in 0..<Width {
    let offset = firstColumn &+ j &* lanes
    let count = Swift.min(lanes, block.pointee.columns &- offset)
    let bias =
      block.pointee.columnBias.map { Floats.load($0 + offset, count: count) } ?? Floats.zero()
    for i in 0..<Rows {
      var x = totals[unchecked: j][unchecked: i] + bias
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
  // Where panels are no wider no code is made for more.
  let isWide = MatrixPanels.isWide(lanes: V.lanes)
  switch IntegerPanels.width(rest: block.pointee.columns, lanes: V.lanes) {
  case 4 where isWide: expandRows(V.self, F.self, InlineArray<4, Void>.self, block, first: first, end: end, target)
  case 3 where isWide: expandRows(V.self, F.self, InlineArray<3, Void>.self, block, first: first, end: end, target)
  case 2: expandRows(V.self, F.self, InlineArray<2, Void>.self, block, first: first, end: end, target)
  default: expandRows(V.self, F.self, InlineArray<1, Void>.self, block, first: first, end: end, target)
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
    let constants = GroupConstants<Floats, Width>(base)
    @inline(__always) func store(_ codes: Floats, _ j: Int, _ row: Int) {
      (constants.shifted(codes, j) * constants.scales[unchecked: j]).store(output + (row &* bytes &+ j &* lanes))
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
