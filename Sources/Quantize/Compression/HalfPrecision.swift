import OVRuntime

/// Stores constants in half precision.
enum HalfPrecision {
  /// Replaces f32 constants by f16 ones that are converted. Those that overflow or vanish in half precision stay, and so do the bounds of
  /// FakeQuantize.
  static func run(on model: inout Model, ignored: Set<NodeID>, _ report: inout CompressionReport) throws(OVError) {
    for id in model.topologicalOrder where model[id].type == "Constant" && model[id].outputs[0].type.elementType == .f32 {
      let users = model.users(of: OutputID(id))
      guard !users.isEmpty, !users.contains(where: { ignored.contains($0.node) || keepsSingle(model[$0.node], $0.index) }),
        let tensor = try Tensor(constant: model[id])
      else { continue }
      let values = tensor.array(of: Float.self)
      let halves = values.map { Float16($0) }
      var (signal, noise, isRepresentable) = (0.0, 0.0, true)
      for (x, half) in zip(values, halves) {
        if !half.isFinite || (half == 0 && x != 0) { isRepresentable = false }
        signal += Double(x) * Double(x)
        noise += (Double(x) - Double(half)) * (Double(x) - Double(half))
      }
      guard isRepresentable else { continue }
      let name = model[id].name
      let constant = model.add(.constant(Tensor(halves, shape: tensor.shape), name: name + "_compressed"))
      let converted = model.add(
        Node(
          name: name, type: "Convert", opset: "opset1", attributes: ["destination_type": "f32"], inputs: [OutputID(constant)],
          outputs: [Node.Output(tensor.type)]))
      model.markDecompression(converted)
      model.replaceUses(of: OutputID(id), with: OutputID(converted))
      report.layers.append(
        .init(
          name: name, type: model[users[0].node].type, shape: tensor.shape, elementType: .f16, originalByteCount: tensor.byteCount,
          byteCount: 2 * halves.count, signalToNoise: decibels(signal: signal, noise: noise)))
    }
  }

  private static func keepsSingle(_ user: Node, _ operand: Int) -> Bool {
    user.type == "FakeQuantize" && operand > 0 || user.type == "FakeConvert" || user.type == "Result"
  }
}
