/// A pull parser for the XML that IRs are written in: elements, attributes, text, comments, CDATA sections, processing
/// instructions, the five named entities and numeric character references, in UTF-8.
///
/// There is no document type and thus no other entity; both are errors. Memory is bounded by the depth limit, time is linear in
/// the number of bytes. Names and values are ranges of the document; ``string(_:)`` makes text of them.
///
/// Start with ``nextChild()``, which moves to the document's element; it and its like walk the tree without recursion:
///
///     while try xml.nextChild() {
///       if xml.isNamed("layer") { try readLayer() } else { try xml.skipElement() }
///     }
package struct XMLReader {
  /// What the reader has just moved past.
  package enum Event: Hashable {
    /// A start tag: ``name`` and ``attributes`` are its own. An empty-element tag is followed by an ``endElement``.
    case startElement
    case endElement
    /// Text that is not all white space: ``text``.
    case text
    case endOfDocument
  }

  /// A range of the document's bytes, and what has to be done to make text of it.
  package struct Slice {
    package enum Encoding { case verbatim, references, attribute }
    package var start: Int
    package var end: Int
    package var encoding = Encoding.verbatim
    package var count: Int { end - start }
  }

  package struct Attribute {
    package var name: Slice
    package var value: Slice
  }

  /// The deepest nesting of elements that is read.
  package static let depthLimit = 256
  /// The greatest number of attributes of one element.
  package static let attributeLimit = 1024

  private let base: UnsafePointer<UInt8>
  private let count: Int
  /// The byte after what has been read.
  private var position = 0
  /// The names of the elements that are open.
  private var open: [Slice] = []
  private var isEmptyElement = false
  private var hasRoot = false

  /// The offset of the last event's first byte.
  package private(set) var eventOffset = 0
  /// The name in the last start tag or end tag.
  package private(set) var name = Slice(start: 0, end: 0)
  /// The attributes of the last start tag, in document order; their names are unique.
  package private(set) var attributes: [Attribute] = []
  /// The last text event's content.
  package private(set) var text = Slice(start: 0, end: 0)

  /// A reader of `bytes`, which have to outlive it.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when the bytes are not UTF-8.
  package init(_ bytes: UnsafeRawBufferPointer) throws(OVError) {
    count = bytes.count
    base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(bitPattern: 1)!
    if let offset = UTF8Validation.firstInvalidOffset(base, count) {
      throw OVError(.invalidModel, "the XML is not UTF-8 text", at: .init(fileOffset: offset))
    }
    if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { position = 3 }
    if starts(with: "<?xml", at: position), position + 5 < count, isSpace(base[position + 5]) { try readDeclaration() }
  }

  /// The number of elements that are open: 1 inside the document's element.
  package var depth: Int { open.count }

  // MARK: Events

  /// Moves to the next event.
  package mutating func next() throws(OVError) -> Event {
    if isEmptyElement {
      isEmptyElement = false
      open.removeLast()
      return .endElement
    }
    while true {
      skipSpace()
      eventOffset = position
      guard position < count else {
        if let unclosed = open.last { throw error("the document ends inside <\(string(unclosed))>") }
        if !hasRoot { throw error("the document has no element") }
        return .endOfDocument
      }
      guard base[position] == UInt8(ascii: "<") else {
        try readText()
        return .text
      }
      guard position + 1 < count else { throw error("the document ends inside a tag") }
      switch base[position + 1] {
      case UInt8(ascii: "/"):
        try readEndTag()
        return .endElement
      case UInt8(ascii: "?"):
        try skip(past: "?>", after: position + 2, "a processing instruction")
      case UInt8(ascii: "!"):
        if starts(with: "<!--", at: position) {
          try skip(past: "-->", after: position + 4, "a comment")
        } else if starts(with: "<![CDATA[", at: position) {
          if try readCharacterData() { return .text }
        } else if starts(with: "<!DOCTYPE", at: position) {
          throw error("document type declarations are not accepted")
        } else {
          throw error("unknown markup")
        }
      default:
        try readStartTag()
        return .startElement
      }
    }
  }

  /// Moves to the next child of the current element and makes it the current one; `false` when the element ends instead.
  ///
  /// Each child has to be left, by ``skipElement()`` or by reading its children to their end, before the next call.
  package mutating func nextChild() throws(OVError) -> Bool {
    while true {
      switch try next() {
      case .startElement: return true
      case .endElement, .endOfDocument: return false
      case .text: continue
      }
    }
  }

  /// Moves past the end of the current element.
  package mutating func skipElement() throws(OVError) {
    let outer = open.count - 1
    while open.count > outer { _ = try next() }
  }

  /// Moves past the end of the current element and returns its first text; an empty slice when there is none.
  package mutating func elementText() throws(OVError) -> Slice {
    let outer = open.count - 1
    var found: Slice?
    while open.count > outer {
      if try next() == .text, found == nil, open.count == outer + 1 { found = text }
    }
    return found ?? Slice(start: eventOffset, end: eventOffset)
  }

  /// Moves past the end of the current element and returns everything between its tags as it is written.
  package mutating func rawContent() throws(OVError) -> String {
    let start = position
    let isEmpty = isEmptyElement
    try skipElement()
    return isEmpty ? "" : string(Slice(start: start, end: eventOffset))
  }

  /// Reads what follows the document's element: nothing but comments and processing instructions.
  package mutating func finish() throws(OVError) {
    switch try next() {
    case .endOfDocument: break
    case .text, .startElement, .endElement: throw error("the document goes on after its element")
    }
  }

  // MARK: Names and values

  /// Whether the last tag has this name.
  package func isNamed(_ expected: StaticString) -> Bool { equals(name, expected) }

  /// The value of an attribute of the last start tag.
  package func attribute(_ name: StaticString) -> Slice? {
    for attribute in attributes where equals(attribute.name, name) { return attribute.value }
    return nil
  }

  /// Whether a slice, as it is written, is `expected`.
  package func equals(_ slice: Slice, _ expected: StaticString) -> Bool {
    slice.count == expected.utf8CodeUnitCount && starts(with: expected, at: slice.start)
  }

  /// Whether two slices are written alike.
  package func equals(_ a: Slice, _ b: Slice) -> Bool {
    guard a.count == b.count else { return false }
    for index in 0..<a.count where base[a.start + index] != base[b.start + index] { return false }
    return true
  }

  /// A slice as it is written.
  package func bytes(_ slice: Slice) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base + slice.start, count: slice.count) }

  /// A slice with its references replaced.
  package func string(_ slice: Slice) -> String {
    let bytes = bytes(slice)
    switch slice.encoding {
    case .verbatim: return String(decoding: bytes, as: UTF8.self)
    case .references: return XMLReferences.decoded(bytes, isAttribute: false)
    case .attribute: return XMLReferences.decoded(bytes, isAttribute: true)
    }
  }

  /// A decimal number that fills the slice but for white space around it; `nil` when it is none or does not fit.
  package func integer(_ slice: Slice) -> Int? {
    if slice.encoding != .verbatim { return Int(string(slice).trimmed) }
    var start = slice.start
    var end = slice.end
    while start < end, isSpace(base[start]) { start += 1 }
    while end > start, isSpace(base[end - 1]) { end -= 1 }
    let isNegative = start < end && base[start] == UInt8(ascii: "-")
    if isNegative { start += 1 }
    guard start < end else { return nil }
    var value = 0
    for index in start..<end {
      guard base[index] >= UInt8(ascii: "0"), base[index] <= UInt8(ascii: "9") else { return nil }
      let digit = Int(base[index] &- UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.subtractingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    if isNegative { return value }
    return value == Int.min ? nil : -value
  }

  /// An error about the last event.
  package func error(_ message: String) -> OVError { OVError(.invalidModel, message, at: .init(fileOffset: eventOffset)) }

  // MARK: Scanning

  private mutating func readDeclaration() throws(OVError) {
    eventOffset = position
    position += 5
    try readAttributes(of: nil)
    guard starts(with: "?>", at: position) else { throw error("the XML declaration does not end with ?>") }
    position += 2
    if let encoding = attribute("encoding"), !["utf-8", "utf8", "us-ascii", "ascii"].contains(string(encoding).lowercased()) {
      throw error("the XML declares the encoding \"\(string(encoding))\"; only UTF-8 is read")
    }
    attributes.removeAll(keepingCapacity: true)
  }

  private mutating func readStartTag() throws(OVError) {
    if open.isEmpty && hasRoot { throw error("the document goes on after its element") }
    hasRoot = true
    position += 1
    let start = try readName("an element")
    if open.count == XMLReader.depthLimit { throw error("elements are nested deeper than \(XMLReader.depthLimit)") }
    try readAttributes(of: start)
    if base[position] == UInt8(ascii: "/") {
      guard starts(with: "/>", at: position) else { throw error("the tag <\(string(start))> does not end") }
      isEmptyElement = true
      position += 1
    }
    position += 1
    name = start
    open.append(start)
  }

  private mutating func readEndTag() throws(OVError) {
    position += 2
    let end = try readName("an element")
    skipSpace()
    guard position < count, base[position] == UInt8(ascii: ">") else { throw error("the tag </\(string(end))> does not end") }
    guard let start = open.popLast() else { throw error("</\(string(end))> ends an element that is not open") }
    guard equals(start, end) else { throw error("</\(string(end))> ends <\(string(start))>") }
    position += 1
    name = end
  }

  /// Reads the attributes of an element, or of the XML declaration when it is `nil`, up to the `>`, `/` or `?` behind them.
  private mutating func readAttributes(of element: Slice?) throws(OVError) {
    let end = element == nil ? UInt8(ascii: "?") : UInt8(ascii: "/")
    attributes.removeAll(keepingCapacity: true)
    while true {
      let before = position
      skipSpace()
      guard position < count else { throw error("the document ends inside \(describe(element))") }
      if base[position] == UInt8(ascii: ">") || base[position] == end { return }
      if position == before { throw error("white space is missing between the attributes of \(describe(element))") }
      let name = try readName("an attribute")
      for other in attributes where equals(other.name, name) {
        throw OVError(
          .invalidModel, "the attribute '\(string(name))' stands twice in \(describe(element))", at: .init(fileOffset: name.start))
      }
      if attributes.count == XMLReader.attributeLimit {
        throw error("\(describe(element)) has more than \(XMLReader.attributeLimit) attributes")
      }
      skipSpace()
      guard position < count, base[position] == UInt8(ascii: "=") else { throw error("the attribute '\(string(name))' has no value") }
      position += 1
      skipSpace()
      attributes.append(Attribute(name: name, value: try readAttributeValue(name)))
    }
  }

  private func describe(_ element: Slice?) -> String { element.map { "<\(string($0))>" } ?? "the XML declaration" }

  private mutating func readAttributeValue(_ name: Slice) throws(OVError) -> Slice {
    guard position < count, base[position] == UInt8(ascii: "\"") || base[position] == UInt8(ascii: "'") else {
      throw error("the value of the attribute '\(string(name))' is not quoted")
    }
    let quote = base[position]
    position += 1
    var value = Slice(start: position, end: position)
    while position < count {
      let byte = base[position]
      if byte == quote {
        value.end = position
        position += 1
        return value
      }
      if byte == UInt8(ascii: "<") { break }
      if byte == UInt8(ascii: "&") {
        value.encoding = .attribute
        try checkReference()
      } else {
        if byte < 32 { value.encoding = .attribute }
        position += 1
      }
    }
    throw error("the value of the attribute '\(string(name))' does not end")
  }

  private mutating func readText() throws(OVError) {
    if open.isEmpty { throw error("there is text outside the document's element") }
    text = Slice(start: position, end: position)
    while position < count, base[position] != UInt8(ascii: "<") {
      if base[position] == UInt8(ascii: "&") {
        text.encoding = .references
        try checkReference()
      } else {
        if base[position] == UInt8(ascii: "\r") { text.encoding = .references }
        position += 1
      }
    }
    text.end = position
  }

  /// Reads a CDATA section; `false` when nothing but white space is in it.
  private mutating func readCharacterData() throws(OVError) -> Bool {
    if open.isEmpty { throw error("there is text outside the document's element") }
    text = Slice(start: position + 9, end: position + 9)
    try skip(past: "]]>", after: position + 9, "a CDATA section")
    text.end = position - 3
    return bytes(text).contains { !isSpace($0) }
  }

  private mutating func checkReference() throws(OVError) {
    guard let length = XMLReferences.length(UnsafeBufferPointer(start: base + position, count: min(count - position, 16))) else {
      throw OVError(
        .invalidModel, "an & starts no known entity", at: .init(fileOffset: position), suggestion: "write &amp; for the character itself")
    }
    position += length
  }

  private mutating func readName(_ what: StaticString) throws(OVError) -> Slice {
    let start = position
    while position < count, isNameByte(base[position]) { position += 1 }
    let isStart = position > start && !(base[start] == UInt8(ascii: "-") || base[start] == UInt8(ascii: ".") || isDigit(base[start]))
    guard isStart else { throw OVError(.invalidModel, "the name of \(what) is missing or malformed", at: .init(fileOffset: start)) }
    return Slice(start: start, end: position)
  }

  private mutating func skip(past end: StaticString, after start: Int, _ what: StaticString) throws(OVError) {
    var index = start
    while index < count {
      if base[index] == end.utf8Start[0], starts(with: end, at: index) {
        position = index + end.utf8CodeUnitCount
        return
      }
      index += 1
    }
    throw error("the document ends inside \(what)")
  }

  private mutating func skipSpace() {
    while position < count, isSpace(base[position]) { position += 1 }
  }

  private func starts(with prefix: StaticString, at offset: Int) -> Bool {
    let length = prefix.utf8CodeUnitCount
    guard offset + length <= count else { return false }
    for index in 0..<length where base[offset + index] != prefix.utf8Start[index] { return false }
    return true
  }
}

@inline(__always)
private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 9 || byte == 13 }

@inline(__always)
private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

/// Whether a byte may stand in a name; all of a multi-byte character's do.
@inline(__always)
private func isNameByte(_ byte: UInt8) -> Bool {
  let letter = byte | 0x20
  return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z") || isDigit(byte) || byte >= 128 || byte == UInt8(ascii: "_")
    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
}
