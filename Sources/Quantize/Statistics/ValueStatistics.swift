import OVRuntime

/// What is measured of one value of a model over all samples.
struct ValueStatistics {
  /// What to measure.
  struct Request {
    /// Whether the whole tensor's range is wanted.
    var needsRange = false
    /// The axis of channels, whose ranges and means are measured apart; from the end when negative.
    var channelAxis: Int?
    var needsHistogram = false
  }

  private let request: Request
  /// The least and greatest number of each sample.
  private(set) var minima: [Float] = []
  private(set) var maxima: [Float] = []
  /// Of each channel, over all samples.
  private(set) var channelMinima: [Float] = []
  private(set) var channelMaxima: [Float] = []
  private var channelSums: [Double] = []
  private var channelCounts = 0.0
  private(set) var histogram: Histogram?

  init(_ request: Request) { self.request = request }

  /// The mean of each channel.
  var channelMeans: [Double] { channelSums.map { $0 / max(channelCounts, 1) } }

  /// Measures the value of one sample.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when it holds NaN or infinity.
  mutating func add(_ tensor: Tensor) throws(OVError) {
    var whole = FloatRun.Statistics()
    if let axis = request.channelAxis, tensor.shape.count >= max(axis + 1, -axis), !tensor.shape.contains(0) {
      let axis = axis < 0 ? tensor.shape.count + axis : axis
      tensor.withUnsafeBytes { addChannels($0.bindMemory(to: Float.self), tensor.shape, axis, &whole) }
    } else {
      whole = tensor.withUnsafeBytes { FloatRun($0.bindMemory(to: Float.self)).statistics }
    }
    guard whole.isFinite else { throw OVError(.invalidData, "the model computes NaN or infinity") }
    guard whole.minimum <= whole.maximum else { return }
    minima.append(whole.minimum)
    maxima.append(whole.maximum)
    guard request.needsHistogram else { return }
    let magnitude = max(abs(whole.minimum), abs(whole.maximum))
    if histogram == nil { histogram = Histogram(magnitude: max(magnitude, 1e-20)) }
    tensor.withUnsafeBytes { histogram!.add($0.bindMemory(to: Float.self), magnitude: magnitude) }
  }

  private mutating func addChannels(_ values: UnsafeBufferPointer<Float>, _ shape: Shape, _ axis: Int, _ whole: inout FloatRun.Statistics) {
    let channels = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    if channelMinima.count != channels {
      channelMinima = [Float](repeating: .infinity, count: channels)
      channelMaxima = [Float](repeating: -.infinity, count: channels)
      channelSums = [Double](repeating: 0, count: channels)
    }
    channelCounts += Double(outer * inner)
    if inner == 1 {
      addInterleaved(values, channels, &whole)
      return
    }
    for block in 0..<outer {
      for channel in 0..<channels {
        let start = (block * channels + channel) * inner
        let run = FloatRun(UnsafeBufferPointer(rebasing: values[start..<(start + inner)])).statistics
        channelMinima[channel] = min(channelMinima[channel], run.minimum)
        channelMaxima[channel] = max(channelMaxima[channel], run.maximum)
        channelSums[channel] += run.sum
        whole.minimum = min(whole.minimum, run.minimum)
        whole.maximum = max(whole.maximum, run.maximum)
        whole.isFinite = whole.isFinite && run.isFinite
      }
    }
  }

  /// Channels that are neighbours: each number belongs to another one.
  private mutating func addInterleaved(_ values: UnsafeBufferPointer<Float>, _ channels: Int, _ whole: inout FloatRun.Statistics) {
    whole = FloatRun(values).statistics
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 0..<channels {
        let x = values[start + channel]
        if x < channelMinima[channel] { channelMinima[channel] = x }
        if x > channelMaxima[channel] { channelMaxima[channel] = x }
        channelSums[channel] += Double(x)
      }
    }
  }
}
