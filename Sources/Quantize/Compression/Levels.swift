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
  static let normalNumbers = SmallFloat.nf4Table.map { Float($0) }
  /// Halfway between neighbours of them.
  static let normalBounds = zip(normalNumbers, normalNumbers.dropFirst()).map { ($0 + $1) / 2 }
}

extension Tensor {
  /// A tensor of 8- or 4-bit codes given one to a byte.
  init(_ elementType: ElementType, shape: Shape, packing codes: [UInt8]) throws(OVError) {
    try self.init(elementType, shape: shape)
    withUnsafeMutableBytes { bytes in
      if elementType.bitWidth == 8 {
        bytes.copyBytes(from: codes)
      } else {
        PackedBits.pack(codes, elementType, into: bytes.baseAddress!)
      }
    }
  }
}
