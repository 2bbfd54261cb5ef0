/// Registers whose lanes can change places.
@usableFromInline package protocol PermutableVector: FloatVector {
  /// Which lane each lane is to hold.
  associatedtype Places: BitwiseCopyable

  /// Lane i holds lane i / 2 to the power of `shift`.
  static func places(shift: Int) -> Places
  func permuted(_ places: Places) -> Self
}
