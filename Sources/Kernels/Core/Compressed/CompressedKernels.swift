/// A way to read codes of `bits` bits, of four rows of a panel at a time.
@usableFromInline package protocol CompressedFormat: SendableMetatype {
  static var bits: Int { get }
  /// What ``floats(_:isOdd:_:)`` is greater than a code, of even and of odd rows.
  static var excess: (even: Float, odd: Float) { get }
  /// The codes of the lower, or of the second lowest, `bits` bits of each lane.
  static func floats<V: IntegerVector>(_ codes: V, isOdd: Bool, _ values: UnsafePointer<Float>) -> V.Floats
}

extension CompressedFormat {
  /// Bytes of a register of columns in four rows.
  @inlinable @inline(__always)
  static func registerBytes<V: IntegerVector>(_: V.Type) -> Int { V.lanes &* bits / 2 }

  /// The codes of a register of columns in four rows, the first row's in the lowest bits.
  @inlinable @inline(__always)
  static func load<V: IntegerVector>(_: V.Type, _ p: UnsafeRawPointer) -> V { bits == 8 ? V.load(p) : V.load(words: p) }

  /// An integer without a conversion: its bits in the significand of a power of two whose lowest bit it is to be.
  @inlinable @inline(__always)
  static func integers<V: IntegerVector>(_ codes: V, isOdd: Bool) -> V.Floats {
    let mask = Int32(truncatingIfNeeded: 1 &<< bits &- 1)
    return isOdd
      ? codes.bits(mask &<< Int32(truncatingIfNeeded: bits), besides: excess.odd) : codes.bits(mask, besides: excess.even)
  }
}

/// The formats of ``CompressedCode``.
@usableFromInline package enum CompressedFormats {
  @usableFromInline package enum U8: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 8 }
    @inlinable @inline(__always) package static var excess: (even: Float, odd: Float) { (0x1p23, 0x1p15) }
    @inlinable @inline(__always)
    package static func floats<V: IntegerVector>(_ codes: V, isOdd: Bool, _ values: UnsafePointer<Float>) -> V.Floats {
      integers(codes, isOdd: isOdd)
    }
  }

  @usableFromInline package enum U4: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 4 }
    @inlinable @inline(__always) package static var excess: (even: Float, odd: Float) { (0x1p23, 0x1p19) }
    @inlinable @inline(__always)
    package static func floats<V: IntegerVector>(_ codes: V, isOdd: Bool, _ values: UnsafePointer<Float>) -> V.Floats {
      integers(codes, isOdd: isOdd)
    }
  }

  @usableFromInline package enum NF4: CompressedFormat {
    @inlinable @inline(__always) package static var bits: Int { 4 }
    @inlinable @inline(__always) package static var excess: (even: Float, odd: Float) { (0, 0) }
    @inlinable @inline(__always)
    package static func floats<V: IntegerVector>(_ codes: V, isOdd: Bool, _ values: UnsafePointer<Float>) -> V.Floats {
      (isOdd ? codes.shiftedRight(4) : codes).lowerHalf().values(of: values)
    }
  }
}

/// What makes weights of a group's codes, for the columns of `Width` registers.
@frozen @usableFromInline struct GroupConstants<Floats: FloatVector, let Width: Int> {
  /// Zero points, and what codes of even and of odd rows exceed.
  @usableFromInline var even = InlineArray<Width, Floats>(repeating: Floats.zero())
  @usableFromInline var odd = InlineArray<Width, Floats>(repeating: Floats.zero())
  @usableFromInline var scales = InlineArray<Width, Floats>(repeating: Floats.zero())

  /// Of the registers from `first` on of a group of a panel that is `panelWidth` registers wide.
  @inlinable @inline(__always)
  init<F: CompressedFormat>(_: F.Type, _ group: UnsafeRawPointer, first: Int = 0, panelWidth: Int = Width) {
    let constants = group.assumingMemoryBound(to: Float.self) + first &* Floats.lanes
    for j in 0..<Width {
      let zeroPoint = Floats.load(constants + j &* Floats.lanes)
      even[unchecked: j] = zeroPoint + Floats.splat(F.excess.even)
      odd[unchecked: j] = zeroPoint + Floats.splat(F.excess.odd)
      scales[unchecked: j] = Floats.load(constants + (panelWidth &+ j) &* Floats.lanes)
    }
  }

  /// The weights of row `step` (0..<4) of four, before they are multiplied by their scales.
  @inlinable @inline(__always)
  func weights<V: IntegerVector, F: CompressedFormat>(
    _: F.Type, _ codes: V, _ j: Int, step: Int, _ values: UnsafePointer<Float>
  ) -> Floats where V.Floats == Floats {
    let pair = step < 2 ? codes : codes.shiftedRight(Int32(truncatingIfNeeded: 2 &* F.bits))
    return F.floats(pair, isOdd: step & 1 != 0, values) - (step & 1 != 0 ? odd : even)[unchecked: j]
  }
}

/// The body of every ``CompressedFunction``.
@inlinable @inline(__always)
package func computeCompressed<V: IntegerVector>(_: V.Type, _ block: UnsafePointer<CompressedBlock>) {
  switch block.pointee.code {
  case .u8: computeCompressed(V.self, CompressedFormats.U8.self, block)
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
  let registerBytes = F.registerBytes(V.self)
  let quadBytes = PanelWidth &* registerBytes
  let firstColumn = firstRegister &* lanes
  let aRowStride = block.pointee.aRowStride
  let values = block.pointee.values
  let zeros = InlineArray<Width, InlineArray<Rows, Floats>>(
    repeating: InlineArray<Rows, Floats>(repeating: Floats.zero()))
  var totals = zeros
  var p = block.pointee.panel
  var first = 0
  while first < block.pointee.depth {
    let constants = GroupConstants<Floats, Width>(F.self, p, first: firstRegister, panelWidth: PanelWidth)
    p += 8 &* PanelWidth &* lanes
    // A group's sums are multiplied by its scales. Of few rows even and odd rows of weights have sums of their own, so that one does not
    // wait for the other.
    var even = zeros
    var odd = zeros
    var a = block.pointee.a + (row &* aRowStride &+ first)
    let count = Swift.min(block.pointee.groupSize, block.pointee.depth &- first)
    var rest = count
    while rest > 0 {
      var codes = InlineArray<Width, V>(repeating: V.zero())
      for j in 0..<Width { codes[unchecked: j] = F.load(V.self, p + (firstRegister &+ j) &* registerBytes) }
      var weights = InlineArray<Width, Floats>(repeating: Floats.zero())
      if rest >= 4 {
        for line in 0..<((quadBytes &+ 63) / 64) { prefetch(p + (CompressedPanels.fetchedAhead &+ 64 &* line)) }
        for step in 0..<4 {
          for j in 0..<Width { weights[unchecked: j] = constants.weights(F.self, codes[unchecked: j], j, step: step, values) }
          if Rows > 2 || step & 1 == 0 {
            multiplyAdd(&even, a + step, aRowStride, weights)
          } else {
            multiplyAdd(&odd, a + step, aRowStride, weights)
          }
        }
      } else {
        for k in 0..<rest {
          for j in 0..<Width {
            weights[unchecked: j] = constants.weights(F.self, codes[unchecked: j], j, step: 0, values)
            codes[unchecked: j] = codes[unchecked: j].shiftedRight(Int32(truncatingIfNeeded: F.bits))
          }
          multiplyAdd(&even, a + k, aRowStride, weights)
        }
      }
      p += quadBytes
      a += 4
      rest &-= 4
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
  case .u8:
    expandCompressed(V.self, CompressedFormats.U8.self, block, first: first, end: end, target)
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

@inlinable @inline(never)
func expandRows<V: IntegerVector, F: CompressedFormat, let Width: Int>(
  _: V.Type, _: F.Type, _ width: InlineArray<Width, Void>.Type, _ block: UnsafePointer<CompressedBlock>,
  first: Int, end: Int, _ target: UnsafeMutablePointer<Float>
) {
  if CompressedBlock.canScaleSums(bits: F.bits) && block.pointee.scalesSums {
    expandRows(V.self, F.self, width, block, first: first, end: end, isScaled: false, target)
  } else {
    expandRows(V.self, F.self, width, block, first: first, end: end, isScaled: true, target)
  }
}

/// Four rows of a panel `Width` registers wide at a time; `isScaled`, which is known to the compiler, multiplies them by their scales.
@inlinable @inline(__always)
func expandRows<V: IntegerVector, F: CompressedFormat, let Width: Int>(
  _: V.Type, _: F.Type, _: InlineArray<Width, Void>.Type, _ block: UnsafePointer<CompressedBlock>,
  first: Int, end: Int, isScaled: Bool, _ target: UnsafeMutablePointer<Float>
) {
  typealias Floats = V.Floats
  let lanes = V.lanes
  let width = Width &* lanes
  let registerBytes = F.registerBytes(V.self)
  let groupSize = block.pointee.groupSize
  let groupStride = CompressedPanels.groupBytes(groupSize: groupSize, bits: F.bits) &* width
  let values = block.pointee.values
  var output = target
  var row = first
  while row < end {
    let group = row / groupSize
    let base = block.pointee.panel + group &* groupStride
    let constants = GroupConstants<Floats, Width>(F.self, base)
    @inline(__always) func store(_ codes: V, _ j: Int, step: Int, row: Int) {
      let weights = constants.weights(F.self, codes, j, step: step, values)
      (isScaled ? weights * constants.scales[unchecked: j] : weights).store(output + (row &* width &+ j &* lanes))
    }
    let start = group &* groupSize
    let last = Swift.min(end, Swift.min(start &+ groupSize, block.pointee.depth)) &- start
    var k = row &- start
    row = start &+ last
    while k < last {
      let p = base + (8 &* width &+ k / 4 &* Width &* registerBytes)
      let rows = k & 3 == 0 && last &- k >= 4 ? 4 : 1
      if rows == 4 {
        var codes = InlineArray<Width, V>(repeating: V.zero())
        for j in 0..<Width { codes[unchecked: j] = F.load(V.self, p + j &* registerBytes) }
        for step in 0..<4 {
          for j in 0..<Width { store(codes[unchecked: j], j, step: step, row: step) }
        }
      } else {
        let shift = Int32(truncatingIfNeeded: (k & 3) &* F.bits)
        for j in 0..<Width { store(F.load(V.self, p + j &* registerBytes).shiftedRight(shift), j, step: 0, row: 0) }
      }
      output += rows &* width
      k &+= rows
    }
  }
}
