extension Model {
  /// Gives a version 10 model the inputs and outputs that its time knew: `f16` inputs become `f32`, outputs become `f32` or
  /// `i32`, with a `Convert` between them and the model; operation names become names of the tensors.
  ///
  /// The types of outputs are those that the file declares: a reader infers none.
  mutating func applyVersion10Types() {
    for id in parameters { applyVersion10Input(id) }
    var converted: [OutputID: OutputID] = [:]
    for id in results {
      let source = self[id].inputs[0]
      let output = converted[source] ?? applyVersion10Output(source)
      converted[source] = output
      if output != source { setInput(InputID(id), to: output) }
      let value = self[output]
      update(id) { result in
        result.outputs[0].type = value.type
        result.outputs[0].names = value.names
      }
    }
  }

  private mutating func applyVersion10Input(_ id: NodeID) {
    let type = self[id].outputs[0].type
    let users = users(of: OutputID(id))
    update(id) { parameter in
      if !parameter.outputs[0].names.contains(parameter.name) { parameter.outputs[0].names.append(parameter.name) }
    }
    guard type.elementType == .f16 else { return }
    update(id) { parameter in
      parameter.attributes["element_type"] = ElementType.f32.rawValue
      parameter.outputs[0].type.elementType = .f32
    }
    if users.isEmpty { return }
    let name = self[id].name + "/f16"
    let convert = add(.convert(OutputID(id), to: type, name: name, location: self[id].location))
    for user in users { setInput(user, to: OutputID(convert)) }
  }

  /// Returns the value that results should show instead of `source`, which may be itself.
  private mutating func applyVersion10Output(_ source: OutputID) -> OutputID {
    let producer = self[source.node]
    let type = self[source].type
    let apiName = producer.outputs.count == 1 ? producer.name : "\(producer.name).\(source.index)"
    func addAPIName(_ names: inout [String]) { if !names.contains(apiName) { names.append(apiName) } }
    let legacy: ElementType =
      switch type.elementType {
      case .i32, .i64, .u32, .u64: .i32
      case .dynamic, .string: type.elementType
      default: .f32
      }
    guard legacy != type.elementType else {
      update(source.node) { addAPIName(&$0.outputs[source.index].names) }
      return source
    }
    // The Convert takes over the name under which the output is known.
    let convert = add(.convert(source, to: ValueType(legacy, type.shape), name: apiName, location: producer.location))
    var names = producer.outputs[source.index].names
    addAPIName(&names)
    update(convert) { $0.outputs[0].names = names }
    update(source.node) { node in
      node.outputs[source.index].names = []
      if node.name == apiName { node.name += "/\(type.elementType)" }
    }
    return OutputID(convert)
  }
}

extension Node {
  fileprivate static func convert(_ source: OutputID, to type: ValueType, name: String, location: OVError.Location) -> Node {
    var location = location
    location.layerType = "Convert (opset1)"
    return Node(
      name: name, type: "Convert", opset: "opset1", attributes: ["destination_type": type.elementType.rawValue], inputs: [source],
      outputs: [Output(type)], location: location)
  }
}
