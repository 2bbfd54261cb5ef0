/// Applies a unary function to `count` floats. `output` may be `input`; otherwise the two do not overlap. What `alpha` and
/// `beta` mean is the operation's business.
@usableFromInline package typealias UnaryF32Function =
  @Sendable (
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int, _ alpha: Float, _ beta: Float
  ) -> Void
