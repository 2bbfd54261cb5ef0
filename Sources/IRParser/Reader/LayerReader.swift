/// A layer as the file has it, not connected yet.
struct Layer {
  var id: Int
  /// Complete but for its inputs and, for a `Constant`, its data.
  var node: Node
  var inputPorts = PortIDs()
  var outputPorts = PortIDs()
  var hasData = false
  /// A `Constant`'s range of the weights.
  var weightsOffset: Int?
  var weightsSize: Int?
  /// A `Result`'s own names.
  var outputNames: [String]?
}

/// The ids of a layer's input or output ports, in the order of the file.
struct PortIDs {
  private var ids: [Int] = []
  /// The positions of ids that do not continue the numbering of the first.
  private var irregular: [Int: Int] = [:]

  var count: Int { ids.count }

  subscript(position: Int) -> Int { ids[position] }

  mutating func append(_ id: Int) {
    if let first = ids.first, id.subtractingReportingOverflow(first) != (ids.count, false), irregular[id] == nil {
      irregular[id] = ids.count
    }
    ids.append(id)
  }

  /// The position of the first port with an id; `nil` when there is none.
  func position(of id: Int) -> Int? {
    guard let first = ids.first else { return nil }
    let (guess, overflow) = id.subtractingReportingOverflow(first)
    if !overflow, ids.indices.contains(guess), ids[guess] == id { return guess }
    return irregular[id]
  }
}

extension IRReader {
  /// Reads the layer whose start tag was just read.
  mutating func readLayer() throws(OVError) -> Layer {
    let offset = xml.eventOffset
    var location = OVError.Location(path: path, fileOffset: offset, layerID: try integer("id", of: "<layer>"))
    do {
      location.layerName = try string("name", of: "<layer>")
      let names = names.resolve(type: try string("type", of: "<layer>"), opset: try string("version", of: "<layer>"))
      location.layerType = names.description
      let node = Node(name: location.layerName!, type: names.type, opset: names.opset, location: location)
      var layer = Layer(id: location.layerID!, node: node)
      if names.type == "Result", let slice = xml.attribute("output_names") { layer.outputNames = tensorNames(xml.string(slice)) }
      try readContent(of: &layer)
      return layer
    } catch {
      throw error.located(at: location)
    }
  }

  private mutating func readContent(of layer: inout Layer) throws(OVError) {
    var bodies = BodyReader(layer.node.type)
    while try xml.nextChild() {
      if xml.isNamed("input"), layer.inputPorts.count == 0 {
        while try xml.nextChild() {
          if xml.isNamed("port") { try readInputPort(of: &layer) } else { try xml.skipElement() }
        }
      } else if xml.isNamed("output"), layer.outputPorts.count == 0 {
        while try xml.nextChild() {
          if xml.isNamed("port") { try readOutputPort(of: &layer) } else { try xml.skipElement() }
        }
      } else if xml.isNamed("data"), !layer.hasData {
        try readData(of: &layer)
      } else if xml.isNamed("rt_info"), irVersion > 10 {
        layer.node.runtimeInfo = try readRuntimeAttributes()
      } else if try !bodies.readChild(&self) {
        try xml.skipElement()
      }
    }
    try bodies.finish(&layer)
  }

  private mutating func readData(of layer: inout Layer) throws(OVError) {
    layer.hasData = true
    if layer.node.type == "Constant" {
      if xml.attribute("offset") != nil { layer.weightsOffset = try integer("offset", of: "<data>") }
      if xml.attribute("size") != nil { layer.weightsSize = try integer("size", of: "<data>") }
      layer.node.attributes = attributes { !xml.equals($0, "offset") && !xml.equals($0, "size") }
    } else {
      layer.node.attributes = attributes()
    }
    try xml.skipElement()
  }

  private mutating func readInputPort(of layer: inout Layer) throws(OVError) {
    layer.inputPorts.append(try integer("id", of: "<port>"))
    while try xml.nextChild() {
      if xml.isNamed("dim") { _ = try readDimension() } else { try xml.skipElement() }
    }
  }

  private mutating func readOutputPort(of layer: inout Layer) throws(OVError) {
    layer.outputPorts.append(try integer("id", of: "<port>"))
    let type = try precision()
    var output = Node.Output(ValueType(type, .dynamic))
    if let names = xml.attribute("names") { output.names = tensorNames(xml.string(names)) }
    var dimensions: [Dimension] = []
    while try xml.nextChild() {
      if xml.isNamed("dim") {
        dimensions.append(try readDimension())
      } else if xml.isNamed("rt_info"), irVersion > 10 {
        output.runtimeInfo = try readRuntimeAttributes()
      } else {
        try xml.skipElement()
      }
    }
    output.type.shape = PartialShape(dimensions)
    layer.node.outputs.append(output)
  }

  private mutating func readDimension() throws(OVError) -> Dimension {
    let offset = xml.eventOffset
    let text = try xml.elementText()
    guard let length = xml.integer(text), length >= -1 else {
      throw OVError(
        .invalidModel, "the dimension \"\(OVError.printable(xml.string(text)))\" is not a number from -1 up", at: .init(fileOffset: offset))
    }
    return length == -1 ? .dynamic : Dimension(length)
  }
}
