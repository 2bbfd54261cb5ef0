/// Reduces the middle axis of a dense [outer, reduced, inner] tensor of 32-bit floats to [outer, inner]; a worker's share.
///
/// Sums are blocked: a lane takes in no more than ``reductionBlock`` elements before it is added to another partial sum, so that
/// the error grows with the block and the number of blocks rather than with their product.
@usableFromInline package typealias ReductionFunction =
  @Sendable (
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ outer: Int, _ reduced: Int, _ inner: Int, _ worker: Int,
    _ workers: Int
  ) -> Void

/// Elements a lane takes in between two joins.
@inlinable @inline(__always)
package var reductionBlock: Int { 32 }

/// A row of the table of reduction kernels.
package struct ReductionKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: ReductionOperation
  package let run: ReductionFunction

  package init(name: String, requires: CPUFeatures, operation: ReductionOperation, run: @escaping ReductionFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// The kernel of a reduction for a vector type.
@inlinable @inline(__always)
package func reductionFunction<V: FloatVector>(_: V.Type, _ operation: ReductionOperation) -> ReductionFunction {
  switch operation {
  case .sum: reductionFunction(V.self, ReductionFormulas.Sum.self)
  case .mean: reductionFunction(V.self, ReductionFormulas.Mean.self)
  case .maximum: reductionFunction(V.self, ReductionFormulas.Maximum.self)
  case .minimum: reductionFunction(V.self, ReductionFormulas.Minimum.self)
  case .product: reductionFunction(V.self, ReductionFormulas.Product.self)
  case .l1: reductionFunction(V.self, ReductionFormulas.L1.self)
  case .l2: reductionFunction(V.self, ReductionFormulas.L2.self)
  case .sumOfSquares: reductionFunction(V.self, ReductionFormulas.SumOfSquares.self)
  }
}

@inlinable @inline(__always)
package func reductionFunction<V: FloatVector, F: ReductionFormula>(_: V.Type, _: F.Type) -> ReductionFunction {
  { input, output, outer, reduced, inner, worker, workers in
    let reciprocal = V.splat(1 / Float(reduced))
    if inner == 1 {
      let (start, end) = share(of: outer, worker: worker, workers: workers)
      for row in start..<end {
        let partial = F.joinLanes(accumulatedRow(V.self, F.self, input + row &* reduced, count: reduced))
        F.finish(V.splat(partial), reciprocal).store(output + row, count: 1)
      }
      return
    }
    // Units are strips of four vectors, of all outer indices together; of one where those are fewer than the workers.
    let wideStrips = (inner &+ 4 &* V.lanes &- 1) / (4 &* V.lanes)
    let strip = outer &* wideStrips < workers ? V.lanes : 4 &* V.lanes
    let strips = (inner &+ strip &- 1) / strip
    let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
    for unit in start..<end {
      let plane = unit / strips
      var column = (unit &- plane &* strips) &* strip
      let source = input + plane &* reduced &* inner
      let target = output + plane &* inner
      let last = Swift.min(column &+ strip, inner)
      @inline(__always) func reduce<let Width: Int>(_ totals: InlineArray<Width, V>) {
        for i in 0..<Width { F.finish(totals[unchecked: i], reciprocal).store(target + column + i &* V.lanes) }
        column &+= Width &* V.lanes
      }
      if last &- column == 4 &* V.lanes {
        reduce(accumulatedStrip(V.self, F.self, source + column, rows: reduced, stride: inner) as InlineArray<4, V>)
      } else if last &- column >= 2 &* V.lanes {
        reduce(accumulatedStrip(V.self, F.self, source + column, rows: reduced, stride: inner) as InlineArray<2, V>)
      }
      while column < last {
        let width = Swift.min(V.lanes, last &- column)
        let total = accumulatedColumn(V.self, F.self, source + column, rows: reduced, stride: inner, count: width)
        F.finish(total, reciprocal).store(target + column, count: width)
        column &+= width
      }
    }
  }
}

/// The lanes' partial results over `count` consecutive floats, each mapped first.
@inlinable @inline(__always)
package func accumulatedRow<V: FloatVector, F: ReductionFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, count: Int, mapping map: (V) -> V = { $0 }
) -> V {
  let lanes = V.lanes
  let identity = V.splat(F.identity)
  var total = identity
  var i = 0
  while i &+ 4 &* lanes <= count {
    var a = identity
    var b = identity
    var c = identity
    var d = identity
    var left = Swift.min(reductionBlock, (count &- i) / (4 &* lanes))
    while left > 0 {
      a = F.accumulate(a, map(V.load(input + i)))
      b = F.accumulate(b, map(V.load(input + i + lanes)))
      c = F.accumulate(c, map(V.load(input + i + 2 &* lanes)))
      d = F.accumulate(d, map(V.load(input + i + 3 &* lanes)))
      i &+= 4 &* lanes
      left &-= 1
    }
    total = F.join(total, F.join(F.join(a, b), F.join(c, d)))
  }
  while i &+ lanes <= count {
    total = F.accumulate(total, map(V.load(input + i)))
    i &+= lanes
  }
  let rest = count &- i
  if rest > 0 { total = V.select(V.first(rest), F.accumulate(total, map(V.load(input + i, count: rest))), total) }
  return total
}

/// The results of `Width` vectors of columns over `rows` rows, `stride` floats apart.
@inlinable @inline(__always)
package func accumulatedStrip<V: FloatVector, F: ReductionFormula, let Width: Int>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, rows: Int, stride: Int
) -> InlineArray<Width, V> {
  let identity = InlineArray<Width, V>(repeating: V.splat(F.identity))
  var totals = identity
  var row = 0
  while row < rows {
    let end = Swift.min(rows, row &+ reductionBlock)
    var partials = identity
    while row < end {
      let p = input + row &* stride
      for i in 0..<Width { partials[unchecked: i] = F.accumulate(partials[unchecked: i], V.load(p + i &* V.lanes)) }
      row &+= 1
    }
    for i in 0..<Width { totals[unchecked: i] = F.join(totals[unchecked: i], partials[unchecked: i]) }
  }
  return totals
}

/// The results of `count` columns (up to a vector) over `rows` rows, `stride` floats apart, each element mapped first.
@inlinable @inline(__always)
package func accumulatedColumn<V: FloatVector, F: ReductionFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, rows: Int, stride: Int, count: Int, mapping map: (V) -> V = { $0 }
) -> V {
  let identity = V.splat(F.identity)
  var total = identity
  var row = 0
  while row < rows {
    let end = Swift.min(rows, row &+ reductionBlock)
    var partial = identity
    while row < end {
      partial = F.accumulate(partial, map(V.load(input + row &* stride, count: count)))
      row &+= 1
    }
    total = F.join(total, partial)
  }
  return total
}
