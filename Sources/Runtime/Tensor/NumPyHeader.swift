/// The head of a `.npy` file (versions 1.0 to 3.0): what its elements are, their order and the array's shape.
struct NumPyHeader: Equatable {
  /// The elements of an array, by NumPy's letters.
  enum Elements: Equatable {
    /// Numbers of a type that tensors have too; `boolean` has any byte but 0 for true.
    case plain(ElementType)
    /// `S`: strings of this many bytes, filled up with zeros.
    case bytes(Int)
    /// `U`: strings of this many Unicode scalars of four bytes each, filled up with zeros.
    case unicode(Int)

    /// Bytes of one element.
    var byteCount: Int {
      switch self {
      case .plain(let type): type.bitWidth / 8
      case .bytes(let count): count
      case .unicode(let count): 4 * count
      }
    }
  }

  var elements: Elements
  var isBigEndian = false
  var isFortranOrder = false
  var shape: Shape
  /// Where the elements begin, in bytes from the start of the file.
  var dataOffset = 0

  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// NumPy's limit on dimensions.
  static let maximumRank = 64

  init(elements: Elements, shape: Shape) {
    self.elements = elements
    self.shape = shape
  }

  // MARK: Writing

  /// The head as bytes, version 1.0 or, when it is long, 2.0; the elements behind it start at a multiple of 64.
  func serialized() -> [UInt8] {
    let description: String =
      switch elements {
      case .bytes(let count): "|S\(count)"
      case .unicode(let count): "<U\(count)"
      case .plain(let type):
        (type.bitWidth == 8 ? "|" : "<") + Self.letters.first { $0.type == type }!.letter + String(type.bitWidth / 8)
      }
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(extents)), }"
    let isShort = text.utf8.count < 0xFF80
    let prefix = isShort ? 10 : 12
    let padding = 63 - (prefix + text.utf8.count) % 64
    let length = text.utf8.count + padding + 1
    var bytes = Self.magic + [isShort ? 1 : 2, 0]
    for i in 0..<prefix - 8 { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * i))) }
    bytes += text.utf8
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: padding)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static let letters: [(letter: String, type: ElementType)] = [
    ("b", .boolean), ("i", .i8), ("i", .i16), ("i", .i32), ("i", .i64), ("u", .u8), ("u", .u16), ("u", .u32), ("u", .u64),
    ("f", .f16), ("f", .f32), ("f", .f64),
  ]

  // MARK: Reading

  /// Reads the head and checks that the file holds all elements it announces.
  ///
  /// - Throws: ``OVError/Code/invalidData`` with the offset of the byte that is wrong.
  init(_ bytes: UnsafeRawBufferPointer) throws(OVError) {
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(Self.magic) else {
      throw OVError(.invalidData, "not a .npy file", at: .init(fileOffset: 0), suggestion: "write it with numpy.save")
    }
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw OVError(.invalidData, ".npy version \(bytes[6]).\(bytes[7]) is not known", at: .init(fileOffset: 6))
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard bytes.count >= 8 + lengthBytes else { throw Self.truncated(bytes.count) }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    dataOffset = 8 + lengthBytes + length
    guard bytes.count >= dataOffset else { throw Self.truncated(bytes.count) }

    elements = .plain(.f32)
    shape = []
    var seen: Set<String> = []
    var reader = LiteralReader(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<dataOffset]), position: 8 + lengthBytes)
    try reader.expect("{")
    while !reader.skip("}") {
      let start = reader.position
      let key = try reader.string()
      guard seen.insert(key).inserted else { throw reader.malformed("'\(key)' stands twice", at: start) }
      try reader.expect(":")
      switch key {
      case "descr": (elements, isBigEndian) = try Self.elements(&reader)
      case "fortran_order": isFortranOrder = try reader.boolean()
      case "shape": shape = try reader.tuple()
      default: throw reader.malformed("the key '\(key)' is not known", at: start)
      }
      if !reader.skip(",") {
        try reader.expect("}")
        break
      }
    }
    for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
      throw reader.malformed("'\(key)' is missing", at: 8 + lengthBytes)
    }
    try checkSize(available: bytes.count - dataOffset)
  }

  private func checkSize(available: Int) throws(OVError) {
    let size = shape.checkedElementCount.map { $0.multipliedReportingOverflow(by: elements.byteCount) }
    // Elements without bytes would let a short file ask for any number of strings.
    guard let size, !size.overflow, elements.byteCount > 0 || shape.contains(0) else {
      throw OVError(.invalidData, "the array's shape has no representable size", at: .init(fileOffset: dataOffset))
    }
    guard size.partialValue <= available else {
      throw OVError(
        .invalidData, "the array takes \(size.partialValue) bytes, \(available) are left in the file", at: .init(fileOffset: dataOffset))
    }
  }

  private static func elements(_ reader: inout LiteralReader) throws(OVError) -> (Elements, isBigEndian: Bool) {
    let start = reader.position
    if reader.skip("[") { throw reader.malformed("arrays of structures are not supported", at: start) }
    let text = try reader.string()
    let kind = text.dropFirst().first.map(String.init) ?? ""
    let size = Int(text.dropFirst(2)) ?? -1
    if let order = text.first, "<>|=".contains(order), (0...(1 << 32)).contains(size) {
      if kind == "S" || kind == "a" { return (.bytes(size), false) }
      if kind == "U" { return (.unicode(size), order == ">") }
      let entry = letters.first { $0.letter == kind && $0.type.bitWidth == 8 * size }
      if let entry { return (.plain(entry.type), order == ">") }
    }
    var error = reader.malformed("elements '\(OVError.printable(text))' are not supported", at: start)
    error.suggestion = "save the array as float32, as integers, booleans or strings"
    throw error
  }

  private static func truncated(_ count: Int) -> OVError {
    OVError(.invalidData, "the file ends within the .npy header", at: .init(fileOffset: count))
  }
}

/// Reads the few Python literals that a `.npy` header is made of.
private struct LiteralReader {
  let bytes: UnsafeRawBufferPointer
  var position: Int

  func malformed(_ message: String, at offset: Int) -> OVError {
    OVError(.invalidData, "malformed .npy header: \(message)", at: .init(fileOffset: offset))
  }

  private mutating func skipSpaces() {
    while position < bytes.count, bytes[position] == 32 || (9...13).contains(bytes[position]) { position += 1 }
  }

  private mutating func skipWord(_ word: StaticString) -> Bool {
    skipSpaces()
    let length = word.utf8CodeUnitCount
    guard bytes.count - position >= length else { return false }
    for i in 0..<length where bytes[position + i] != word.utf8Start[i] { return false }
    position += length
    return true
  }

  /// Passes over `token` if it stands next.
  mutating func skip(_ token: StaticString) -> Bool { skipWord(token) }

  mutating func expect(_ token: StaticString) throws(OVError) {
    if !skipWord(token) { throw malformed("'\(token)' expected", at: position) }
  }

  /// A quoted string without escapes.
  mutating func string() throws(OVError) -> String {
    skipSpaces()
    let start = position
    // Python 2 marks some strings with a letter.
    if position < bytes.count, bytes[position] == UInt8(ascii: "u") || bytes[position] == UInt8(ascii: "b") { position += 1 }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"") else {
      throw malformed("a string expected", at: start)
    }
    let quote = bytes[position]
    guard let end = bytes[(position + 1)...].firstIndex(of: quote), end - start <= 4096 else {
      throw malformed("a string without end", at: start)
    }
    defer { position = end + 1 }
    return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
  }

  mutating func boolean() throws(OVError) -> Bool {
    if skipWord("True") { return true }
    if skipWord("False") { return false }
    throw malformed("True or False expected", at: position)
  }

  /// A tuple of lengths.
  mutating func tuple() throws(OVError) -> [Int] {
    var lengths: [Int] = []
    try expect("(")
    while !skip(")") {
      let start = position
      var length = 0
      var digits = 0
      skipSpaces()
      while position < bytes.count, (48...57).contains(bytes[position]) {
        let (product, overflow) = length.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - 48))
        if overflow || carry { throw malformed("a length is too large", at: start) }
        length = sum
        digits += 1
        position += 1
      }
      if digits == 0 { throw malformed("a length expected", at: start) }
      _ = skip("L")  // Python 2's long integers
      lengths.append(length)
      if lengths.count > NumPyHeader.maximumRank { throw malformed("more than \(NumPyHeader.maximumRank) dimensions", at: start) }
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return lengths
  }
}
