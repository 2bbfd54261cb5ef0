import OVRuntime

/// How a model is quantised. The defaults are NNCF's.
public struct QuantizationOptions: Sendable {
  /// The shape of the activations' grids.
  public enum Preset: String, CaseIterable, Sendable {
    /// Symmetric about zero: fastest.
    case performance
    /// Weights symmetric, activations with a zero point: for ranges that lie to one side, as behind GELU and Swish.
    case mixed
  }

  /// Kinds of models that need more than the rules for all.
  public enum ModelType: String, CaseIterable, Sendable {
    /// Activations with a few large channels: their size is moved into the weights first (SmoothQuant), and grids are
    /// ``Preset/mixed``.
    case transformer
  }

  /// Which weights keep to half of their range, so that CPUs without VNNI do not saturate their 16-bit sums in OpenVINO. The
  /// kernels of this package are exact either way.
  public enum OverflowFix: String, CaseIterable, Sendable {
    case firstLayer = "first-layer"
    case all
    case none
  }

  /// `nil`: ``Preset/performance``, and ``Preset/mixed`` for transformers.
  public var preset: Preset?
  public var modelType: ModelType?
  /// For ranges of whole tensors; ranges of channels are always the least and greatest number seen.
  public var estimator = RangeEstimator.meanMinMax
  /// The number of samples looked at, at most.
  public var subsetSize = 300
  /// Whether the mean error that rounding weights causes in a layer's output is taken out of its bias.
  public var correctsBias = true
  /// Biases that would change by this multiple of themselves are left as they are.
  public var biasShiftThreshold = 2.0
  /// The part of the activations' size that moves into the weights in transformers, 0 to 1; `nil` leaves all where it is.
  public var smoothQuantAlpha: Double? = 0.95
  public var overflowFix = OverflowFix.firstLayer
  public var ignoredScope = IgnoredScope()
  /// Whether the model's results are rounded too.
  public var quantizesOutputs = false
  /// The number of samples over which the report's errors are measured; 0 for none.
  public var reportSampleCount = 16
  /// The threads of inferences; `nil`: as many as the process may use.
  public var threads: Int?

  public init() {}

  /// Whether grids of activations are symmetric about zero.
  var isSymmetric: Bool { (preset ?? (modelType == .transformer ? .mixed : .performance)) == .performance }

  /// The settings by name, as they are written into the model.
  var settings: [(key: String, value: String)] {
    [
      ("preset", (isSymmetric ? Preset.performance : .mixed).rawValue), ("model_type", modelType?.rawValue ?? "none"),
      ("estimator", estimator.rawValue), ("subset_size", String(subsetSize)), ("fast_bias_correction", correctsBias ? "true" : "false"),
      ("smooth_quant_alpha", modelType == .transformer ? smoothQuantAlpha.map { String($0) } ?? "none" : "none"),
      ("overflow_fix", overflowFix.rawValue), ("quantize_outputs", quantizesOutputs ? "true" : "false"),
      ("ignored_names", ignoredScope.names.joined(separator: ",")), ("ignored_patterns", ignoredScope.patterns.joined(separator: ",")),
      ("ignored_types", ignoredScope.types.joined(separator: ",")),
    ]
  }

  /// - Throws: ``OVError/Code/invalidArgument`` for values out of range.
  func validate() throws(OVError) {
    guard subsetSize >= 1 else { throw OVError(.invalidArgument, "the subset size is \(subsetSize)", suggestion: "it is 1 or more") }
    if let alpha = smoothQuantAlpha, !(0...1).contains(alpha) {
      throw OVError(.invalidArgument, "the SmoothQuant alpha is \(alpha)", suggestion: "it lies in 0...1")
    }
    guard biasShiftThreshold > 0 else { throw OVError(.invalidArgument, "the bias shift threshold is \(biasShiftThreshold)") }
  }
}

/// How much a model's quality may suffer, and how quality is measured.
public struct AccuracyControl: Sendable {
  /// The largest difference between the quality of the original and of the quantised model.
  public var maximumDrop: Double
  /// A model's quality: greater is better.
  public var quality: @Sendable (Model) throws(OVError) -> Double

  public init(maximumDrop: Double = 0.01, quality: @escaping @Sendable (Model) throws(OVError) -> Double) {
    self.maximumDrop = maximumDrop
    self.quality = quality
  }
}

/// How far quantising has come.
public struct QuantizationProgress: Sendable {
  public enum Phase: String, Sendable {
    /// Ranges of channels are measured, to move them into the weights.
    case smoothing
    /// Ranges are measured.
    case calibrating
    /// The quantised model is compared with the original.
    case comparing
    /// Layers are ranked by the error they cause.
    case ranking
    /// Layers are restored.
    case restoring
  }
  public var phase: Phase
  public var completed: Int
  /// `nil` when nobody knows.
  public var total: Int?
}
