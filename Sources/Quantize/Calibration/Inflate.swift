import OVRuntime

/// Decompresses DEFLATE streams (RFC 1951).
struct Inflate {
  /// How a prefix code decodes: symbols by code length, then by value (RFC 1951, 3.2.2).
  private struct Code {
    /// The number of codes of each length.
    private var counts = [Int](repeating: 0, count: 16)
    private var symbols: [UInt16]

    /// - Throws: when more codes are asked for than there are. A code that leaves some unused is refused when one of those is met.
    init(lengths: ArraySlice<UInt8>) throws(OVError) {
      symbols = [UInt16](repeating: 0, count: lengths.count)
      for length in lengths { counts[Int(length)] += 1 }
      counts[0] = 0
      var free = 1
      var offsets = [Int](repeating: 0, count: 17)
      for length in 1...15 {
        free = 2 * free - counts[length]
        if free < 0 { throw Inflate.damaged("a code has too many words") }
        offsets[length + 1] = offsets[length] + counts[length]
      }
      for (symbol, length) in lengths.enumerated() where length > 0 {
        symbols[offsets[Int(length)]] = UInt16(symbol)
        offsets[Int(length)] += 1
      }
    }

    func symbol(_ input: inout Inflate) throws(OVError) -> Int {
      var (code, first, index) = (0, 0, 0)
      for length in 1...15 {
        code |= try input.bits(1)
        let count = counts[length]
        if code - first < count { return Int(symbols[index + code - first]) }
        index += count
        first = (first + count) << 1
        code <<= 1
      }
      throw Inflate.damaged("a word that its code does not have")
    }
  }

  private let input: UnsafeRawBufferPointer
  private var position = 0
  private var buffer = 0
  private var bufferedBits = 0
  private var output: [UInt8] = []
  private let limit: Int

  /// Decompresses a whole stream to exactly `byteCount` bytes.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when the stream is damaged or gives another number of bytes.
  static func decompress(_ input: UnsafeRawBufferPointer, byteCount: Int) throws(OVError) -> [UInt8] {
    var stream = Inflate(input, limit: byteCount)
    try stream.run()
    guard stream.output.count == byteCount else { throw damaged("it gives \(stream.output.count) bytes, not \(byteCount)") }
    return stream.output
  }

  private init(_ input: UnsafeRawBufferPointer, limit: Int) {
    self.input = input
    self.limit = limit
    // A stream cannot give more than 1,032 bytes for each of its own: what a damaged size announces is not allocated.
    output.reserveCapacity(min(limit, input.count.multipliedReportingOverflow(by: 1032).partialValue))
  }

  private static func damaged(_ what: String) -> OVError { OVError(.invalidData, "the compressed data are damaged: \(what)") }

  /// The next `count` bits, the first in the lowest place.
  private mutating func bits(_ count: Int) throws(OVError) -> Int {
    while bufferedBits < count {
      guard position < input.count else { throw Inflate.damaged("they end too early") }
      buffer |= Int(input[position]) << bufferedBits
      position += 1
      bufferedBits += 8
    }
    defer {
      buffer >>= count
      bufferedBits -= count
    }
    return buffer & (1 << count - 1)
  }

  private mutating func run() throws(OVError) {
    var isLast = false
    while !isLast {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try copyStored()
      case 1: try decode(literals: Inflate.fixedCodes().literals, distances: Inflate.fixedCodes().distances)
      case 2:
        let codes = try readCodes()
        try decode(literals: codes.literals, distances: codes.distances)
      default: throw Inflate.damaged("a block of an unknown kind")
      }
    }
  }

  private mutating func copyStored() throws(OVError) {
    buffer = 0
    bufferedBits = 0
    let length = try bits(16)
    guard try bits(16) == ~length & 0xFFFF else { throw Inflate.damaged("the length of a stored block is wrong") }
    guard length <= input.count - position, length <= limit - output.count else { throw Inflate.damaged("a stored block is too long") }
    output.append(contentsOf: input[position..<(position + length)])
    position += length
  }

  private static func fixedCodes() throws(OVError) -> (literals: Code, distances: Code) {
    let lengths =
      [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112) + [UInt8](repeating: 7, count: 24)
      + [UInt8](repeating: 8, count: 8)
    return (try Code(lengths: lengths[...]), try Code(lengths: [UInt8](repeating: 5, count: 30)[...]))
  }

  private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private mutating func readCodes() throws(OVError) -> (literals: Code, distances: Code) {
    let literalCount = try bits(5) + 257
    let distanceCount = try bits(5) + 1
    let lengthCount = try bits(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw Inflate.damaged("a code has too many words") }
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount { codeLengths[Inflate.lengthOrder[index]] = UInt8(try bits(3)) }
    let lengthCode = try Code(lengths: codeLengths[...])
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try lengthCode.symbol(&self)
      let (value, count): (UInt8, Int)
      switch symbol {
      case 16:
        guard let last = lengths.last else { throw Inflate.damaged("nothing to repeat") }
        (value, count) = (last, try bits(2) + 3)
      case 17: (value, count) = (0, try bits(3) + 3)
      case 18: (value, count) = (0, try bits(7) + 11)
      default: (value, count) = (UInt8(symbol), 1)
      }
      guard lengths.count + count <= literalCount + distanceCount else { throw Inflate.damaged("a code has too many words") }
      for _ in 0..<count { lengths.append(value) }
    }
    return (try Code(lengths: lengths[..<literalCount]), try Code(lengths: lengths[literalCount...]))
  }

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthExtraBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
    16385, 24577,
  ]

  private mutating func decode(literals: Code, distances: Code) throws(OVError) {
    while true {
      let symbol = try literals.symbol(&self)
      if symbol == 256 { return }
      if symbol < 256 {
        guard output.count < limit else { throw Inflate.damaged("they are longer than announced") }
        output.append(UInt8(symbol))
        continue
      }
      guard symbol - 257 < Inflate.lengthBases.count else { throw Inflate.damaged("a length that does not exist") }
      let length = Inflate.lengthBases[symbol - 257] + (try bits(Inflate.lengthExtraBits[symbol - 257]))
      let distanceSymbol = try distances.symbol(&self)
      guard distanceSymbol < Inflate.distanceBases.count else { throw Inflate.damaged("a distance that does not exist") }
      let distance = Inflate.distanceBases[distanceSymbol] + (try bits(max(0, distanceSymbol / 2 - 1)))
      guard distance <= output.count else { throw Inflate.damaged("a copy from before the start") }
      guard length <= limit - output.count else { throw Inflate.damaged("they are longer than announced") }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }
}
