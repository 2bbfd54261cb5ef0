/// The normalisations that have kernels. Each scales what it is given, and shifts it first where it is centred.
@usableFromInline package enum NormalizationOperation: String, CaseIterable, Sendable {
  /// (x − mean) / √(variance + ε): layer normalisation, MVN with the epsilon inside the root.
  case layer
  /// (x − mean) / (√variance + ε): MVN with the epsilon outside the root.
  case layerEpsilonOutside = "layer_epsilon_outside"
  /// x − mean: MVN without the variance.
  case center
  /// x / √(mean of squares + ε).
  case rms
  /// x / √(sum of squares + ε).
  case l2EpsilonAdded = "l2_epsilon_added"
  /// x / √max(sum of squares, ε).
  case l2EpsilonMaximum = "l2_epsilon_maximum"
}

/// Normalises over the middle axis of a dense [outer, axis, inner] tensor; a worker's share. In place allowed.
///
/// `gamma` and `beta`, where given, multiply and add last. They are indexed by the axis where inner is 1, as in layer
/// normalisation, and by the inner index otherwise, as in instance normalisation of channels-last activations.
@usableFromInline package typealias NormalizationFunction =
  @Sendable (
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ gamma: UnsafePointer<Float>?,
    _ beta: UnsafePointer<Float>?, _ epsilon: Float, _ outer: Int, _ axis: Int, _ inner: Int, _ worker: Int, _ workers: Int
  ) -> Void

/// A row of the table of normalisation kernels.
package struct NormalizationKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: NormalizationOperation
  package let run: NormalizationFunction

  package init(name: String, requires: CPUFeatures, operation: NormalizationOperation, run: @escaping NormalizationFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// One normalisation: whether the mean is taken off, and the factor from the sum of squares of what is left.
@usableFromInline package protocol NormalizationFormula: SendableMetatype {
  static var isCentered: Bool { get }
  static var isScaled: Bool { get }
  static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V
}

extension NormalizationFormula {
  @inlinable @inline(__always) package static var isCentered: Bool { false }
  @inlinable @inline(__always) package static var isScaled: Bool { true }
}

/// The formulas of ``NormalizationOperation``.
@usableFromInline package enum NormalizationFormulas {
  @usableFromInline package enum Layer: NormalizationFormula {
    @inlinable @inline(__always) package static var isCentered: Bool { true }
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V {
      V.splat(1) / epsilon.fma(sumOfSquares, reciprocalCount).squareRoot()
    }
  }

  @usableFromInline package enum LayerEpsilonOutside: NormalizationFormula {
    @inlinable @inline(__always) package static var isCentered: Bool { true }
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V {
      V.splat(1) / ((sumOfSquares * reciprocalCount).squareRoot() + epsilon)
    }
  }

  @usableFromInline package enum Center: NormalizationFormula {
    @inlinable @inline(__always) package static var isCentered: Bool { true }
    @inlinable @inline(__always) package static var isScaled: Bool { false }
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V { V.splat(1) }
  }

  @usableFromInline package enum RMS: NormalizationFormula {
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V {
      Layer.scale(sumOfSquares: sumOfSquares, reciprocalCount: reciprocalCount, epsilon: epsilon)
    }
  }

  @usableFromInline package enum L2EpsilonAdded: NormalizationFormula {
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V {
      V.splat(1) / (sumOfSquares + epsilon).squareRoot()
    }
  }

  @usableFromInline package enum L2EpsilonMaximum: NormalizationFormula {
    @inlinable @inline(__always)
    package static func scale<V: FloatVector>(sumOfSquares: V, reciprocalCount: V, epsilon: V) -> V {
      V.splat(1) / epsilon.max(sumOfSquares).squareRoot()
    }
  }
}

/// The kernel of a normalisation for a vector type.
@inlinable @inline(__always)
package func normalizationFunction<V: FloatVector>(_: V.Type, _ operation: NormalizationOperation) -> NormalizationFunction {
  switch operation {
  case .layer: normalizationFunction(V.self, NormalizationFormulas.Layer.self)
  case .layerEpsilonOutside: normalizationFunction(V.self, NormalizationFormulas.LayerEpsilonOutside.self)
  case .center: normalizationFunction(V.self, NormalizationFormulas.Center.self)
  case .rms: normalizationFunction(V.self, NormalizationFormulas.RMS.self)
  case .l2EpsilonAdded: normalizationFunction(V.self, NormalizationFormulas.L2EpsilonAdded.self)
  case .l2EpsilonMaximum: normalizationFunction(V.self, NormalizationFormulas.L2EpsilonMaximum.self)
  }
}

@inlinable @inline(__always)
package func normalizationFunction<V: FloatVector, F: NormalizationFormula>(_: V.Type, _: F.Type) -> NormalizationFunction {
  { input, output, gamma, beta, epsilon, outer, axis, inner, worker, workers in
    if inner == 1 {
      let (start, end) = share(of: outer, worker: worker, workers: workers)
      for row in start..<end {
        normalizeRow(V.self, F.self, input + row &* axis, output + row &* axis, gamma, beta, epsilon: epsilon, count: axis)
      }
      return
    }
    let strips = (inner &+ V.lanes &- 1) / V.lanes
    let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
    for unit in start..<end {
      let plane = unit / strips
      let column = (unit &- plane &* strips) &* V.lanes
      let offset = plane &* axis &* inner &+ column
      normalizeColumn(
        V.self, F.self, input + offset, output + offset, gamma.map { $0 + column }, beta.map { $0 + column }, epsilon: epsilon,
        axis: axis, stride: inner, count: Swift.min(V.lanes, inner &- column))
    }
  }
}

/// Normalises `count` consecutive floats.
@inlinable @inline(__always)
package func normalizeRow<V: FloatVector, F: NormalizationFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ gamma: UnsafePointer<Float>?,
  _ beta: UnsafePointer<Float>?, epsilon: Float, count: Int
) {
  let reciprocal = 1 / Float(count)
  var mean = V.zero()
  if F.isCentered {
    mean = V.splat(accumulatedRow(V.self, ReductionFormulas.Sum.self, input, count: count).sum() * reciprocal)
  }
  var scale = V.splat(1)
  if F.isScaled {
    let squares = accumulatedRow(V.self, ReductionFormulas.SumOfSquares.self, input, count: count) {
      F.isCentered ? $0 - mean : $0
    }
    scale = F.scale(sumOfSquares: V.splat(squares.sum()), reciprocalCount: V.splat(reciprocal), epsilon: V.splat(epsilon))
  }
  var i = 0
  while i < count {
    let step = Swift.min(V.lanes, count &- i)
    let x = V.load(input + i, count: step)
    var y = F.isCentered ? (x - mean) * scale : x * scale
    if let gamma { y = y * V.load(gamma + i, count: step) }
    if let beta { y = y + V.load(beta + i, count: step) }
    y.store(output + i, count: step)
    i &+= step
  }
}

/// Normalises down `axis` rows of `count` floats (up to a vector), `stride` apart.
@inlinable @inline(__always)
package func normalizeColumn<V: FloatVector, F: NormalizationFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ gamma: UnsafePointer<Float>?,
  _ beta: UnsafePointer<Float>?, epsilon: Float, axis: Int, stride: Int, count: Int
) {
  let reciprocal = V.splat(1 / Float(axis))
  var mean = V.zero()
  if F.isCentered {
    mean = accumulatedColumn(V.self, ReductionFormulas.Sum.self, input, rows: axis, stride: stride, count: count) * reciprocal
  }
  var scale = V.splat(1)
  if F.isScaled {
    let squares = accumulatedColumn(V.self, ReductionFormulas.SumOfSquares.self, input, rows: axis, stride: stride, count: count) {
      F.isCentered ? $0 - mean : $0
    }
    scale = F.scale(sumOfSquares: squares, reciprocalCount: reciprocal, epsilon: V.splat(epsilon))
  }
  if let gamma { scale = scale * V.load(gamma, count: count) }
  let shift = beta.map { V.load($0, count: count) } ?? V.zero()
  for i in 0..<axis {
    let x = V.load(input + i &* stride, count: count)
    shift.fma(F.isCentered ? x - mean : x, scale).store(output + i &* stride, count: count)
  }
}
