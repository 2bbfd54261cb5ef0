/// Reads the XML of an IR into a ``Model``.
///
/// A graph — the net itself or a body — is read in two steps: its layers and edges in the order of the file (`Graph` and
/// its readers), then, when all are known, the nodes that something needs are connected (`GraphBuilder`).
struct IRReader {
  /// The deepest nesting of bodies in bodies.
  static let bodyDepthLimit = 24

  var xml: XMLReader
  let weights: WeightsBuffer?
  /// Where weights were looked for, to be named when they are missing.
  let weightsPath: String?
  /// The path of the XML, for the locations of nodes.
  let path: String?
  var irVersion = 11
  var names = OperationNames()
  var bodyDepth = 0
  private var lastPrecision: (spelled: XMLReader.Slice, type: ElementType)?

  private init(_ xml: XMLReader, weights: WeightsBuffer?, weightsPath: String?, path: String?) {
    self.xml = xml
    self.weights = weights
    self.weightsPath = weightsPath
    self.path = path
  }

  /// Reads a whole document.
  static func readModel(
    _ bytes: UnsafeRawBufferPointer, weights: WeightsBuffer?, weightsPath: String? = nil, path: String? = nil
  ) throws(OVError) -> Model {
    var reader = IRReader(try XMLReader(bytes), weights: weights, weightsPath: weightsPath, path: path)
    return try reader.readDocument()
  }

  private mutating func readDocument() throws(OVError) -> Model {
    guard try xml.nextChild() else { throw xml.error("the document has no element") }
    guard xml.string(xml.name).lowercased() == "net" else {
      throw xml.error("the document's element is <\(xml.string(xml.name))>, not <net>: this is not an OpenVINO IR")
    }
    irVersion = try integer("version", of: "<net>")
    guard irVersion == 10 || irVersion == 11 else {
      throw OVError(
        .unsupported, "the IR version is \(irVersion); versions 10 and 11 are read", at: .init(fileOffset: xml.eventOffset),
        suggestion: "convert the original model again with a current OpenVINO")
    }
    let start = xml.eventOffset
    let name = xml.attribute("name").map { xml.string($0) } ?? ""
    var graph = try readGraph(name: name, start: start)
    let preProcess = graph.preProcess
    try xml.finish()
    var model = try graph.makeModel(self).model
    model.irVersion = irVersion
    if let preProcess { try model.apply(preProcess, weights: weights) }
    if irVersion == 10 { model.applyVersion10Types() }
    return model
  }

  // MARK: Attributes

  /// A mandatory attribute of the current element, as text.
  func string(_ name: StaticString, of element: StaticString) throws(OVError) -> String {
    guard let value = xml.attribute(name) else { throw xml.error("\(element) has no attribute '\(name)'") }
    return xml.string(value)
  }

  /// A mandatory attribute of the current element, as a number that is not negative.
  func integer(_ name: StaticString, of element: StaticString) throws(OVError) -> Int {
    let value = try signedInteger(name, of: element)
    guard value >= 0 else { throw xml.error("the attribute '\(name)' of \(element) is \(value)") }
    return value
  }

  /// An attribute of the current element, as a number; mandatory without `fallback`.
  func signedInteger(_ name: StaticString, of element: StaticString, default fallback: Int? = nil) throws(OVError) -> Int {
    guard let slice = xml.attribute(name) else {
      if let fallback { return fallback }
      throw xml.error("\(element) has no attribute '\(name)'")
    }
    guard let value = xml.integer(slice) else {
      throw xml.error("the attribute '\(name)' of \(element) is \"\(OVError.printable(xml.string(slice)))\", not an integer")
    }
    return value
  }

  /// The element type that an output port declares.
  mutating func precision() throws(OVError) -> ElementType {
    guard let slice = xml.attribute("precision") else { throw xml.error("<port> of an output has no attribute 'precision'") }
    if let last = lastPrecision, xml.equals(last.spelled, slice) { return last.type }
    let text = xml.string(slice)
    guard let type = ElementType(precisionName: text) ?? (text.isEmpty ? nil : ElementType(irName: text)) else {
      throw xml.error("the precision \"\(OVError.printable(text))\" is unknown")
    }
    lastPrecision = (slice, type)
    return type
  }

  /// The attributes of the current element but for those that `isIncluded` refuses.
  func attributes(where isIncluded: (XMLReader.Slice) -> Bool = { _ in true }) -> Attributes {
    var entries: [Attributes.Entry] = []
    entries.reserveCapacity(xml.attributes.count)
    for attribute in xml.attributes where isIncluded(attribute.name) {
      entries.append(Attributes.Entry(name: xml.string(attribute.name), value: xml.string(attribute.value)))
    }
    return Attributes(uniqueEntries: entries)
  }
}

/// The names in a `names` or `output_names` attribute: separated by commas, `\,` is a comma of a name. Each is kept once.
func tensorNames(_ text: String) -> [String] {
  let comma = UInt8(ascii: ",")
  let escape = UInt8(ascii: "\\")
  if !text.utf8.contains(comma) { return text.isEmpty ? [] : [text] }
  var names: [String] = []
  var seen: Set<String> = []
  var current: [UInt8] = []
  func finish() {
    let name = String(decoding: current, as: UTF8.self)
    if !name.isEmpty, seen.insert(name).inserted { names.append(name) }
    current.removeAll(keepingCapacity: true)
  }
  for byte in text.utf8 {
    if byte != comma {
      current.append(byte)
    } else if current.last == escape {
      current[current.count - 1] = comma
    } else {
      finish()
    }
  }
  finish()
  return names
}
