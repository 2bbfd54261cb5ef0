import OVRuntime
import Quantize

extension CompressionReport {
  /// A table for people.
  var text: String {
    var table = Table([
      ("layer", .left), ("type", .left), ("shape", .left), ("stored", .left), ("group", .right), ("before", .right), ("after", .right),
      ("dB", .right), ("", .left),
    ])
    for layer in layers {
      table.append([
        shortened(layer.name, 48), layer.type, shapeText(layer.shape), layer.elementType.rawValue,
        layer.groupSize.map { String($0) } ?? "", layer.originalByteCount.byteText, layer.byteCount.byteText,
        layer.signalToNoise.isFinite ? layer.signalToNoise.fixed(1) : "exact", layer.reason ?? "",
      ])
    }
    return table.text + "\n" + summary + "\n"
  }

  private var summary: String {
    let share = Double(byteCount) / Double(max(singlePrecisionByteCount, 1))
    return "constants \(originalByteCount.byteText) before, \(byteCount.byteText) after: \((100 * share).fixed(1)) % of what f32 takes"
  }

  private func shapeText(_ shape: Shape) -> String { "[" + shape.map { String($0) }.joined(separator: ",") + "]" }

  /// The same for programs.
  var json: JSON {
    .object([
      ("original_bytes", .integer(originalByteCount)), ("bytes", .integer(byteCount)), ("f32_bytes", .integer(singlePrecisionByteCount)),
      (
        "layers",
        .array(
          layers.map { layer in
            .object([
              ("name", .string(layer.name)), ("type", .string(layer.type)), ("shape", .array(layer.shape.map { .integer($0) })),
              ("stored", .string(layer.elementType.rawValue)), ("group_size", .optional(layer.groupSize) { .integer($0) }),
              ("original_bytes", .integer(layer.originalByteCount)), ("bytes", .integer(layer.byteCount)),
              ("snr_db", .number(layer.signalToNoise)), ("reason", .optional(layer.reason) { .string($0) }),
            ])
          })
      ),
    ])
  }

  var picture: LayerPicture {
    let rows = layers.map { layer in
      LayerPicture.Row(
        name: layer.name, type: layer.type, note: layer.elementType.rawValue, isHighlighted: layer.reason == nil,
        value: layer.signalToNoise,
        mark: nil, details: "\(shapeText(layer.shape)), \(layer.originalByteCount.byteText) before, \(layer.byteCount.byteText) after")
    }
    return LayerPicture(title: "Weight compression", lines: [summary], legend: "bars: signal over noise of the weights in dB", rows: rows)
  }
}
