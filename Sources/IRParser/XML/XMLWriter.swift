/// Builds an XML document, an element a line, indented by tabs.
struct XMLWriter {
  private(set) var bytes: [UInt8] = []
  private var open: [String] = []
  /// The first thing that XML cannot hold.
  private(set) var failure: OVError?

  init() { bytes += "<?xml version=\"1.0\"?>\n".utf8 }

  /// Writes an element without children.
  mutating func element(_ name: String, _ attributes: [(name: String, value: String)] = []) {
    startTag(name, attributes)
    bytes += " />\n".utf8
  }

  /// Writes an element with text in it. The text needs no escaping.
  mutating func element(_ name: String, plainText: String) {
    startTag(name, [])
    bytes += ">\(plainText)</\(name)>\n".utf8
  }

  /// Starts an element that ``end()`` ends.
  mutating func start(_ name: String, _ attributes: [(name: String, value: String)] = []) {
    startTag(name, attributes)
    bytes += ">\n".utf8
    open.append(name)
  }

  mutating func end() {
    let name = open.removeLast()
    indent()
    bytes += "</\(name)>\n".utf8
  }

  /// Whether a text can be the name of an element or attribute without any doubt.
  static func isName(_ text: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool {
      byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        || byte == UInt8(ascii: "_")
    }
    func isMore(_ byte: UInt8) -> Bool {
      isLetter(byte) || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return text.utf8.first.map(isLetter) == true && text.utf8.allSatisfy(isMore)
  }

  private mutating func startTag(_ name: String, _ attributes: [(name: String, value: String)]) {
    indent()
    bytes.append(UInt8(ascii: "<"))
    bytes += name.utf8
    for (name, value) in attributes {
      if !XMLWriter.isName(name) { fail("the attribute name \"\(name)\" cannot stand in XML") }
      bytes.append(32)
      bytes += name.utf8
      bytes += "=\"".utf8
      appendEscaped(value)
      bytes.append(UInt8(ascii: "\""))
    }
  }

  private mutating func appendEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case UInt8(ascii: "\""): bytes += "&quot;".utf8
      case 0: fail("the text \"\(text)\" contains a NUL character, which cannot stand in XML")
      case 1..<32: bytes += "&#\(byte);".utf8
      default: bytes.append(byte)
      }
    }
  }

  private mutating func indent() {
    for _ in open { bytes.append(UInt8(ascii: "\t")) }
  }

  private mutating func fail(_ message: String) {
    if failure == nil { failure = OVError(.invalidArgument, message) }
  }
}
