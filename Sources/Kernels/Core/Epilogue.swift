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

/// What a kernel of images does to the sums of neighbouring pixels: ``Epilogue`` without the activation. Strides are in elements.
@frozen @usableFromInline package struct PixelEpilogue {
  /// Added to each channel.
  @usableFromInline package var bias: UnsafePointer<Float>?
  /// Belongs to the first pixel; may be the output itself.
  @usableFromInline package var residual: UnsafePointer<Float>?
  @usableFromInline package var residualPixel: Int
  @usableFromInline package var residualRow: Int
  /// The residual is added to the bounded result instead of the sum.
  @usableFromInline package var residualIsLate: Bool
  @usableFromInline package var minimum: Float
  @usableFromInline package var maximum: Float

  /// Bias and residual follow with the pixels.
  package init(_ epilogue: Epilogue, residualPixel: Int, residualRow: Int) {
    bias = nil
    residual = nil
    self.residualPixel = residualPixel
    self.residualRow = residualRow
    residualIsLate = epilogue.residualAfterActivation
    minimum = epilogue.minimum
    maximum = epilogue.maximum
  }
}
