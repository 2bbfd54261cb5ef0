/// The type of a tensor's elements, with OpenVINO's names.
///
/// The raw value is the spelling in the IR's `element_type` attributes (`f32`); ports spell the same types differently
/// (``precisionName``, `FP32`).
public enum ElementType: String, CaseIterable, Hashable, Sendable {
  case boolean, bf16, f16, f32, f64
  case i4, i8, i16, i32, i64
  case u1, u2, u3, u4, u6, u8, u16, u32, u64
  case nf4, f8e4m3, f8e5m2, f4e2m1, f8e8m0
  case string
  /// Not known before the model runs.
  case dynamic

  /// Reads the spelling of an `element_type`, `destination_type` or `output_type` attribute.
  public init?(irName: some StringProtocol) {
    switch irName {
    case "undefined", "": self = .dynamic
    default:
      guard let type = ElementType(rawValue: String(irName)) else { return nil }
      self = type
    }
  }

  /// Reads the spelling of a port's `precision` attribute.
  public init?(precisionName: some StringProtocol) {
    guard let type = ElementType.byPrecisionName[String(precisionName)] else { return nil }
    self = type
  }

  private static let byPrecisionName: [String: ElementType] = {
    var names = ["UNSPECIFIED": ElementType.dynamic, "DYNAMIC": .dynamic]
    for type in ElementType.allCases { names[type.precisionName] = type }
    return names
  }()

  /// The spelling of a port's `precision` attribute.
  public var precisionName: String {
    switch self {
    case .boolean: "BOOL"
    case .f16: "FP16"
    case .f32: "FP32"
    case .f64: "FP64"
    case .u1: "BIN"
    case .dynamic: "UNSPECIFIED"
    default: rawValue.uppercased()
    }
  }

  /// Bits of one element; 0 for ``string`` and ``dynamic``, which have no fixed width.
  public var bitWidth: Int {
    switch self {
    case .u1: 1
    case .u2: 2
    case .u3: 3
    case .i4, .u4, .nf4, .f4e2m1: 4
    case .u6: 6
    case .boolean, .i8, .u8, .f8e4m3, .f8e5m2, .f8e8m0: 8
    case .bf16, .f16, .i16, .u16: 16
    case .f32, .i32, .u32: 32
    case .f64, .i64, .u64: 64
    case .string, .dynamic: 0
    }
  }

  /// Whether several elements share a byte.
  public var isPacked: Bool { bitWidth > 0 && bitWidth < 8 }

  /// Whether the elements are real numbers, whatever their width.
  public var isFloatingPoint: Bool {
    switch self {
    case .bf16, .f16, .f32, .f64, .nf4, .f8e4m3, .f8e5m2, .f4e2m1, .f8e8m0: true
    default: false
    }
  }

  /// Whether the elements are integers (``boolean`` is not).
  public var isInteger: Bool { isSignedInteger || isUnsignedInteger }

  /// Whether the elements are signed integers.
  public var isSignedInteger: Bool {
    switch self {
    case .i4, .i8, .i16, .i32, .i64: true
    default: false
    }
  }

  /// Whether the elements are unsigned integers.
  public var isUnsignedInteger: Bool {
    switch self {
    case .u1, .u2, .u3, .u4, .u6, .u8, .u16, .u32, .u64: true
    default: false
    }
  }

  /// Bytes that `elementCount` elements take, packed elements rounded up to whole groups (two to a byte for 4-bit types,
  /// eight in three bytes for ``u3``, four in three bytes for ``u6``); `nil` when the count is negative, the product
  /// overflows, or the type has no fixed width.
  public func byteCount(elementCount: Int) -> Int? {
    guard elementCount >= 0 else { return nil }
    let (perGroup, bytes) =
      switch self {
      case .u3: (8, 3)
      case .u6: (4, 3)
      case .string, .dynamic: (0, 0)
      default: isPacked ? (8 / bitWidth, 1) : (1, bitWidth / 8)
      }
    guard perGroup > 0 else { return nil }
    let groups = elementCount / perGroup + (elementCount % perGroup == 0 ? 0 : 1)
    let (total, overflow) = groups.multipliedReportingOverflow(by: bytes)
    return overflow ? nil : total
  }
}

extension ElementType: CustomStringConvertible {
  public var description: String { rawValue }
}
