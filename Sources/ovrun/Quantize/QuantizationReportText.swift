import OVRuntime
import Quantize

extension QuantizationReport {
  /// A table for people.
  var text: String {
    var table = Table([
      ("layer", .left), ("type", .left), ("precision", .left), ("low", .right), ("high", .right), ("scale", .right), ("weights dB", .right),
      ("output dB", .right), ("", .left),
    ])
    for layer in layers {
      table.append([
        shortened(layer.name, 40), layer.type, layer.isQuantized ? "i8" : "f32", number(layer.low), number(layer.high),
        number(layer.scale), decibels(layer.weightSignalToNoise), decibels(layer.signalToNoise), layer.remark,
      ])
    }
    var text = table.text + "\n"
    let quantizedCount = layers.count { $0.isQuantized }
    text +=
      "\(quantizedCount) of \(layers.count) layers in 8-bit integers, ranges from \(sampleCount) sample\(sampleCount == 1 ? "" : "s")\n"
    text += "constants \(originalByteCount.byteText) before, \(byteCount.byteText) after\n"
    for output in outputs {
      text += "output \(OVError.printable(output.name)): \(decibels(output.signalToNoise)) dB, cosine \(output.cosine.significant(6))"
      text += " over \(comparedSampleCount) sample\(comparedSampleCount == 1 ? "" : "s")\n"
    }
    if let originalQuality, let quality {
      text += "accuracy \(percent(originalQuality)) before, \(percent(quality)) after\n"
      if !restoredLayers.isEmpty {
        text += "restored to f32: " + restoredLayers.map { OVError.printable($0) }.joined(separator: ", ") + "\n"
      }
    }
    return text
  }

  /// The same for programs.
  var json: JSON {
    .object([
      ("samples", .integer(sampleCount)), ("compared_samples", .integer(comparedSampleCount)),
      ("original_bytes", .integer(originalByteCount)), ("bytes", .integer(byteCount)),
      ("original_accuracy", .optional(originalQuality) { .number($0) }), ("accuracy", .optional(quality) { .number($0) }),
      ("restored", .array(restoredLayers.map { .string($0) })),
      (
        "outputs",
        .array(
          outputs.map {
            .object([("name", .string($0.name)), ("snr_db", .number($0.signalToNoise)), ("cosine", .number($0.cosine))])
          })
      ),
      ("layers", .array(layers.map(\.json))),
    ])
  }

  /// The layers as bars: the signal-to-noise ratio of each one's output, and of its weights as a mark.
  var picture: LayerPicture {
    let rows = layers.map { layer in
      LayerPicture.Row(
        name: layer.name, type: layer.type, note: layer.isQuantized ? "i8" : "f32", isHighlighted: layer.isQuantized,
        value: layer.signalToNoise ?? layer.weightSignalToNoise ?? 0, mark: layer.signalToNoise == nil ? nil : layer.weightSignalToNoise,
        details:
          "range \(number(layer.low)) … \(number(layer.high)), scale \(number(layer.scale))\(layer.remark.isEmpty ? "" : ", " + layer.remark)"
      )
    }
    var lines = ["\(layers.count { $0.isQuantized }) of \(layers.count) layers in 8-bit integers, ranges from \(sampleCount) samples"]
    lines += outputs.map { "output \($0.name): \(decibels($0.signalToNoise)) dB, cosine \($0.cosine.significant(6))" }
    if let originalQuality, let quality { lines.append("accuracy \(percent(originalQuality)) before, \(percent(quality)) after") }
    return LayerPicture(
      title: "Quantisation", lines: lines, legend: "bars: signal over noise of the layer's output in dB; marks: of its weights", rows: rows)
  }

  private func percent(_ share: Double) -> String { (100 * share).fixed(2) + " %" }
  private func number(_ value: Double?) -> String { value.map { $0.significant(4) } ?? "" }
  private func decibels(_ value: Double?) -> String { value.map { $0.isFinite ? $0.fixed(1) : "exact" } ?? "" }
}

/// Text of at most so many characters: the end of a longer one, which tells layers of one block apart.
func shortened(_ text: String, _ limit: Int) -> String {
  let text = OVError.printable(text)
  return text.count <= limit ? text : "…" + text.suffix(limit - 1)
}

extension QuantizationReport.Layer {
  /// What there is to say besides numbers.
  fileprivate var remark: String {
    var remarks: [String] = []
    if let reason { remarks.append(reason) }
    if rangeCount > 1 { remarks.append("\(rangeCount) ranges") }
    if hasCorrectedBias { remarks.append("bias corrected") }
    return remarks.joined(separator: ", ")
  }

  fileprivate var json: JSON {
    .object([
      ("name", .string(name)), ("type", .string(type)), ("precision", .string(isQuantized ? "i8" : "f32")),
      ("reason", .optional(reason) { .string($0) }), ("low", .optional(low) { .number($0) }), ("high", .optional(high) { .number($0) }),
      ("scale", .optional(scale) { .number($0) }), ("ranges", .integer(rangeCount)),
      ("weights_snr_db", .optional(weightSignalToNoise) { .number($0) }), ("snr_db", .optional(signalToNoise) { .number($0) }),
      ("bias_corrected", .bool(hasCorrectedBias)),
    ])
  }
}
