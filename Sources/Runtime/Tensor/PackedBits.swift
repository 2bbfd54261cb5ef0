/// The IR's packing of element types narrower than a byte.
///
/// - `u1`: eight to a byte, the first in the most significant bit.
/// - `u2`: four to a byte, the first in the least significant bits.
/// - `i4`, `u4`, `nf4`, `f4e2m1`: two to a byte, the first in the low nibble.
/// - `u3`: eight in three bytes: the low two bits of values 0–3 and 4–7 in the first two bytes (the first value in the top
///   bits), the high bits in the third (the first value in the most significant bit).
/// - `u6`: four in three bytes: the low nibbles in the first two bytes (the first in the high nibble), the top two bits of
///   each in the third (the first in the top bits).
package enum PackedBits {
  /// The raw bits of `count` elements, one to a byte.
  static func unpack(_ bytes: UnsafeRawBufferPointer, _ type: ElementType, count: Int) -> [UInt8] {
    precondition(bytes.count >= type.byteCount(elementCount: count)!, "packed elements lie within their bytes")
    return (0..<count).map { i in
      switch type {
      case .u1: bytes[i / 8] >> UInt8(7 - i % 8) & 1
      case .u2: bytes[i / 4] >> UInt8(2 * (i % 4)) & 3
      case .u3:
        bytes[i / 8 * 3 + i % 8 / 4] >> UInt8(6 - 2 * (i % 4)) & 3 | (bytes[i / 8 * 3 + 2] >> UInt8(7 - i % 8) & 1) << 2
      case .u6:
        bytes[i / 4 * 3 + i % 4 / 2] >> UInt8(4 - 4 * (i % 2)) & 15 | (bytes[i / 4 * 3 + 2] >> UInt8(6 - 2 * (i % 4)) & 3) << 4
      default: bytes[i / 2] >> UInt8(4 * (i % 2)) & 15
      }
    }
  }

  /// Packs raw bits, one element to a byte, into zeroed memory.
  package static func pack(_ elements: [UInt8], _ type: ElementType, into target: UnsafeMutableRawPointer) {
    let bytes = target.bindMemory(to: UInt8.self, capacity: type.byteCount(elementCount: elements.count)!)
    for (i, element) in elements.enumerated() {
      switch type {
      case .u1: bytes[i / 8] |= (element & 1) << UInt8(7 - i % 8)
      case .u2: bytes[i / 4] |= (element & 3) << UInt8(2 * (i % 4))
      case .u3:
        bytes[i / 8 * 3 + i % 8 / 4] |= (element & 3) << UInt8(6 - 2 * (i % 4))
        bytes[i / 8 * 3 + 2] |= (element >> 2 & 1) << UInt8(7 - i % 8)
      case .u6:
        bytes[i / 4 * 3 + i % 4 / 2] |= (element & 15) << UInt8(4 - 4 * (i % 2))
        bytes[i / 4 * 3 + 2] |= (element >> 4 & 3) << UInt8(6 - 2 * (i % 4))
      default: bytes[i / 2] |= (element & 15) << UInt8(4 * (i % 2))
      }
    }
  }
}
