/// A node's attributes: names and values as the IR spells them, in file order, read through typed accessors that check them.
///
/// An accessor throws ``OVError/Code/invalidModel`` when the text is not of the asked type, and when an attribute without a
/// default is missing. The node's reader adds the layer to the error.
public struct Attributes: Hashable, Sendable {
  /// One attribute.
  public struct Entry: Hashable, Sendable {
    public var name: String
    public var value: String
  }

  /// In file order; names are unique.
  public private(set) var entries: [Entry] = []

  public init() {}

  /// - Precondition: no two entries have the same name.
  package init(uniqueEntries entries: [Entry]) { self.entries = entries }

  /// The text of an attribute; `nil` when absent.
  public subscript(name: String) -> String? {
    get { entries.first { $0.name == name }?.value }
    set {
      let index = entries.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): entries[index].value = value
      case (let index?, nil): entries.remove(at: index)
      case (nil, let value?): entries.append(Entry(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// A string attribute.
  public func string(_ name: String, default fallback: String? = nil) throws(OVError) -> String {
    if let text = self[name] { return text }
    return try required(fallback, name)
  }

  /// An integer attribute.
  public func int(_ name: String, default fallback: Int? = nil) throws(OVError) -> Int {
    guard let text = self[name] else { return try required(fallback, name) }
    guard let value = Int(text.trimmed) else { throw malformed(name, text, "an integer") }
    return value
  }

  /// A real attribute; `inf`, `-inf` and `nan` are accepted.
  public func double(_ name: String, default fallback: Double? = nil) throws(OVError) -> Double {
    guard let text = self[name] else { return try required(fallback, name) }
    guard let value = Double(text.trimmed) else { throw malformed(name, text, "a number") }
    return value
  }

  /// A boolean attribute: `true`, `1`, `false` or `0` in any case.
  public func bool(_ name: String, default fallback: Bool? = nil) throws(OVError) -> Bool {
    guard let text = self[name] else { return try required(fallback, name) }
    switch text.trimmed.lowercased() {
    case "true", "1": return true
    case "false", "0": return false
    default: throw malformed(name, text, "true or false")
    }
  }

  /// A comma-separated list of integers; the empty text is the empty list.
  public func ints(_ name: String, default fallback: [Int]? = nil) throws(OVError) -> [Int] {
    guard let text = self[name] else { return try required(fallback, name) }
    return try list(text, name, "a list of integers") { Int($0) }
  }

  /// A comma-separated list of reals; the empty text is the empty list.
  public func doubles(_ name: String, default fallback: [Double]? = nil) throws(OVError) -> [Double] {
    guard let text = self[name] else { return try required(fallback, name) }
    return try list(text, name, "a list of numbers") { Double($0) }
  }

  /// An element type attribute.
  public func elementType(_ name: String, default fallback: ElementType? = nil) throws(OVError) -> ElementType {
    guard let text = self[name] else { return try required(fallback, name) }
    guard let type = ElementType(irName: text.trimmed) else { throw malformed(name, text, "an element type such as f32") }
    return type
  }

  /// A shape attribute in the IR's notation: `1,3,?,1..10`; `...` is an unknown rank; the empty text is a scalar.
  public func partialShape(_ name: String, default fallback: PartialShape? = nil) throws(OVError) -> PartialShape {
    guard let text = self[name] else { return try required(fallback, name) }
    guard let shape = PartialShape(irText: text) else { throw malformed(name, text, "a shape such as 1,3,?,1..10") }
    return shape
  }

  /// One of a fixed set of words, compared without case.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice? = nil
  ) throws(OVError) -> Choice where Choice.RawValue == String {
    guard let text = self[name] else { return try required(fallback, name) }
    let word = text.trimmed.lowercased()
    guard let choice = Choice.allCases.first(where: { $0.rawValue == word }) else {
      throw OVError(
        .unsupported, "attribute '\(name)' is \"\(OVError.printable(text))\", which is not supported",
        suggestion: "the supported values are " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  private func required<T>(_ fallback: T?, _ name: String) throws(OVError) -> T {
    guard let fallback else { throw OVError(.invalidModel, "attribute '\(name)' is missing") }
    return fallback
  }

  private func list<T>(
    _ text: String, _ name: String, _ expected: String, _ parse: (String) -> T?
  ) throws(OVError) -> [T] {
    if text.trimmed.isEmpty { return [] }
    var values: [T] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = parse(String(part).trimmed) else { throw malformed(name, text, expected) }
      values.append(value)
    }
    return values
  }

  private func malformed(_ name: String, _ text: String, _ expected: String) -> OVError {
    OVError(.invalidModel, "attribute '\(name)' is \"\(OVError.printable(text))\", not \(expected)")
  }
}

extension Attributes: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { self[name] = value }
  }
}

extension PartialShape {
  /// Reads the notation of the IR's `shape` attributes, with or without brackets; `nil` when it is malformed or an extent is below −1.
  public init?(irText: String) {
    var text = irText.trimmed
    if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()).trimmed }
    if text == "..." {
      self = .dynamic
      return
    }
    if text.isEmpty {
      self.init(Shape())
      return
    }
    var dimensions: [Dimension] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let dimension = Dimension(irText: String(part).trimmed) else { return nil }
      dimensions.append(dimension)
    }
    self.init(dimensions)
  }

  /// The notation of the IR's `shape` attributes.
  public var irText: String {
    guard let dimensions else { return "..." }
    return dimensions.map(\.description).joined(separator: ",")
  }
}

extension Dimension {
  /// Reads `3`, `?`, `-1`, `1..10`, `2..` or `..5`.
  fileprivate init?(irText text: String) {
    if text == "?" || text == "-1" {
      self = .dynamic
      return
    }
    let scalars = Array(text.utf8)
    let dot = UInt8(ascii: ".")
    guard let split = scalars.indices.dropLast().first(where: { scalars[$0] == dot && scalars[$0 + 1] == dot }) else {
      guard let length = Int(text), length >= 0 else { return nil }
      self.init(length)
      return
    }
    let lowerText = String(decoding: scalars[..<split], as: UTF8.self)
    let upperText = String(decoding: scalars[(split + 2)...], as: UTF8.self)
    guard let lower = lowerText.isEmpty ? 0 : Int(lowerText), lower >= 0 else { return nil }
    if upperText.isEmpty {
      self.init(lowerBound: lower, upperBound: nil)
      return
    }
    guard let upper = Int(upperText), upper >= lower else { return nil }
    self.init(lowerBound: lower, upperBound: upper)
  }
}

extension String {
  /// Without leading and trailing spaces, tabs and line ends.
  package var trimmed: String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
    let bytes = utf8
    guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(self[first...last])
  }
}
