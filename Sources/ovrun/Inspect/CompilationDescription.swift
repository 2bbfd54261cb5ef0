import OVRuntime

/// What compiling made of a model: passes, steps and their kernels, memory.
struct CompilationDescription {
  let compiled: CompiledModel

  var text: String {
    var text = "\ncompiled for \(compiled.instructionSet), \(compiled.options.precision), \(compiled.options.threads ?? 1) threads\n"
    text += "\npasses\n"
    for report in compiled.passReport {
      text += "  \(report.name): \(report.count)\n"
      for detail in report.details { text += "    \(OVError.printable(detail, limit: 200))\n" }
    }
    if compiled.passReport.isEmpty { text += "  none changed anything\n" }
    text += layerPrecisions
    let steps = compiled.steps
    guard !steps.isEmpty else {
      return text + "\nsteps\n  they depend on the shapes of the inputs, which '--shape' sets\n"
    }
    var table = Table([("  node", .left), ("type", .left), ("kernel", .left), ("precision", .left), ("MFLOP", .right), ("fused", .left)])
    for step in steps {
      table.append([
        "  " + OVError.printable(step.nodeName, limit: 48), step.nodeType, step.kernel, step.precision.rawValue,
        step.floatingPointOperations > 0 ? (Double(step.floatingPointOperations) / 1e6).fixed(3) : "",
        step.fusedNames.map { OVError.printable($0, limit: 48) }.joined(separator: ", "),
      ])
    }
    text += "\n\(steps.count) steps\n" + table.text
    let (activations, weights) = (compiled.arenaByteCount.byteText, compiled.packedWeightsByteCount.byteText)
    return text + "\nmemory\n  activations \(activations), packed weights \(weights)\n"
  }

  /// In which precision the layers of a quantised model compute, and why some are not integer.
  private var layerPrecisions: String {
    let layers = compiled.layerPrecisions
    if layers.isEmpty { return "" }
    let floats = layers.filter { $0.reason != nil }
    var text = "\nprecisions of convolutions and matrix products\n  \(layers.count - floats.count) of \(layers.count) in 8-bit integers\n"
    var table = Table([("", .left), ("", .left), ("", .left), ("", .left)])
    for layer in floats {
      table.append(["  " + OVError.printable(layer.nodeName, limit: 48), layer.nodeType, layer.precision.rawValue, layer.reason ?? ""])
    }
    if !floats.isEmpty { text += table.text }
    return text
  }

  var json: [(String, JSON)] {
    let passes = compiled.passReport.map { report in
      JSON.object([
        ("name", .string(report.name)), ("count", .integer(report.count)), ("details", .array(report.details.map { .string($0) })),
      ])
    }
    let steps = compiled.steps.map { step in
      JSON.object([
        ("node", .string(step.nodeName)), ("type", .string(step.nodeType)), ("kernel", .string(step.kernel)),
        ("precision", .string(step.precision.rawValue)), ("fused", .array(step.fusedNames.map { .string($0) })),
        ("flop", .integer(step.floatingPointOperations)), ("bytes", .integer(step.byteCount)),
      ])
    }
    let layers = compiled.layerPrecisions.map { layer in
      JSON.object([
        ("node", .string(layer.nodeName)), ("type", .string(layer.nodeType)), ("precision", .string(layer.precision.rawValue)),
        ("reason", .optional(layer.reason) { .string($0) }),
      ])
    }
    return [
      ("isa", .string(compiled.instructionSet)), ("precision", .string(compiled.options.precision.rawValue)),
      ("threads", .integer(compiled.options.threads ?? 1)), ("passes", .array(passes)),
      ("layer_precisions", .array(layers)), ("steps", .array(steps)),
      ("arena_bytes", .integer(compiled.arenaByteCount)), ("packed_weights_bytes", .integer(compiled.packedWeightsByteCount)),
    ]
  }
}
