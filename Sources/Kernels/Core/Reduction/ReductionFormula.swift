/// The reductions that have kernels.
@usableFromInline package enum ReductionOperation: String, CaseIterable, Sendable {
  case sum
  case mean
  /// Unspecified where there is a NaN.
  case maximum
  /// Unspecified where there is a NaN.
  case minimum
  case product
  /// The sum of magnitudes.
  case l1
  /// The root of the sum of squares.
  case l2
  case sumOfSquares = "sum_of_squares"
}

/// One reduction: what an element adds, how two partial results join, and what is made of the last one.
@usableFromInline package protocol ReductionFormula: SendableMetatype {
  /// The partial result of no elements.
  static var identity: Float { get }
  /// `partial` with the elements of `x` taken in.
  static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V
  static func join<V: FloatVector>(_ a: V, _ b: V) -> V
  /// All lanes joined.
  static func joinLanes<V: FloatVector>(_ partial: V) -> Float
  static func finish<V: FloatVector>(_ partial: V, _ reciprocalCount: V) -> V
}

extension ReductionFormula {
  @inlinable @inline(__always)
  package static var identity: Float { 0 }
  @inlinable @inline(__always)
  package static func join<V: FloatVector>(_ a: V, _ b: V) -> V { a + b }
  @inlinable @inline(__always)
  package static func joinLanes<V: FloatVector>(_ partial: V) -> Float { partial.sum() }
  @inlinable @inline(__always)
  package static func finish<V: FloatVector>(_ partial: V, _ reciprocalCount: V) -> V { partial }
}

/// The formulas of ``ReductionOperation``.
@usableFromInline package enum ReductionFormulas {
  @usableFromInline package enum Sum: ReductionFormula {
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial + x }
  }

  @usableFromInline package enum Mean: ReductionFormula {
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial + x }
    @inlinable @inline(__always)
    package static func finish<V: FloatVector>(_ partial: V, _ reciprocalCount: V) -> V { partial * reciprocalCount }
  }

  @usableFromInline package enum Maximum: ReductionFormula {
    @inlinable @inline(__always)
    package static var identity: Float { -.infinity }
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial.max(x) }
    @inlinable @inline(__always)
    package static func join<V: FloatVector>(_ a: V, _ b: V) -> V { a.max(b) }
    @inlinable @inline(__always)
    package static func joinLanes<V: FloatVector>(_ partial: V) -> Float { partial.maximum() }
  }

  @usableFromInline package enum Minimum: ReductionFormula {
    @inlinable @inline(__always)
    package static var identity: Float { .infinity }
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial.min(x) }
    @inlinable @inline(__always)
    package static func join<V: FloatVector>(_ a: V, _ b: V) -> V { a.min(b) }
    @inlinable @inline(__always)
    package static func joinLanes<V: FloatVector>(_ partial: V) -> Float { -(V.zero() - partial).maximum() }
  }

  @usableFromInline package enum Product: ReductionFormula {
    @inlinable @inline(__always)
    package static var identity: Float { 1 }
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial * x }
    @inlinable @inline(__always)
    package static func join<V: FloatVector>(_ a: V, _ b: V) -> V { a * b }
    @inlinable @inline(__always)
    package static func joinLanes<V: FloatVector>(_ partial: V) -> Float {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: V.lanes) { lanes in
        partial.store(lanes.baseAddress.unsafelyUnwrapped)
        var product: Float = 1
        for i in 0..<V.lanes { product *= lanes[i] }
        return product
      }
    }
  }

  @usableFromInline package enum L1: ReductionFormula {
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial + x.magnitude() }
  }

  @usableFromInline package enum L2: ReductionFormula {
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial.fma(x, x) }
    @inlinable @inline(__always)
    package static func finish<V: FloatVector>(_ partial: V, _ reciprocalCount: V) -> V { partial.squareRoot() }
  }

  @usableFromInline package enum SumOfSquares: ReductionFormula {
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial.fma(x, x) }
  }
}
