extension Tensor {
  /// Integers that compare as the elements do, whatever their type: zeros of either sign are equal, NaN is above all numbers.
  /// Keys of two numeric tensors of one element type compare with each other; those of strings do not.
  func orderKeys() -> [Int64] {
    if elementType == .string {
      let ranks = Dictionary(uniqueKeysWithValues: Set(strings).sorted().enumerated().map { ($1, Int64($0)) })
      return strings.map { ranks[$0]! }
    }
    if elementType.isFloatingPoint { return doubles().map { Int64(orderOf: $0) } }
    // The bit patterns of unsigned numbers compare as signed ones with their upper bit turned.
    return elementType == .u64 ? int64s().map { $0 ^ .min } : int64s()
  }
}

extension Int64 {
  /// An integer that compares with others of its kind as `x` does.
  fileprivate init(orderOf x: Double) {
    let bits = Int64(bitPattern: x.bitPattern)
    self = x.isNaN ? .max : x == 0 ? 0 : bits ^ (bits >> 63 & .max)
  }
}

extension Node {
  /// An attribute that says whether indices are `i32` or `i64`.
  func indexType(_ name: String, default fallback: ElementType) throws -> ElementType {
    let type = try attributes.elementType(name, default: fallback)
    guard type == .i32 || type == .i64 else {
      throw OVError(.invalidModel, "\(name) is \(type)", suggestion: "it can be i32 or i64")
    }
    return type
  }
}
