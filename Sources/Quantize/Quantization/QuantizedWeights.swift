import OVRuntime

/// Weights rounded to signed 8-bit integers, symmetric about zero, with a scale an output channel.
struct QuantizedWeights {
  let integers: [Int8]
  /// One an output channel; a weight is its integer times the scale.
  let scales: [Float]
  let channels: ChannelIndex

  /// Rounds weights.
  ///
  /// `isHalfRange`: whether only −64...64 is used, so that two products of 8-bit numbers add up within 16 bits on CPUs that add
  /// them so. No channel's magnitude is taken to be less than a hundredth of the largest.
  init(_ weights: [Float], shape: Shape, outputAxes: [Int], isHalfRange: Bool) {
    channels = ChannelIndex(shape, axes: outputAxes)
    var magnitudes = [Float](repeating: 0, count: channels.channelCount)
    for (index, channel) in channels.channels.enumerated() {
      for w in weights[(index * channels.run)..<((index + 1) * channels.run)] { magnitudes[channel] = max(magnitudes[channel], abs(w)) }
    }
    let least = max(0.01 * (magnitudes.max() ?? 0), 8e-5)
    let largest: Float = isHalfRange ? 63.5 : 127
    scales = magnitudes.map { max($0, least) / largest }
    var integers = [Int8](repeating: 0, count: weights.count)
    for (index, channel) in channels.channels.enumerated() {
      let scale = scales[channel]
      for i in (index * channels.run)..<((index + 1) * channels.run) {
        integers[i] = Int8(max(-127, min(127, (weights[i] / scale).rounded(.toNearestOrEven))))
      }
    }
    self.integers = integers
  }

  /// The weights as they are after rounding.
  var dequantized: [Float] {
    var values = [Float](repeating: 0, count: integers.count)
    for (index, channel) in channels.channels.enumerated() {
      for i in (index * channels.run)..<((index + 1) * channels.run) { values[i] = Float(integers[i]) * scales[channel] }
    }
    return values
  }
}

/// 10 · log₁₀ of signal over noise.
func decibels(signal: Double, noise: Double) -> Double {
  if noise <= 0 { return .infinity }
  return signal <= 0 ? 0 : 10 * logarithm(signal / noise) / logarithm(10)
}
