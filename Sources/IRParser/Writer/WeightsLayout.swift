/// Where constants lie in a weights file; equal contents are stored once.
struct WeightsLayout {
  /// Constants start at multiples of this, those of a page or more at multiples of ``largeAlignment``.
  private static let alignment = 8
  private static let largeAlignment = 64
  private static let largeSize = 4096

  /// The stored constants in the order of their offsets.
  private(set) var chunks: [(offset: Int, data: ConstantData)] = []
  /// The bytes from the first to the end of the last.
  private(set) var byteCount = 0
  private var offsets: [ConstantData: Int] = [:]
  private var chunksByHash: [UInt64: [Int]] = [:]

  /// The offset of a constant, which is added when its content is not there yet.
  mutating func offset(of data: ConstantData) -> Int {
    if let offset = offsets[data] { return offset }
    let hash = data.withUnsafeBytes(WeightsLayout.hash)
    let equal = chunksByHash[hash, default: []].first { chunks[$0].data.hasSameBytes(as: data) }
    let offset: Int
    if let equal {
      offset = chunks[equal].offset
    } else {
      let alignment = data.byteCount >= WeightsLayout.largeSize ? WeightsLayout.largeAlignment : WeightsLayout.alignment
      offset = (byteCount + alignment - 1) / alignment * alignment
      chunksByHash[hash, default: []].append(chunks.count)
      chunks.append((offset, data))
      byteCount = offset + data.byteCount
    }
    offsets[data] = offset
    return offset
  }

  /// Passes on all bytes in order, in pieces.
  func forEachPiece<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    let padding = [UInt8](repeating: 0, count: WeightsLayout.largeAlignment)
    var position = 0
    for (offset, data) in chunks {
      try padding.withUnsafeBufferPointer { (zeros) throws(Failure) in
        try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: zeros[..<(offset - position)])))
      }
      try data.withUnsafeBytes(body)
      position = offset + data.byteCount
    }
  }

  /// A hash of the length and all bytes, eight at a time.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
    func mix(_ word: UInt64) {
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    let words = bytes.count / 8
    for word in 0..<words { mix(bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) }
    for byte in bytes[(8 * words)...] { mix(UInt64(byte)) }
    return hash
  }
}

extension ConstantData {
  /// Whether both hold the same bytes.
  func hasSameBytes(as other: ConstantData) -> Bool {
    self == other || (byteCount == other.byteCount && withUnsafeBytes { bytes in other.withUnsafeBytes { bytes.elementsEqual($0) } })
  }
}
