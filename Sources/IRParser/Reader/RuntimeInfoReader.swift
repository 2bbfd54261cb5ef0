extension IRReader {
  /// The children of one `<rt_info>` element that is being read.
  private struct Level {
    var key: String
    var element: String
    var entries: [RuntimeInfo.Entry] = []
    private var positions: [String: Int] = [:]

    init(key: String, element: String) {
      self.key = key
      self.element = element
    }

    /// Sets the value of a key; the last one of several counts.
    mutating func set(_ key: String, _ info: RuntimeInfo) {
      if let position = positions[key] {
        entries[position].info = info
      } else {
        positions[key] = entries.count
        entries.append(.init(key: key, info: info))
      }
    }
  }

  /// Reads the current element as a tree of strings: its children are `<key value="…"/>`, `<info name="key" value="…"/>`, or the
  /// same without a value and with children.
  mutating func readRuntimeInfo() throws(OVError) -> RuntimeInfo {
    var stack = [Level(key: "", element: xml.string(xml.name))]
    while true {
      if try xml.nextChild() {
        let element = xml.string(xml.name)
        let key = xml.attribute("name").map { xml.string($0) } ?? element
        if let value = xml.attribute("value") ?? (element == "unset" ? xml.attribute("unset_cli_parameters") : nil) {
          stack[stack.count - 1].set(key, .value(xml.string(value)))
          try xml.skipElement()
        } else if key == "config", stack[stack.count - 1].element == "quantization_parameters" {
          stack[stack.count - 1].set(key, .value(IRReader.foldedLines(try xml.rawContent())))
        } else {
          stack.append(Level(key: key, element: element))
        }
      } else {
        let level = stack.removeLast()
        let info = RuntimeInfo.entries(level.entries)
        if stack.isEmpty { return info }
        stack[stack.count - 1].set(level.key, info)
      }
    }
  }

  /// Reads a `<meta_data>` tail. Its `<cli_parameters>` are what is called `conversion_parameters` now.
  mutating func readLegacyMetaData() throws(OVError) -> [RuntimeInfo.Entry] {
    var entries: [RuntimeInfo.Entry] = []
    while try xml.nextChild() {
      let key = xml.string(xml.name)
      if key == "cli_parameters" {
        entries.append(.init(key: "conversion_parameters", info: try readRuntimeInfo()))
      } else if let value = xml.attribute("value") {
        entries.append(.init(key: key, info: .value(xml.string(value))))
        try xml.skipElement()
      } else {
        throw xml.error("<meta_data> has <\(key)> without a value")
      }
    }
    return entries
  }

  /// Reads a `<quantization_parameters>` tail.
  mutating func readLegacyQuantizationParameters() throws(OVError) -> RuntimeInfo { try readRuntimeInfo() }

  /// Reads the `<attribute name="…" version="…" …/>` children of a layer's or port's `<rt_info>`. Other children, and attributes
  /// without a name or version, are ignored.
  mutating func readRuntimeAttributes() throws(OVError) -> [RuntimeAttribute] {
    var result: [RuntimeAttribute] = []
    var seen: Set<[String]> = []
    while try xml.nextChild() {
      if xml.isNamed("attribute"), let name = xml.attribute("name"), let version = xml.attribute("version") {
        let attribute = RuntimeAttribute(
          name: xml.string(name), version: xml.string(version),
          values: attributes { !xml.equals($0, "name") && !xml.equals($0, "version") })
        guard seen.insert([attribute.name, attribute.version]).inserted else {
          throw xml.error("the runtime attribute \"\(OVError.printable(attribute.name))\" stands twice in <rt_info>")
        }
        result.append(attribute)
      }
      try xml.skipElement()
    }
    return result
  }

  /// Text without line feeds, and with single spaces.
  private static func foldedLines(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") {
      if byte == 32, result.last == 32 { continue }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
