import OVRuntime

/// What quantising did to each layer, and what it cost.
public struct QuantizationReport: Sendable {
  /// One layer that was, or could have been, quantised.
  public struct Layer: Sendable {
    public var name: String
    public var type: String
    /// Whether it computes in 8-bit integers.
    public var isQuantized: Bool
    /// Why not.
    public var reason: String?
    /// The grid of its data operand: bounds and the distance of neighbouring numbers; of the widest channel where each has a range.
    public var low: Double?
    public var high: Double?
    public var scale: Double?
    /// How many channels have a range of their own; 1 for one range.
    public var rangeCount = 1
    /// Of the weights before rounding over the error of rounding, in decibels.
    public var weightSignalToNoise: Double?
    /// Of the layer's output in the original model over the difference in the quantised one, in decibels: what this layer and all
    /// before it lose.
    public var signalToNoise: Double?
    /// Whether its bias was corrected.
    public var hasCorrectedBias = false
  }

  /// One of the model's outputs.
  public struct Output: Sendable {
    public var name: String
    public var signalToNoise: Double
    /// Between the original's output and the quantised one's, over all compared samples.
    public var cosine: Double
  }

  /// In topological order.
  public var layers: [Layer] = []
  public var outputs: [Output] = []
  /// How many samples ranges were measured over.
  public var sampleCount = 0
  /// How many samples errors were measured over.
  public var comparedSampleCount = 0
  /// The names of the layers that were restored to meet the accuracy, in the order they were.
  public var restoredLayers: [String] = []
  /// The quality of the original and of the quantised model, when it was measured.
  public var originalQuality: Double?
  public var quality: Double?
  /// Bytes of all constants before and after.
  public var originalByteCount = 0
  public var byteCount = 0

  public init() {}
}

/// A quantised model with the report of how it was made.
public struct QuantizationResult: Sendable {
  public var model: Model
  public var report: QuantizationReport
}

extension Model {
  /// Bytes of all constants; those that share their bytes count once.
  package var constantByteCount: Int {
    var seen: Set<ConstantData> = []
    return nodes.reduce(0) { sum, node in
      guard let data = node.constant, seen.insert(data).inserted else { return sum }
      return sum + data.byteCount
    }
  }
}
