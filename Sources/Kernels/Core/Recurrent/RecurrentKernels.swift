/// Rows of floats of one size, `stride` floats apart.
@usableFromInline package struct RecurrentRows: BitwiseCopyable {
  @usableFromInline package var pointer: UnsafeMutablePointer<Float>
  @usableFromInline package var stride: Int

  package init(_ pointer: UnsafeMutablePointer<Float>, stride: Int) {
    self.pointer = pointer
    self.stride = stride
  }

  @inlinable @inline(__always)
  package func row(_ i: Int) -> UnsafeMutablePointer<Float> { pointer + i &* stride }
}

/// The part of a recurrent cell that follows its matrix products, for `rows` rows of `size` hidden units; a worker's share.
///
/// What the operands are is the operation's business. Arguments of activations are limited to ±`clip`, infinity for no limit.
/// Outputs may be operands that stand at the same place.
@usableFromInline package typealias RecurrentFunction =
  @Sendable (
    _ first: RecurrentRows, _ second: RecurrentRows, _ third: RecurrentRows, _ fourth: RecurrentRows, _ rows: Int, _ size: Int,
    _ clip: Float, _ worker: Int, _ workers: Int
  ) -> Void

/// The recurrent cells' elementwise parts, with logistic gates and tanh for candidates and output. σ is the logistic function.
@usableFromInline package enum RecurrentOperation: String, CaseIterable, Sendable {
  /// (gates, cell, next cell, hidden): from the gates f, i, c, o of `size` each,
  /// next = σ(f)·cell + σ(i)·tanh(c) and hidden = σ(o)·tanh(next).
  case lstm
  /// (gates, hidden, reset, –): from the gates z and r, z in place becomes σ(z) and reset = σ(r)·hidden, which goes into the
  /// product for the candidate.
  case gruReset = "gru_reset"
  /// (z, candidate, hidden, next): next = (1 − z)·tanh(candidate) + z·hidden, z as ``gruReset`` leaves it.
  case gruUpdate = "gru_update"
  /// (input gates, hidden gates, hidden, next): the gates z, r, h of both products, biases included, for a cell that resets after
  /// the product: h = tanh(input h + σ(r)·hidden h), next = (1 − σ(z))·h + σ(z)·hidden.
  case gruLinearBeforeReset = "gru_linear_before_reset"
}

/// A row of the table of recurrent kernels.
package struct RecurrentKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: RecurrentOperation
  package let run: RecurrentFunction

  package init(name: String, requires: CPUFeatures, operation: RecurrentOperation, run: @escaping RecurrentFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// One cell's arithmetic on up to a vector of `count` units, from the `column`th of a row on.
@usableFromInline package protocol RecurrentFormula: SendableMetatype {
  static func apply<V: FloatVector>(
    _: V.Type, _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ third: UnsafeMutablePointer<Float>,
    _ fourth: UnsafeMutablePointer<Float>, size: Int, column: Int, count: Int, clip: V)
}

/// The formulas of ``RecurrentOperation``.
@usableFromInline package enum RecurrentFormulas {
  @usableFromInline package enum LSTM: RecurrentFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ gates: UnsafeMutablePointer<Float>, _ cell: UnsafeMutablePointer<Float>, _ next: UnsafeMutablePointer<Float>,
      _ hidden: UnsafeMutablePointer<Float>, size: Int, column: Int, count: Int, clip: V
    ) {
      let p = gates + column
      let forget = limited(V.load(p, count: count), clip).sigmoid()
      let input = limited(V.load(p + size, count: count), clip).sigmoid()
      let candidate = limited(V.load(p + 2 &* size, count: count), clip).tanh()
      let output = limited(V.load(p + 3 &* size, count: count), clip).sigmoid()
      let state = (forget * V.load(cell + column, count: count)).fma(input, candidate)
      state.store(next + column, count: count)
      (output * state.tanh()).store(hidden + column, count: count)
    }
  }

  @usableFromInline package enum GRUReset: RecurrentFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ gates: UnsafeMutablePointer<Float>, _ hidden: UnsafeMutablePointer<Float>, _ reset: UnsafeMutablePointer<Float>,
      _: UnsafeMutablePointer<Float>, size: Int, column: Int, count: Int, clip: V
    ) {
      let p = gates + column
      let r = limited(V.load(p + size, count: count), clip).sigmoid()
      limited(V.load(p, count: count), clip).sigmoid().store(p, count: count)
      (r * V.load(hidden + column, count: count)).store(reset + column, count: count)
    }
  }

  @usableFromInline package enum GRUUpdate: RecurrentFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ update: UnsafeMutablePointer<Float>, _ candidate: UnsafeMutablePointer<Float>,
      _ hidden: UnsafeMutablePointer<Float>, _ next: UnsafeMutablePointer<Float>, size: Int, column: Int, count: Int, clip: V
    ) {
      let h = limited(V.load(candidate + column, count: count), clip).tanh()
      let z = V.load(update + column, count: count)
      blended(z, h, V.load(hidden + column, count: count)).store(next + column, count: count)
    }
  }

  @usableFromInline package enum GRULinearBeforeReset: RecurrentFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ inputs: UnsafeMutablePointer<Float>, _ products: UnsafeMutablePointer<Float>,
      _ hidden: UnsafeMutablePointer<Float>, _ next: UnsafeMutablePointer<Float>, size: Int, column: Int, count: Int, clip: V
    ) {
      let x = inputs + column
      let p = products + column
      let z = limited(V.load(x, count: count) + V.load(p, count: count), clip).sigmoid()
      let r = limited(V.load(x + size, count: count) + V.load(p + size, count: count), clip).sigmoid()
      let candidate = V.load(x + 2 &* size, count: count).fma(r, V.load(p + 2 &* size, count: count))
      let h = limited(candidate, clip).tanh()
      blended(z, h, V.load(hidden + column, count: count)).store(next + column, count: count)
    }
  }

  @inlinable @inline(__always)
  package static func limited<V: FloatVector>(_ x: V, _ clip: V) -> V { clip.min((V.zero() - clip).max(x)) }

  /// (1 − z)·a + z·b.
  @inlinable @inline(__always)
  package static func blended<V: FloatVector>(_ z: V, _ a: V, _ b: V) -> V { ((V.splat(1) - z) * a).fma(z, b) }
}

/// The kernel of a recurrent cell for a vector type.
@inlinable @inline(__always)
package func recurrentFunction<V: FloatVector>(_: V.Type, _ operation: RecurrentOperation) -> RecurrentFunction {
  switch operation {
  case .lstm: recurrentFunction(V.self, RecurrentFormulas.LSTM.self)
  case .gruReset: recurrentFunction(V.self, RecurrentFormulas.GRUReset.self)
  case .gruUpdate: recurrentFunction(V.self, RecurrentFormulas.GRUUpdate.self)
  case .gruLinearBeforeReset: recurrentFunction(V.self, RecurrentFormulas.GRULinearBeforeReset.self)
  }
}

@inlinable @inline(__always)
package func recurrentFunction<V: FloatVector, F: RecurrentFormula>(_: V.Type, _: F.Type) -> RecurrentFunction {
  { first, second, third, fourth, rows, size, clip, worker, workers in
    let limit = V.splat(clip)
    // Units are vectors of all rows together.
    let vectors = (size &+ V.lanes &- 1) / V.lanes
    let (start, end) = share(of: rows &* vectors, worker: worker, workers: workers)
    for unit in start..<end {
      let row = unit / vectors
      let column = (unit &- row &* vectors) &* V.lanes
      F.apply(
        V.self, first.row(row), second.row(row), third.row(row), fourth.row(row), size: size, column: column,
        count: Swift.min(V.lanes, size &- column), clip: limit)
    }
  }
}
