/// What becomes of an int32 sum before it is stored: scale, + bias, + residual, bounds, activation, requantisation; or the residual
/// after bounds and activation.
///
/// Every instruction set computes the same floats, hence the same integers: each operation is rounded to single precision by itself,
/// none is fused. ``IntegerScaling`` gives the constants. With s the sum and r what the residual stores,
///
///     x = s · m[c] + a[c]
///     x = min(max(x, inner lower), inner upper) + (r · n + p)      where there is a residual, but for one after a function
///     x = min(max(x, lower), upper)
///
/// That is the result where it is stored as `f32` (a NaN passes), and where it is stored as integers, q = x rounded to nearest, ties
/// to even (a NaN becomes `lower`): then m, a, n, p and the bounds are in units of the output's grid. The bounds are the inner ones where
/// the residual comes after them. With an activation function they are in real units, and a second stage follows:
///
///     x = f(x)
///     x = x · i + (r − z) · n + o        in this order; the middle term where there is a residual
///     q = min(max(x, lowest), highest) rounded to nearest, ties to even; a NaN becomes `lowest`
package struct IntegerEpilogue: Sendable {
  package var hasBias = false
  /// How the residual is stored, if there is one.
  package var residual: ActivationFormat?
  /// The residual is added to the bounded and activated result instead of the sum.
  package var residualAfterActivation = false
  /// The least result, in real units; −∞ for none.
  package var minimum = -Float.infinity
  /// The greatest result, in real units; +∞ for none.
  package var maximum = Float.infinity
  package var activation: UnaryF32Function?
  package var alpha: Float = 0
  package var beta: Float = 0
  /// How the result is stored.
  package var output = ActivationFormat.f32

  package init(
    hasBias: Bool = false, residual: ActivationFormat? = nil, residualAfterActivation: Bool = false,
    minimum: Float = -.infinity, maximum: Float = .infinity, activation: UnaryF32Function? = nil, alpha: Float = 0, beta: Float = 0,
    output: ActivationFormat = .f32
  ) {
    self.hasBias = hasBias
    self.residual = residual
    self.residualAfterActivation = residualAfterActivation
    self.minimum = minimum
    self.maximum = maximum
    self.activation = activation
    self.alpha = alpha
    self.beta = beta
    self.output = output
  }
}

/// The constants of an ``IntegerEpilogue``'s formula, formed in double precision and rounded once.
package struct IntegerScaling: Sendable {
  /// A second stage follows the first, which stores f32.
  package let isStaged: Bool
  /// The residual takes part in the first stage.
  package let residualIsEarly: Bool
  /// n and p of the first stage.
  package let residualMultiplier: Float
  package let residualOffset: Float
  /// The bounds in front of the residual; infinite where they come after it.
  package let innerLower: Float
  package let innerUpper: Float
  package let lower: Float
  package let upper: Float
  /// i, z, n and o of the second stage.
  package let second: (multiplier: Float, residualZeroPoint: Float, residualMultiplier: Float, offset: Float)

  /// 1 / the unit of the first stage, what is added in that unit, and the residual's zero point in real units.
  private let unit: Double
  private let offset: Double

  package init(_ epilogue: IntegerEpilogue) {
    let isAfter = epilogue.residual != nil && epilogue.residualAfterActivation
    isStaged = epilogue.activation != nil
    let late = isAfter && isStaged
    let isInner = isAfter && !isStaged
    residualIsEarly = epilogue.residual != nil && !late
    let grid = isStaged ? nil : epilogue.output.grid
    unit = grid.map { 1 / Double($0.scale) } ?? 1
    let zeroPoint = Double(grid?.zeroPoint ?? 0)
    let residual = epilogue.residual?.grid
    let residualScale = Double(residual?.scale ?? 1)
    let residualZero = Double(residual?.zeroPoint ?? 0)
    residualMultiplier = Float(residualScale * unit)
    let shift = zeroPoint - (late ? 0 : residualZero * residualScale * unit)
    offset = isInner ? 0 : shift
    residualOffset = isInner ? Float(shift) : 0
    innerLower = isInner ? Float(Double(epilogue.minimum) * unit) : -.infinity
    innerUpper = isInner ? Float(Double(epilogue.maximum) * unit) : .infinity
    // Between the bounds of the grid and those of the result, both in the unit at hand.
    let least = grid.map { Double($0.lowest) } ?? -.infinity
    let most = grid.map { Double($0.highest) } ?? .infinity
    lower = isInner ? Float(least) : Float(min(max(Double(epilogue.minimum) * unit + zeroPoint, least), most))
    upper = isInner ? Float(most) : Float(min(max(Double(epilogue.maximum) * unit + zeroPoint, least), most))
    let final = epilogue.output.grid.map { 1 / Double($0.scale) } ?? 1
    second = (Float(final), Float(residualZero), Float(residualScale * final), Float(epilogue.output.grid?.zeroPoint ?? 0))
  }

  /// m of a channel whose products have this scale.
  package func multiplier(scale: Float) -> Float { Float(Double(scale) * unit) }
  /// a of a channel with this bias.
  package func addend(bias: Float) -> Float { Float(Double(bias) * unit + offset) }
}
