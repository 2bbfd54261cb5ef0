/// Checks text before any of it is used, so that slices of it need no check of their own.
enum UTF8Validation {
  /// The offset of the first byte that is NUL or not part of well-formed UTF-8; `nil` when there is none.
  static func firstInvalidOffset(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var index = 0
    while index < count {
      if index + 8 <= count {
        let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
        // The first term has a high bit for a NUL byte (and, above one, possibly for others: those are looked at singly).
        if ((word &- ones) & ~word | word) & highs == 0 {
          index += 8
          continue
        }
      }
      let length = sequenceLength(base + index, count - index)
      if length == 0 { return index }
      index += length
    }
    return nil
  }

  /// The bytes of the well-formed character at the start; 0 when there is none.
  private static func sequenceLength(_ bytes: UnsafePointer<UInt8>, _ available: Int) -> Int {
    func continues(_ index: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool { index < available && range.contains(bytes[index]) }
    switch bytes[0] {
    case 0x01...0x7F: return 1
    case 0xC2...0xDF: return continues(1) ? 2 : 0
    case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
    case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
    case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }
}
