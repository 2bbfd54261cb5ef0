import OVRuntime

/// The numbers that codes of a few bits stand for, before they are scaled.
enum Levels: Hashable {
  /// The integers from 0, less a zero point.
  case asymmetric(bits: Int)
  /// The integers about zero, one more below it than above.
  case symmetric(bits: Int)
  /// The sixteen numbers of `nf4`: closest about zero, as weights lie.
  case normal

  /// The element type of codes in an IR.
  var elementType: ElementType {
    switch self {
    case .asymmetric(let bits): bits == 4 ? .u4 : .u8
    case .symmetric(let bits): bits == 4 ? .i4 : .i8
    case .normal: .nf4
    }
  }

  var bits: Int { elementType.bitWidth }

  var hasZeroPoints: Bool { if case .asymmetric = self { true } else { false } }

  /// The sixteen numbers of `nf4` in order.
  static let normalNumbers: [Float] = {
    guard let tensor = try? Tensor(.nf4, shape: [16], packing: Array(0..<16)) else { return [] }
    return tensor.doubles().map { Float($0) }
  }()
  /// Halfway between neighbours of them.
  static let normalBounds = zip(normalNumbers, normalNumbers.dropFirst()).map { ($0 + $1) / 2 }
}

extension Tensor {
  /// A tensor of 8- or 4-bit codes given one to a byte.
  init(_ elementType: ElementType, shape: Shape, packing codes: [UInt8]) throws(OVError) {
    try self.init(elementType, shape: shape)
    let isPacked = elementType.bitWidth == 4
    withUnsafeMutableBytes { bytes in
      for i in bytes.indices {
        // The first of two lies in the lower half.
        bytes[i] = isPacked ? codes[2 * i] & 15 | (2 * i + 1 < codes.count ? codes[2 * i + 1] << 4 : 0) : codes[i]
      }
    }
  }
}
