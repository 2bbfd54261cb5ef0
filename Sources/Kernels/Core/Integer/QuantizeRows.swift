/// Rows of values that go from one format to another, or the sum of two formats' rows to a third: what one call of a quantising
/// kernel computes.
///
/// With x what the source stores, for column c,
///
///     y = (x − z) · m[c] + a[c]
///     y = (x − z) · m[c] + (r − w) · n + a[c]      with a second source, added before a[c]
///     q = min(max(y, lowest), highest) rounded to nearest, ties to even; a NaN becomes `lowest`
///
/// each operation rounded to single precision by itself; y is stored as it is where the target is `f32`. So quantising has z = 0,
/// m = 1/scale, a = zero point; dequantising z = zero point, m = scale, a = 0; and requantising z, scale/scale′ and zero point′.
@frozen @usableFromInline package struct QuantizeRows {
  @usableFromInline package var source: UnsafeRawPointer
  @usableFromInline package var sourceType: ActivationType
  /// z.
  @usableFromInline package var zeroPoint: Float = 0
  /// m and a: one value, or one for each column where `perColumn`.
  @usableFromInline package var multipliers: UnsafePointer<Float>
  @usableFromInline package var addends: UnsafePointer<Float>
  @usableFromInline package var perColumn = false
  /// r, if there is one; may be the target itself, as may the source where its elements are as large.
  @usableFromInline package var second: UnsafeRawPointer?
  @usableFromInline package var secondType = ActivationType.f32
  /// w and n.
  @usableFromInline package var secondZeroPoint: Float = 0
  @usableFromInline package var secondMultiplier: Float = 1
  @usableFromInline package var target: UnsafeMutableRawPointer
  @usableFromInline package var targetType: ActivationType
  @usableFromInline package var lowest: Float = -.infinity
  @usableFromInline package var highest: Float = .infinity
  @usableFromInline package var rows: Int
  @usableFromInline package var columns: Int
  /// Elements from a row to the next.
  @usableFromInline package var sourceRowStride: Int
  @usableFromInline package var secondRowStride = 0
  @usableFromInline package var targetRowStride: Int

  /// Dense rows from `source` to `target`.
  package init(
    source: UnsafeRawPointer, _ sourceType: ActivationType, target: UnsafeMutableRawPointer, _ targetType: ActivationType,
    multipliers: UnsafePointer<Float>, addends: UnsafePointer<Float>, rows: Int, columns: Int
  ) {
    self.source = source
    self.sourceType = sourceType
    self.target = target
    self.targetType = targetType
    self.multipliers = multipliers
    self.addends = addends
    self.rows = rows
    self.columns = columns
    sourceRowStride = columns
    targetRowStride = columns
    if targetType != .f32 {
      lowest = Float(targetType.range.lowerBound)
      highest = Float(targetType.range.upperBound)
    }
  }
}

/// Computes a ``QuantizeRows``.
package typealias QuantizeFunction = @Sendable (_ rows: UnsafePointer<QuantizeRows>) -> Void

/// A row of the table of quantising kernels.
package struct QuantizeKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let run: QuantizeFunction

  package init(name: String, requires: CPUFeatures, run: @escaping QuantizeFunction) {
    self.name = name
    self.requires = requires
    self.run = run
  }
}

/// A ``QuantizeRows`` as its definition reads.
package func referenceQuantize(_ p: UnsafePointer<QuantizeRows>) {
  let rows = p.pointee
  for row in 0..<rows.rows {
    for c in 0..<rows.columns {
      let parameter = rows.perColumn ? c : 0
      var y = (rows.sourceType.float(rows.source, row * rows.sourceRowStride + c) - rows.zeroPoint) * rows.multipliers[parameter]
      if let second = rows.second {
        y = y + (rows.secondType.float(second, row * rows.secondRowStride + c) - rows.secondZeroPoint) * rows.secondMultiplier
      }
      y = y + rows.addends[parameter]
      let index = row * rows.targetRowStride + c
      if rows.targetType == .f32 {
        rows.target.storeBytes(of: y, toByteOffset: 4 * index, as: Float.self)
      } else {
        let bounded = y > rows.lowest ? (y < rows.highest ? y : rows.highest) : rows.lowest
        let q = Int32(bounded.rounded(.toNearestOrEven))
        rows.target.storeBytes(of: UInt8(truncatingIfNeeded: q), toByteOffset: index, as: UInt8.self)
      }
    }
  }
}
