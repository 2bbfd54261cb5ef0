/// The references that may stand in XML text: `&lt;` and its like, `&#60;` and `&#x3c;`.
enum XMLReferences {
  private static let named: [(name: StaticString, byte: UInt8)] = [
    ("lt;", UInt8(ascii: "<")), ("gt;", UInt8(ascii: ">")), ("amp;", UInt8(ascii: "&")), ("quot;", UInt8(ascii: "\"")),
    ("apos;", UInt8(ascii: "'")),
  ]

  /// The bytes that the reference at the start of `bytes` takes; `nil` when it is none.
  static func length(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? { parse(bytes)?.length }

  /// The text that `bytes` stand for.
  ///
  /// Line ends become a line feed; in attributes they and tabs become spaces, as XML demands.
  /// - Precondition: every `&` starts a known reference.
  static func decoded(_ bytes: UnsafeBufferPointer<UInt8>, isAttribute: Bool) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "&"):
        let rest = UnsafeBufferPointer(rebasing: bytes[index...])
        guard let (scalar, length) = parse(rest) else { preconditionFailure("references are checked while scanning") }
        result.append(contentsOf: Unicode.UTF8.encode(scalar)!)
        index += length
        continue
      case UInt8(ascii: "\r"):
        if index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "\n") { result.append(isAttribute ? 32 : UInt8(ascii: "\n")) }
      case UInt8(ascii: "\n"), UInt8(ascii: "\t"):
        result.append(isAttribute ? 32 : byte)
      default:
        result.append(byte)
      }
      index += 1
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
    guard bytes.count > 2 else { return nil }
    guard bytes[1] == UInt8(ascii: "#") else {
      for (name, byte) in named where bytes.count > name.utf8CodeUnitCount {
        let matches = (0..<name.utf8CodeUnitCount).allSatisfy { bytes[1 + $0] == name.utf8Start[$0] }
        if matches { return (Unicode.Scalar(byte), 1 + name.utf8CodeUnitCount) }
      }
      return nil
    }
    let isHexadecimal = bytes[2] == UInt8(ascii: "x")
    var value: UInt32 = 0
    var index = isHexadecimal ? 3 : 2
    let first = index
    while index < bytes.count, bytes[index] != UInt8(ascii: ";") {
      guard let digit = digit(bytes[index], isHexadecimal) else { return nil }
      value = value * (isHexadecimal ? 16 : 10) + digit
      if value > 0x10_FFFF { return nil }
      index += 1
    }
    guard index > first, index < bytes.count, value != 0, let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, index + 1)
  }

  private static func digit(_ byte: UInt8, _ isHexadecimal: Bool) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f") where isHexadecimal: UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F") where isHexadecimal: UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
