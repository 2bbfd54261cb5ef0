/// The element type of an activation that integer kernels read or write.
@frozen @usableFromInline package enum ActivationType: UInt8, Hashable, Sendable, CaseIterable {
  case f32, u8, i8

  package var byteCount: Int { elementSize }
  @inlinable @inline(__always) var elementSize: Int { self == .f32 ? 4 : 1 }
  /// The integers that the type holds; empty of meaning for `f32`.
  package var range: ClosedRange<Int32> { self == .u8 ? 0...255 : -128...127 }
}

/// The real numbers that 8-bit integers stand for: q stands for (q − zeroPoint) · scale.
package struct QuantizedGrid: Hashable, Sendable {
  /// `u8` or `i8`.
  package var type: ActivationType
  /// Positive and finite.
  package var scale: Float
  /// Of the type's range.
  package var zeroPoint: Int32
  /// The least and the greatest integer that is written; within the type's range.
  package var lowest: Int32
  package var highest: Int32

  /// A grid of all the type's integers, or of those from `lowest` to `highest`.
  package init(_ type: ActivationType, scale: Float, zeroPoint: Int32 = 0, lowest: Int32? = nil, highest: Int32? = nil) {
    precondition(type != .f32 && scale > 0 && scale.isFinite && type.range.contains(zeroPoint), "no grid of 8-bit integers")
    self.type = type
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.lowest = lowest ?? type.range.lowerBound
    self.highest = highest ?? type.range.upperBound
    precondition(type.range.contains(self.lowest) && type.range.contains(self.highest) && self.lowest <= self.highest)
  }
}

/// How an activation's values are stored.
package enum ActivationFormat: Hashable, Sendable {
  case f32
  case quantized(QuantizedGrid)

  package var type: ActivationType {
    switch self {
    case .f32: .f32
    case .quantized(let grid): grid.type
    }
  }
  package var grid: QuantizedGrid? {
    if case .quantized(let grid) = self { grid } else { nil }
  }
}
