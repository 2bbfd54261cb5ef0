/// A tile of C: at most `Rows` × `Width` registers, its sums in registers all the while.
///
/// `a`, `c`, `initial` and `residual` point at the tile's first row, `columnBias` at its first column, `rowBias` at its first
/// row; `columns` of the tile exist. Everything else is the block's.
@inlinable @inline(never)
package func computeTile<V: FloatVector, let Rows: Int, let Width: Int>(
  _: V.Type, _ rows: InlineArray<Rows, Void>.Type, _ width: InlineArray<Width, Void>.Type, _ block: UnsafePointer<MatrixBlock>,
  a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, columns: Int,
  initial: UnsafePointer<Float>?, columnBias: UnsafePointer<Float>?, rowBias: UnsafePointer<Float>?,
  residual: UnsafePointer<Float>?
) {
  let lanes = V.lanes
  let whole = columns >= Width &* lanes
  @inline(__always) func count(_ j: Int) -> Int { Swift.max(0, Swift.min(lanes, columns &- j &* lanes)) }
  @inline(__always) func load(_ p: UnsafePointer<Float>, _ j: Int) -> V {
    whole ? V.load(p + j &* lanes) : V.load(p + j &* lanes, count: count(j))
  }

  var sums = InlineArray<Width, InlineArray<Rows, V>>(repeating: InlineArray<Rows, V>(repeating: V.zero()))
  if let initial {
    let stride = block.pointee.initialRowStride
    for i in 0..<Rows {
      for j in 0..<Width { sums[unchecked: j][unchecked: i] = load(initial + i &* stride, j) }
    }
  }

  let aRowStride = block.pointee.aRowStride
  var b = b
  var segment = block.pointee.segments
  let end = segment + block.pointee.segmentCount
  repeat {
    var a = a + segment.pointee.offset
    for _ in 0..<segment.pointee.length {
      var values = InlineArray<Width, V>(repeating: V.zero())
      for j in 0..<Width { values[unchecked: j] = V.load(b + j &* lanes) }
      for i in 0..<Rows {
        let x = V.splat(a[i &* aRowStride])
        for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i].fma(x, values[unchecked: j]) }
      }
      a += 1
      b += Width &* lanes
    }
    segment += 1
  } while segment < end

  if let columnBias {
    for j in 0..<Width {
      let bias = load(columnBias, j)
      for i in 0..<Rows { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + bias }
    }
  }
  if let rowBias {
    for i in 0..<Rows {
      let bias = V.splat(rowBias[i])
      for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + bias }
    }
  }
  let minimum = V.splat(block.pointee.minimum)
  let maximum = V.splat(block.pointee.maximum)
  for j in 0..<Width {
    for i in 0..<Rows { sums[unchecked: j][unchecked: i] = maximum.min(minimum.max(sums[unchecked: j][unchecked: i])) }
  }
  if let residual {
    let stride = block.pointee.residualRowStride
    for i in 0..<Rows {
      for j in 0..<Width { sums[unchecked: j][unchecked: i] = sums[unchecked: j][unchecked: i] + load(residual + i &* stride, j) }
    }
  }
  let cRowStride = block.pointee.cRowStride
  if whole {
    for i in 0..<Rows {
      for j in 0..<Width { sums[unchecked: j][unchecked: i].store(c + i &* cRowStride + j &* lanes) }
    }
  } else {
    for i in 0..<Rows {
      for j in 0..<Width { sums[unchecked: j][unchecked: i].store(c + i &* cRowStride + j &* lanes, count: count(j)) }
    }
  }
}
