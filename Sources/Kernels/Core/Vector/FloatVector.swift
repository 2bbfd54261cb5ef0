/// Registers that can be added and subtracted, lane by lane.
@usableFromInline package protocol AdditiveVector: BitwiseCopyable {
  static func zero() -> Self
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
}

/// What a generic kernel needs of an instruction set's registers of 32-bit floats.
///
/// Each instruction set's target conforms a nominal type of its own, so that no specialisation shares a symbol between
/// instruction sets. All requirements are single instructions or short sequences without calls.
@usableFromInline package protocol FloatVector: AdditiveVector, Sendable {
  /// The result of a lane-wise comparison.
  associatedtype Mask: Sendable

  /// Floats in a register.
  static var lanes: Int { get }
  /// Whether a part of a register is loaded and stored as fast as a whole one.
  static var takesPartsAsWhole: Bool { get }

  static func splat(_ x: Float) -> Self
  /// Loads ``lanes`` floats from any address.
  static func load(_ p: UnsafePointer<Float>) -> Self
  /// Loads `count` floats (0...lanes); the other lanes are zero. Reads no byte beyond them.
  static func load(_ p: UnsafePointer<Float>, count: Int) -> Self
  /// Loads ``lanes`` half-precision floats and widens them.
  static func load(_ p: UnsafePointer<Float16>) -> Self
  /// Loads `count` half-precision floats (0...lanes) and widens them; the other lanes are zero.
  static func load(_ p: UnsafePointer<Float16>, count: Int) -> Self
  func store(_ p: UnsafeMutablePointer<Float>)
  /// Stores the first `count` lanes (0...lanes). Writes no byte beyond them.
  func store(_ p: UnsafeMutablePointer<Float>, count: Int)
  /// Stores ``lanes`` values rounded to half precision, ties to even.
  func store(_ p: UnsafeMutablePointer<Float16>)
  /// Stores the first `count` lanes (0...lanes) rounded to half precision, ties to even.
  func store(_ p: UnsafeMutablePointer<Float16>, count: Int)

  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  /// self + a · b; fused where the instruction set can.
  func fma(_ a: Self, _ b: Self) -> Self
  /// The lesser lane; `other` where either is NaN.
  func min(_ other: Self) -> Self
  /// The greater lane; `other` where either is NaN.
  func max(_ other: Self) -> Self
  func squareRoot() -> Self
  /// To the nearest integer, ties to even.
  func roundedToNearestEven() -> Self
  func roundedDown() -> Self
  /// The magnitude of self with the sign of `other`.
  func withSign(of other: Self) -> Self
  func magnitude() -> Self
  /// The lowest nine bits of each lane as its highest, the sign and the exponent; the others are 0.
  func lowestBitsAsExponent() -> Self
  /// Negated where the lowest bit of `other` is set.
  func negated(whereLowestBitOf other: Self) -> Self
  /// The exponent e of a normal positive lane as a float, and its significand self / 2ᵉ in [√½, √2).
  func splitExponent() -> (exponent: Self, significand: Self)

  static func < (a: Self, b: Self) -> Mask
  static func <= (a: Self, b: Self) -> Mask
  static func == (a: Self, b: Self) -> Mask
  /// Set in the first `count` lanes.
  static func first(_ count: Int) -> Mask
  static func isAnySet(_ mask: Mask) -> Bool
  static func isEverySet(_ mask: Mask) -> Bool
  /// Lanes of `a` where the mask is set, of `b` elsewhere.
  static func select(_ mask: Mask, _ a: Self, _ b: Self) -> Self

  /// The sum of all lanes, in a fixed order.
  func sum() -> Float
  /// The greatest lane.
  func maximum() -> Float
}

extension FloatVector {
  @inlinable @inline(__always) package static var takesPartsAsWhole: Bool { false }
}
