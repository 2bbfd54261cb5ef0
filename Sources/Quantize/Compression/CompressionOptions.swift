public import OVRuntime

/// How weights are stored. Activations and computations stay as they are.
public struct CompressionOptions: Sendable {
  /// What weights are stored as.
  public enum Format: String, CaseIterable, Sendable {
    /// Half precision, all constants.
    case f16
    /// 8-bit integers with a scale a row.
    case int8
    /// 4 bits with a scale a group of neighbours in a row.
    case int4
  }
  /// How the sixteen numbers lie that 4 bits can tell apart.
  public enum Spacing: String, CaseIterable, Sendable {
    /// As quantiles of the normal distribution: closest about zero, as weights do (`nf4`).
    case normal
    /// Evenly: integers.
    case even
  }

  public var format: Format
  /// How many neighbouring weights along the axis that is summed over share a scale; `nil`: 128 for 4 bits, the whole row for 8.
  public var groupSize: Int?
  /// The share of the weights that are stored in 4 bits at least, 0 to 1; of the others those that lose most by it are stored in 8. `nil`:
  /// all of them with calibration data, which make up for more than that, 0.98 without.
  public var ratio: Double?
  /// How the numbers of 4 bits lie.
  public var spacing = Spacing.normal
  /// Whether integers are symmetric about zero; otherwise each scale has a zero point. Those of 4 bits then lie evenly.
  public var isSymmetric = false
  public var ignoredScope = IgnoredScope()

  public init(_ format: Format) { self.format = format }

  /// - Throws: ``OVError/Code/invalidArgument`` for values out of range.
  func validate() throws(OVError) {
    if let groupSize, groupSize < 2 || format == .f16 {
      throw OVError(.invalidArgument, "the group size is \(groupSize)", suggestion: "it is 2 or more, for int8 and int4")
    }
    if let ratio, !(0...1).contains(ratio) || format != .int4 {
      throw OVError(.invalidArgument, "the ratio is \(ratio)", suggestion: "it lies in 0...1 and is for int4")
    }
  }

  /// ``ratio``, or its default.
  func ratio(isCalibrated: Bool) -> Double { ratio ?? (isCalibrated ? 1 : 0.98) }

  /// What weights of so many bits are rounded to.
  func levels(bits: Int) -> Levels {
    if bits == 4 && spacing == .normal && !isSymmetric { return .normal }
    return isSymmetric ? .symmetric(bits: bits) : .asymmetric(bits: bits)
  }

  var settings: [(key: String, value: String)] {
    [
      ("weights", format.rawValue), ("group_size", groupSize.map(String.init) ?? "default"),
      ("ratio", ratio.map { String($0) } ?? "default"),
      ("spacing", spacing.rawValue),
      ("symmetric", isSymmetric ? "true" : "false"), ("ignored_names", ignoredScope.names.joined(separator: ",")),
      ("ignored_patterns", ignoredScope.patterns.joined(separator: ",")), ("ignored_types", ignoredScope.types.joined(separator: ",")),
    ]
  }
}

/// What compressing did to each layer's weights.
public struct CompressionReport: Sendable {
  public struct Layer: Sendable {
    public var name: String
    public var type: String
    public var shape: Shape
    /// The element type of the stored weights.
    public var elementType: ElementType
    /// Weights that share a scale; `nil` where there are no scales.
    public var groupSize: Int?
    /// Bytes before and after, scales and zero points included.
    public var originalByteCount: Int
    public var byteCount: Int
    /// Of the weights over the error of rounding, in decibels; infinite when nothing changed.
    public var signalToNoise: Double
    /// Why the weights are not in the format that was asked for.
    public var reason: String?
  }

  public var layers: [Layer] = []
  /// Bytes of all constants before and after.
  public var originalByteCount = 0
  public var byteCount = 0
  /// Bytes that all constants would take with real numbers in single precision.
  public var singlePrecisionByteCount = 0

  public init() {}
}

/// A compressed model with the report of what was done.
public struct CompressionResult: Sendable {
  public var model: Model
  public var report: CompressionReport
}
