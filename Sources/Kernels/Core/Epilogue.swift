/// What becomes of a product before it is stored: + bias, + residual, bounds, activation; or the residual last.
package struct Epilogue: Sendable {
  package var hasBias = false
  package var hasResidual = false
  /// The residual is added to the activated result instead of the sum. The residual may then not be the output itself;
  /// otherwise it may, at the same strides.
  package var residualAfterActivation = false
  /// The least result; a NaN passes. −∞ for none.
  package var minimum = -Float.infinity
  /// The greatest result; a NaN passes. +∞ for none.
  package var maximum = Float.infinity
  package var activation: UnaryF32Function?
  package var alpha: Float = 0
  package var beta: Float = 0

  package init(
    hasBias: Bool = false, hasResidual: Bool = false, residualAfterActivation: Bool = false,
    minimum: Float = -.infinity, maximum: Float = .infinity,
    activation: UnaryF32Function? = nil, alpha: Float = 0, beta: Float = 0
  ) {
    self.hasBias = hasBias
    self.hasResidual = hasResidual
    self.residualAfterActivation = residualAfterActivation
    self.minimum = minimum
    self.maximum = maximum
    self.activation = activation
    self.alpha = alpha
    self.beta = beta
  }
}
