/// A stack of tiles of C that one panel makes: the operands at the first tile's first row.
@frozen @usableFromInline package struct MatrixTileStack {
  @usableFromInline package var a: UnsafePointer<Float>
  @usableFromInline package var windows: UnsafePointer<MatrixWindow>?
  /// The panel.
  @usableFromInline package var b: UnsafeRawPointer
  @usableFromInline package var c: UnsafeMutablePointer<Float>
  /// The panel's columns that exist.
  @usableFromInline package var columns: Int
  @usableFromInline package var initial: UnsafePointer<Float>?
  @usableFromInline package var columnScale: UnsafePointer<Float>?
  @usableFromInline package var columnBias: UnsafePointer<Float>?
  @usableFromInline package var rowBias: UnsafePointer<Float>?
  @usableFromInline package var residual: UnsafePointer<Float>?
  /// What is read when this stack is done, and how many bytes of it are fetched for each step of depth.
  @usableFromInline package var ahead: UnsafeRawPointer
  @usableFromInline package var aheadStep: Int

  @inlinable @inline(__always)
  init(
    a: UnsafePointer<Float>, windows: UnsafePointer<MatrixWindow>?, b: UnsafeRawPointer, c: UnsafeMutablePointer<Float>, columns: Int,
    initial: UnsafePointer<Float>?, columnScale: UnsafePointer<Float>?,
    columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, ahead: UnsafeRawPointer,
    aheadStep: Int
  ) {
    self.a = a
    self.windows = windows
    self.b = b
    self.c = c
    self.columns = columns
    self.initial = initial
    self.columnScale = columnScale
    self.columnBias = columnBias
    self.rowBias = rowBias
    self.residual = residual
    self.ahead = ahead
    self.aheadStep = aheadStep
  }
}

/// An element of a packed panel, widened when it is loaded.
@usableFromInline package protocol PanelElement: BitwiseCopyable {
  static func load<V: FloatVector>(_: V.Type, _ p: UnsafePointer<Self>) -> V
}

extension Float: PanelElement {
  @inlinable @inline(__always)
  package static func load<V: FloatVector>(_: V.Type, _ p: UnsafePointer<Float>) -> V { V.load(p) }
}

extension Float16: PanelElement {
  @inlinable @inline(__always)
  package static func load<V: FloatVector>(_: V.Type, _ p: UnsafePointer<Float16>) -> V { V.load(p) }
}

/// `Rows` × `Width` registers that lie in rows `stride` elements apart; `columns` of their columns exist.
@inlinable @inline(__always)
func loadTile<V: FloatVector, let Rows: Int, let Width: Int>(
  _ p: UnsafePointer<Float>, stride: Int, columns: Int
) -> InlineArray<Width, InlineArray<Rows, V>> {
  let lanes = V.lanes
  var values = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
  if columns >= Width &* lanes {
    for i in 0..<Rows {
      for j in 0..<Width { values[unchecked: j][unchecked: i] = V.load(p + (i &* stride &+ j &* lanes)) }
    }
  } else {
    for i in 0..<Rows {
      for j in 0..<Width {
        values[unchecked: j][unchecked: i] = V.load(
          p + (i &* stride &+ j &* lanes), count: Swift.max(0, Swift.min(lanes, columns &- j &* lanes)))
      }
    }
  }
  return values
}

/// Adds the products of a column of A and a row of B to a tile's sums.
@inlinable @inline(__always)
func multiplyAdd<V: FloatVector, let Rows: Int, let Width: Int>(
  _ sums: inout InlineArray<Width, InlineArray<Rows, V>>, _ a: UnsafePointer<Float>, _ aRowStride: Int, _ values: InlineArray<Width, V>
) {
  for i in 0..<Rows {
    let x = V.splat(a[i &* aRowStride])
    for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].fma(x, values[unchecked: j]) }
  }
}

/// Adds the products of a column of A and a row of a panel to a tile's sums.
@inlinable @inline(__always)
func multiplyAdd<V: FloatVector, Element: PanelElement, let Rows: Int, let Width: Int>(
  _ sums: inout InlineArray<Width, InlineArray<Rows, V>>, _ a: UnsafePointer<Float>, _ aRowStride: Int, _ b: UnsafePointer<Element>
) {
  var values = InlineArray<Width, V>(repeating: V.zero())
  for j in 0..<Width { values[unchecked: j] = Element.load(V.self, b + j &* V.lanes) }
  multiplyAdd(&sums, a, aRowStride, values)
}

/// Adds the products of a value of each of `rows` and a row of a panel to a tile's sums.
@inlinable @inline(__always)
func multiplyAdd<V: FloatVector, Element: PanelElement, let Rows: Int, let Width: Int>(
  _ sums: inout InlineArray<Width, InlineArray<Rows, V>>, _ rows: InlineArray<Rows, UnsafePointer<Float>>, _ k: Int,
  _ b: UnsafePointer<Element>
) {
  var values = InlineArray<Width, V>(repeating: V.zero())
  for j in 0..<Width { values[unchecked: j] = Element.load(V.self, b + j &* V.lanes) }
  for i in 0..<Rows {
    let x = V.splat(rows[unchecked: i][k])
    for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].fma(x, values[unchecked: j]) }
  }
}

/// `count` tiles of C of `Rows` × `Width` registers, one below the other, their sums in registers all the while.
@inlinable @inline(never)
package func computeTiles<V: FloatVector, Element: PanelElement, let Rows: Int, let Width: Int>(
  _: V.Type, _: Element.Type, _: InlineArray<Rows, Void>.Type, _: InlineArray<Width, Void>.Type, count: Int,
  _ block: UnsafePointer<MatrixBlock>, _ stack: UnsafeMutablePointer<MatrixTileStack>
) {
  let lanes = V.lanes
  let columns = stack.pointee.columns
  let aRowStride = block.pointee.aRowStride
  let isBounded = block.pointee.minimum > -.infinity || block.pointee.maximum < .infinity
  for _ in 0..<count {
    var sums = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
    if let initial = stack.pointee.initial {
      sums = loadTile(initial, stride: block.pointee.initialRowStride, columns: columns)
      stack.pointee.initial = initial + Rows &* block.pointee.initialRowStride
    }
    let c = stack.pointee.c
    let cRowStride = block.pointee.cRowStride
    for i in 0..<Rows { prefetchForWriting(c + i &* cRowStride) }

    var b = stack.pointee.b.assumingMemoryBound(to: Element.self)
    var ahead = stack.pointee.ahead
    let aheadStep = stack.pointee.aheadStep
    var segment = block.pointee.segments
    let end = segment + block.pointee.segmentCount
    // Of a vector every second value has sums of its own.
    var others = InlineArray<Width, V>(repeating: V.zero())
    repeat {
      var a = stack.pointee.a + segment.pointee.offset
      let length = segment.pointee.length
      if Rows <= MatrixWindow.mostRows {
        // There are registers for an address of each row.
        var rows = InlineArray<Rows, UnsafePointer<Float>>(repeating: a)
        if let windows = stack.pointee.windows {
          for i in 0..<Rows {
            let isInside = windows[i].taps &>> segment.pointee.tap & 1 != 0
            rows[unchecked: i] = isInside ? a + windows[i].offset : block.pointee.zeros
          }
        } else {
          for i in 0..<Rows { rows[unchecked: i] = a + i &* aRowStride }
        }
        var k = 0
        while Rows == 1 && block.pointee.isVector && length &- k >= 2 {
          prefetch(ahead)
          let x = V.splat(rows[unchecked: 0][k])
          let y = V.splat(rows[unchecked: 0][k &+ 1])
          for j in 0..<Width {
            sums[unchecked: j][unchecked: 0] = sums[unchecked: j][unchecked: 0].fma(x, Element.load(V.self, b + j &* lanes))
            others[unchecked: j] = others[unchecked: j].fma(y, Element.load(V.self, b + (Width &+ j) &* lanes))
          }
          b += 2 &* Width &* lanes
          ahead += 2 &* aheadStep
          k &+= 2
        }
        while length &- k >= 4 {
          for step in 0..<4 {
            prefetch(ahead + step &* aheadStep)
            multiplyAdd(&sums, rows, k &+ step, b + step &* Width &* lanes)
          }
          b += 4 &* Width &* lanes
          ahead += 4 &* aheadStep
          k &+= 4
        }
        while k < length {
          prefetch(ahead)
          multiplyAdd(&sums, rows, k, b)
          b += Width &* lanes
          ahead += aheadStep
          k &+= 1
        }
      } else {
        for _ in 0..<length {
          prefetch(ahead)
          multiplyAdd(&sums, a, aRowStride, b)
          a += 1
          b += Width &* lanes
          ahead += aheadStep
        }
      }
      segment += 1
    } while segment < end
    if Rows == 1 {
      for j in 0..<Width { sums[unchecked: j][unchecked: 0] = sums[unchecked: j][unchecked: 0] + others[unchecked: j] }
    }
    if let windows = stack.pointee.windows { stack.pointee.windows = windows + Rows } else { stack.pointee.a += Rows &* aRowStride }
    stack.pointee.ahead = ahead

    if let columnScale = stack.pointee.columnScale {
      let scale: InlineArray<Width, InlineArray<1, V>> = loadTile(columnScale, stride: 0, columns: columns)
      for j in 0..<Width {
        for i in 0..<Rows { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] * scale[unchecked: j][unchecked: 0] }
      }
    }
    if let columnBias = stack.pointee.columnBias {
      let bias: InlineArray<Width, InlineArray<1, V>> = loadTile(columnBias, stride: 0, columns: columns)
      for j in 0..<Width {
        for i in 0..<Rows { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + bias[unchecked: j][unchecked: 0] }
      }
    }
    if let rowBias = stack.pointee.rowBias {
      for i in 0..<Rows {
        let bias = V.splat(rowBias[i])
        for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + bias }
      }
      stack.pointee.rowBias = rowBias + Rows
    }
    if isBounded {
      let minimum = V.splat(block.pointee.minimum)
      let maximum = V.splat(block.pointee.maximum)
      for j in 0..<Width {
        for i in 0..<Rows { sums[unchecked: j][unchecked: i] = maximum.min(minimum.max(sums[unchecked: j][unchecked: i])) }
      }
    }
    if let residual = stack.pointee.residual {
      let added: InlineArray<Width, InlineArray<Rows, V>> = loadTile(
        residual, stride: block.pointee.residualRowStride, columns: columns)
      for j in 0..<Width {
        for i in 0..<Rows {
          sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + added[unchecked: j][unchecked: i]
        }
      }
      stack.pointee.residual = residual + Rows &* block.pointee.residualRowStride
    }
    if columns >= Width &* lanes {
      for i in 0..<Rows {
        for j in 0..<Width { sums[unchecked: j][unchecked: i].store(c + (i &* cRowStride &+ j &* lanes)) }
      }
    } else {
      for i in 0..<Rows {
        for j in 0..<Width {
          sums[unchecked: j][unchecked: i].store(
            c + (i &* cRowStride &+ j &* lanes), count: Swift.max(0, Swift.min(lanes, columns &- j &* lanes)))
        }
      }
    }
    stack.pointee.c = c + Rows &* cRowStride
  }
}
