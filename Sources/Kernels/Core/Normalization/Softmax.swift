/// Softmax or its logarithm over the middle axis of a dense [outer, axis, inner] tensor; a worker's share. In place allowed.
@usableFromInline package typealias SoftmaxFunction =
  @Sendable (
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ outer: Int, _ axis: Int, _ inner: Int, _ worker: Int,
    _ workers: Int
  ) -> Void

/// A row of the table of softmax kernels.
package struct SoftmaxKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  /// The logarithm of softmax.
  package let isLogarithmic: Bool
  package let run: SoftmaxFunction

  package init(name: String, requires: CPUFeatures, isLogarithmic: Bool, run: @escaping SoftmaxFunction) {
    self.name = name
    self.requires = requires
    self.isLogarithmic = isLogarithmic
    self.run = run
  }
}

/// What is made of the exponentials and their sum.
@usableFromInline package protocol SoftmaxFormula: SendableMetatype {
  static var isLogarithmic: Bool { get }
}

@usableFromInline package enum Softmax: SoftmaxFormula {
  @inlinable @inline(__always) package static var isLogarithmic: Bool { false }
}

@usableFromInline package enum LogSoftmax: SoftmaxFormula {
  @inlinable @inline(__always) package static var isLogarithmic: Bool { true }
}

/// The kernel of softmax or log-softmax for a vector type.
@inlinable @inline(__always)
package func softmaxFunction<V: FloatVector, F: SoftmaxFormula>(_: V.Type, _: F.Type) -> SoftmaxFunction {
  { input, output, outer, axis, inner, worker, workers in
    if inner == 1 {
      var (start, end) = share(of: outer, worker: worker, workers: workers)
      if axis <= V.lanes {
        while start &+ V.lanes <= end {
          softmaxShortRows(V.self, F.self, input + start &* axis, output + start &* axis, axis: axis)
          start &+= V.lanes
        }
      }
      for row in start..<Swift.max(start, end) { softmaxRow(V.self, F.self, input + row &* axis, output + row &* axis, count: axis) }
      return
    }
    let strips = (inner &+ V.lanes &- 1) / V.lanes
    let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
    for unit in start..<end {
      let plane = unit / strips
      let column = (unit &- plane &* strips) &* V.lanes
      let offset = plane &* axis &* inner &+ column
      softmaxColumn(
        V.self, F.self, input + offset, output + offset, axis: axis, stride: inner, count: Swift.min(V.lanes, inner &- column))
    }
  }
}

/// Softmax of `count` consecutive floats.
@inlinable @inline(__always)
package func softmaxRow<V: FloatVector, F: SoftmaxFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int
) {
  let lanes = V.lanes
  if count <= lanes { return softmaxVector(V.self, F.self, input, output, count: count) }
  let greatest = V.splat(accumulatedRow(V.self, ReductionFormulas.Maximum.self, input, count: count).maximum())
  var even = V.zero()
  var odd = V.zero()
  var i = 0
  while i &+ 2 &* lanes <= count {
    let x = (V.load(input + i) - greatest).expFlushing()
    let y = (V.load(input + i + lanes) - greatest).expFlushing()
    if !F.isLogarithmic {
      x.store(output + i)
      y.store(output + i + lanes)
    }
    even = even + x
    odd = odd + y
    i &+= 2 &* lanes
  }
  while i < count {
    let step = Swift.min(lanes, count &- i)
    let x = (V.load(input + i, count: step) - greatest).expFlushing()
    even = even + V.select(V.first(step), x, .zero())
    if !F.isLogarithmic { x.store(output + i, count: step) }
    i &+= step
  }
  let sum = V.splat((even + odd).sum())
  if F.isLogarithmic {
    let logarithm = sum.log()
    mapRow(V.self, input, output, count: count) { ($0 - greatest) - logarithm }
  } else {
    let scale = V.splat(1) / sum
    mapRow(V.self, UnsafePointer(output), output, count: count) { $0 * scale }
  }
}

/// Softmax of as many rows as a vector has lanes, of at most as many floats: turned round, so that each row is a lane.
@inlinable @inline(__always)
package func softmaxShortRows<V: FloatVector, F: SoftmaxFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, axis: Int
) {
  let lanes = V.lanes
  withUnsafeTemporaryAllocation(of: Float.self, capacity: lanes &* lanes) { buffer in
    let columns = buffer.baseAddress.unsafelyUnwrapped
    for row in 0..<lanes {
      for i in 0..<axis { columns[i &* lanes &+ row] = input[row &* axis &+ i] }
    }
    softmaxColumn(V.self, F.self, UnsafePointer(columns), columns, axis: axis, stride: lanes, count: lanes)
    for row in 0..<lanes {
      for i in 0..<axis { output[row &* axis &+ i] = columns[i &* lanes &+ row] }
    }
  }
}

/// Softmax of up to a vector, which stays in a register.
@inlinable @inline(__always)
package func softmaxVector<V: FloatVector, F: SoftmaxFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int
) {
  let mask = V.first(count)
  let x = V.load(input, count: count)
  let shifted = x - V.splat(V.select(mask, x, V.splat(-.infinity)).maximum())
  let exponentials = V.select(mask, shifted.expFlushing(), .zero())
  let sum = V.splat(exponentials.sum())
  (F.isLogarithmic ? shifted - sum.log() : exponentials / sum).store(output, count: count)
}

/// Softmax down `axis` rows of `count` floats (up to a vector), `stride` apart.
@inlinable @inline(__always)
package func softmaxColumn<V: FloatVector, F: SoftmaxFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, axis: Int, stride: Int, count: Int
) {
  let greatest = accumulatedColumn(V.self, ReductionFormulas.Maximum.self, input, rows: axis, stride: stride, count: count)
  var sum = V.zero()
  for i in 0..<axis {
    let x = (V.load(input + i &* stride, count: count) - greatest).expFlushing()
    if !F.isLogarithmic { x.store(output + i &* stride, count: count) }
    sum = sum + x
  }
  if F.isLogarithmic {
    let logarithm = sum.log()
    for i in 0..<axis {
      let x = V.load(input + i &* stride, count: count)
      ((x - greatest) - logarithm).store(output + i &* stride, count: count)
    }
  } else {
    let scale = V.splat(1) / sum
    for i in 0..<axis { (V.load(output + i &* stride, count: count) * scale).store(output + i &* stride, count: count) }
  }
}

/// Applies a function to `count` consecutive floats; in place allowed.
@inlinable @inline(__always)
package func mapRow<V: FloatVector>(
  _: V.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, count: Int, _ function: (V) -> V
) {
  var i = 0
  while i &+ V.lanes <= count {
    function(V.load(input + i)).store(output + i)
    i &+= V.lanes
  }
  if i < count { function(V.load(input + i, count: count &- i)).store(output + i, count: count &- i) }
}
