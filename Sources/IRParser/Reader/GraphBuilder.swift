extension Graph {
  /// Where an input comes from: a layer by its position in `layers`, and the position of one of its output ports.
  private struct Source {
    var layer: Int
    var output: Int
  }

  /// Connects the layers that a `Result` or an `Assign` needs, in an order where each stands behind its operands and which
  /// otherwise is the file's.
  ///
  /// - Returns: the model, and its nodes by the ids of their layers.
  mutating func makeModel(_ reader: IRReader) throws(OVError) -> (model: Model, nodes: [Int: NodeID]) {
    let sources = try connect()
    var model = Model(name: name)
    var nodes: [Int: NodeID] = [:]
    var nodeOfLayer = [NodeID?](repeating: nil, count: layers.count)
    for index in try order(sources) {
      var layer = layers[index]
      do throws(OVError) {
        var inputs: [OutputID] = []
        inputs.reserveCapacity(sources[index].count)
        for (position, source) in sources[index].enumerated() {
          guard let source else { throw OVError(.invalidModel, "no edge leads to the input port \(layer.inputPorts[position])") }
          let producer = nodeOfLayer[source.layer]!
          guard source.output < model[producer].outputs.count else {
            throw OVError(.invalidModel, "an input comes from an output that \(model[producer].location.layerType!) does not have")
          }
          inputs.append(OutputID(producer, source.output))
        }
        layer.node.inputs = inputs
        try complete(&layer, model, reader)
      } catch {
        throw error.located(at: layer.node.location)
      }
      let id = model.add(layer.node)
      nodeOfLayer[index] = id
      nodes[layer.id] = id
    }
    try checkVariables(model)
    model.runtimeInfo = runtimeInfo ?? .entries(legacyInfo)
    return (model, nodes)
  }

  /// The sources of each layer's input ports; `nil` where no edge leads.
  private func connect() throws(OVError) -> [[Source?]] {
    var indexOfLayer: [Int: Int] = [:]
    indexOfLayer.reserveCapacity(layers.count)
    for (index, layer) in layers.enumerated() where indexOfLayer.updateValue(index, forKey: layer.id) != nil {
      throw OVError(.invalidModel, "two layers have the id \(layer.id)", at: layer.node.location)
    }
    var sources = layers.map { [Source?](repeating: nil, count: $0.inputPorts.count) }
    for edge in edges {
      let location = OVError.Location(fileOffset: edge.offset, layerID: edge.toLayer)
      guard let target = indexOfLayer[edge.toLayer] else {
        throw OVError(.invalidModel, "an edge leads to layer \(edge.toLayer), which does not exist", at: location)
      }
      let targetLocation = location.merged(with: layers[target].node.location)
      guard let source = indexOfLayer[edge.fromLayer] else {
        throw OVError(.invalidModel, "an edge comes from layer \(edge.fromLayer), which does not exist", at: targetLocation)
      }
      guard let input = layers[target].inputPorts.position(of: edge.toPort) else {
        throw OVError(.invalidModel, "an edge leads to input port \(edge.toPort), which does not exist", at: targetLocation)
      }
      guard let output = layers[source].outputPorts.position(of: edge.fromPort) else {
        throw OVError(
          .invalidModel, "an edge comes from output port \(edge.fromPort) of layer \(edge.fromLayer), which does not exist",
          at: targetLocation)
      }
      guard sources[target][input] == nil else {
        throw OVError(.invalidModel, "two edges lead to input port \(edge.toPort)", at: targetLocation)
      }
      sources[target][input] = Source(layer: source, output: output)
    }
    return sources
  }

  /// The layers that are needed, such that each stands behind its operands.
  private func order(_ sources: [[Source?]]) throws(OVError) -> [Int] {
    var isNeeded = layers.map { ["Parameter", "Result"].contains($0.node.type) || $0.node.isSink }
    var pending = layers.indices.filter { isNeeded[$0] }
    while let index = pending.popLast() {
      for case let source? in sources[index] where !isNeeded[source.layer] {
        isNeeded[source.layer] = true
        pending.append(source.layer)
      }
    }
    enum State { case unseen, open, placed }
    var state = [State](repeating: .unseen, count: layers.count)
    var order: [Int] = []
    var stack: [(layer: Int, next: Int)] = []
    for root in layers.indices where isNeeded[root] && state[root] == .unseen {
      state[root] = .open
      stack.append((root, 0))
      while let (layer, next) = stack.last {
        guard next < sources[layer].count else {
          state[layer] = .placed
          order.append(layer)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        guard let source = sources[layer][next]?.layer else { continue }
        if state[source] == .open { throw OVError(.invalidModel, "the layer depends on its own output", at: layers[source].node.location) }
        if state[source] == .unseen {
          state[source] = .open
          stack.append((source, 0))
        }
      }
    }
    return order
  }

  /// Checks what the types with a role in the graph need, and gives their outputs the types that their attributes state.
  private func complete(_ layer: inout Layer, _ model: Model, _ reader: IRReader) throws(OVError) {
    switch layer.node.type {
    case "Parameter":
      guard layer.hasData else { throw OVError(.invalidModel, "a Parameter needs <data>") }
      guard layer.node.inputs.isEmpty else { throw OVError(.invalidModel, "a Parameter has inputs") }
      let shape = try layer.node.attributes.partialShape("shape", default: PartialShape(Shape()))
      layer.setOnlyOutput(ValueType(try layer.node.attributes.elementType("element_type", default: .dynamic), shape))
    case "Constant":
      guard layer.node.inputs.isEmpty else { throw OVError(.invalidModel, "a Constant has inputs") }
      try reader.readConstant(of: &layer)
    case "Result":
      guard layer.node.inputs.count == 1 else { throw OVError(.invalidModel, "a Result has \(layer.node.inputs.count) inputs, not 1") }
      let value = layer.node.inputs[0]
      // A Parameter's names are those of the input only.
      let inherited = model[value.node].type == "Parameter" ? [] : model[value].names
      layer.setOnlyOutput(model.type(of: value), names: layer.outputNames ?? inherited)
    default: break
    }
  }

  private func checkVariables(_ model: Model) throws(OVError) {
    if model.sinks.isEmpty { return }
    var read: Set<String> = []
    for node in model.nodes where node.type == "ReadValue" {
      if let variable = node.attributes["variable_id"] { read.insert(variable) }
    }
    for id in model.sinks where model[id].type == "Assign" {
      let location = model[id].location
      guard let variable = model[id].attributes["variable_id"] else {
        throw OVError(.invalidModel, "an Assign needs a variable_id", at: location)
      }
      guard read.contains(variable) else {
        throw OVError(.invalidModel, "no ReadValue has the variable \"\(OVError.printable(variable))\"", at: location)
      }
    }
    if model.checkedTopologicalOrder() == nil {
      throw OVError(.invalidModel, "a ReadValue depends on an Assign of its own variable", at: .init(fileOffset: start))
    }
  }
}

extension Layer {
  /// Makes the node one with a single output; a declared one keeps its names.
  fileprivate mutating func setOnlyOutput(_ type: ValueType, names: [String]? = nil) {
    let declared = node.outputs.first
    node.outputs = [Node.Output(type, names: names ?? declared?.names ?? [], runtimeInfo: declared?.runtimeInfo ?? [])]
  }
}

extension OVError.Location {
  /// This place, with what only `other` knows.
  fileprivate func merged(with other: OVError.Location) -> OVError.Location {
    var location = other
    location.fileOffset = fileOffset ?? other.fileOffset
    return location
  }
}

extension IRReader {
  /// Checks a constant's range of the weights and gives the node its payload. Nothing is allocated.
  fileprivate func readConstant(of layer: inout Layer) throws(OVError) {
    let attributes = layer.node.attributes
    guard layer.hasData else { throw OVError(.invalidModel, "a Constant needs <data>") }
    let type = try attributes.elementType("element_type")
    guard let shape = try attributes.partialShape("shape").shape, let count = shape.checkedElementCount else {
      throw OVError(.invalidModel, "the shape of a Constant, \"\(attributes["shape"] ?? "")\", is not one of a tensor in memory")
    }
    guard let offset = layer.weightsOffset, let size = layer.weightsSize else {
      throw OVError(.invalidModel, "a Constant needs the attributes 'offset' and 'size'")
    }
    guard let weights else {
      guard let weightsPath else { throw OVError(.invalidModel, "the model has constants and no weights were given") }
      throw OVError(
        .unreadableFile, "the model has constants and there is no file \(weightsPath)", suggestion: "put the .bin file beside the XML")
    }
    guard size <= weights.count, offset <= weights.count - size else {
      throw OVError(
        .invalidModel, "the constant's \(size) bytes from \(offset) do not lie within the \(weights.count) bytes of weights",
        suggestion: "check that the .bin file belongs to the XML and is complete")
    }
    var data = ConstantData(weights, offset: offset, byteCount: size)
    if type == .string {
      try data.checkStrings(count: count)
    } else {
      guard let need = type.byteCount(elementCount: count) else {
        throw OVError(.invalidModel, "\(count) elements of type \(type) cannot be stored")
      }
      guard need <= size else {
        throw OVError(.invalidModel, "a constant \(ValueType(type, shape)) takes \(need) bytes and has \(size)")
      }
      data = ConstantData(weights, offset: offset, byteCount: need)
    }
    layer.node.constant = data
    layer.setOnlyOutput(ValueType(type, shape))
  }
}

extension ConstantData {
  /// Checks the layout of strings: their count, `count` + 1 ascending offsets, and their bytes.
  fileprivate func checkStrings(count: Int) throws(OVError) {
    let bytes = unsafeBytes
    let word = 4
    func value(_ index: Int) -> Int { Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * word, as: Int32.self))) }
    let words = bytes.count / word
    guard words >= 2, value(0) == count, count <= words - 2 else {
      throw OVError(.invalidModel, "a constant of \(count) strings does not have as many offsets")
    }
    let textBytes = bytes.count - (count + 2) * word
    var previous = 0
    for index in 1...(count + 1) {
      let offset = value(index)
      guard offset >= previous, offset <= textBytes else {
        throw OVError(.invalidModel, "the offsets of a constant's strings are not ascending or do not lie within its bytes")
      }
      previous = offset
    }
  }
}
