import OVRuntime

/// Restores layers to floating point, the one whose restoration helps the outputs most first, until the model is good enough.
struct LayerRestoration {
  let assembly: QuantizedModelAssembly
  let original: Model
  let control: AccuracyControl
  let options: QuantizationOptions

  /// How many samples layers are ranked with.
  private static let rankingSampleCount = 32

  /// Returns the layers to restore.
  func run(
    _ calibration: CalibrationData, _ report: inout QuantizationReport, _ progress: (QuantizationProgress) -> Void
  ) throws(OVError) -> Set<NodeID> {
    let target = try control.quality(original)
    report.originalQuality = target
    var (model, layers) = try assembly.model(restoring: [])
    var quality = try control.quality(model)
    var restored: Set<NodeID> = []
    if target - quality > control.maximumDrop {
      var ranking = try rank(layers.filter(\.report.isQuantized), calibration, progress)
      let total = ranking.count
      while target - quality > control.maximumDrop, !ranking.isEmpty {
        let layer = ranking.removeFirst()
        restored.insert(layer.node)
        report.restoredLayers.append(layer.report.name)
        model = try assembly.model(restoring: restored).0
        quality = try control.quality(model)
        progress(.init(phase: .restoring, completed: restored.count, total: total))
      }
    }
    report.quality = quality
    layers = []
    return restored
  }

  /// The layers such that those come first whose restoration leaves the least error in the outputs.
  private func rank(
    _ layers: [QuantizedModelAssembly.Layer], _ calibration: CalibrationData, _ progress: (QuantizationProgress) -> Void
  ) throws(OVError) -> [QuantizedModelAssembly.Layer] {
    var ranking: [(error: Double, layer: QuantizedModelAssembly.Layer)] = []
    for (index, layer) in layers.enumerated() {
      let (model, _) = try assembly.model(restoring: [layer.node])
      let comparison = ModelComparison(original: assembly.prepared, changed: model, options)
      ranking.append((try comparison.outputError(calibration, limit: LayerRestoration.rankingSampleCount), layer))
      progress(.init(phase: .ranking, completed: index + 1, total: layers.count))
    }
    return ranking.sorted { $0.error < $1.error }.map(\.layer)
  }
}
