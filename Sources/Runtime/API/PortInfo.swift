/// An input or output of a model.
public struct PortInfo: Sendable {
  /// The tensor's names; may be empty.
  public let names: [String]
  /// The name of the Parameter or Result node.
  public let nodeName: String
  /// Element type and partial shape.
  public let type: ValueType
  /// The port's `<rt_info>`.
  public let runtimeInfo: [RuntimeAttribute]

  /// The first tensor name, or else the node's name.
  public var name: String { names.first ?? nodeName }

  /// Whether `name` means this port.
  public func isNamed(_ name: String) -> Bool { names.contains(name) || nodeName == name }
}

extension Model {
  /// The model's inputs, in Parameter order.
  public var inputs: [PortInfo] {
    parameters.map { id in
      let output = self[id].outputs[0]
      let declared = (try? Parameter(self[id]).type) ?? output.type
      return PortInfo(names: output.names, nodeName: self[id].name, type: declared, runtimeInfo: output.runtimeInfo)
    }
  }

  /// The model's outputs, in Result order. Types are as the file declares them until the model is reshaped or compiled.
  public var outputs: [PortInfo] {
    results.map { id in
      let source = self[self[id].inputs[0]]
      let own = self[id].outputs.first
      let names = source.names + (own?.names ?? []).filter { !source.names.contains($0) }
      return PortInfo(names: names, nodeName: self[id].name, type: own?.type ?? source.type, runtimeInfo: own?.runtimeInfo ?? [])
    }
  }

  /// Sets the shapes of inputs, by tensor or Parameter name, and infers all others anew.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` for a name that no input has, ``OVError/Code/invalidModel`` naming the layer when the
  ///   model does not work with those shapes; the model is unchanged then.
  public mutating func reshape(_ shapes: [String: PartialShape]) throws(OVError) {
    var reshaped = self
    for (name, shape) in shapes {
      guard let index = inputs.firstIndex(where: { $0.isNamed(name) }) else {
        throw OVError.unknownPort("input", name, inputs)
      }
      reshaped.update(parameters[index]) { $0.attributes["shape"] = shape.irText }
    }
    var propagation = ShapePropagation()
    try propagation.run(on: &reshaped)
    self = reshaped
  }

  /// Infers the types of all values.
  ///
  /// - Throws: ``OVError`` naming the layer whose operands contradict its operation, or whose operation is not supported.
  public mutating func inferShapes() throws(OVError) { try reshape([:]) }
}

extension OVError {
  static func unknownPort(_ kind: String, _ name: String, _ ports: [PortInfo]) -> OVError {
    let known = ports.map { "\"\(OVError.printable($0.name))\"" }.joined(separator: ", ")
    return OVError(
      .invalidArgument, "the model has no \(kind) \"\(OVError.printable(name))\"", suggestion: "its \(kind)s are \(known)")
  }

  static func unknownPort(_ kind: String, _ index: Int, _ ports: [PortInfo]) -> OVError {
    OVError(.invalidArgument, "the model has no \(kind) \(index)", suggestion: "there are \(ports.count), counted from 0")
  }
}
