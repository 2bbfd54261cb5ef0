/// The element types that kernels tell apart; booleans are bytes.
@usableFromInline package enum KernelElement: String, CaseIterable, Sendable {
  case f32
  case f16
  case bf16
  case i32
  case i64
  case u8
  case i8

  /// Bytes.
  package var size: Int {
    switch self {
    case .f32, .i32: 4
    case .i64: 8
    case .f16, .bf16: 2
    case .u8, .i8: 1
    }
  }
}

/// The functions of two operands that have kernels.
@usableFromInline package enum BinaryOperation: String, CaseIterable, Sendable {
  case add
  case subtract
  case multiply
  case divide
  case maximum
  case minimum
  case squaredDifference = "squared_difference"
  /// a where positive, a·b elsewhere.
  case prelu
  case power
  /// The remainder with the sign of the dividend.
  case mod
  /// The remainder with the sign of the divisor.
  case floorMod = "floor_mod"

  case equal
  case notEqual = "not_equal"
  case less
  case lessEqual = "less_equal"
  case greater
  case greaterEqual = "greater_equal"

  case logicalAnd = "logical_and"
  case logicalOr = "logical_or"
  case logicalXor = "logical_xor"

  /// The bytes of a result, for operands of `element`.
  package func outputSize(_ element: KernelElement) -> Int {
    switch self {
    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .logicalAnd, .logicalOr, .logicalXor: 1
    default: element.size
    }
  }
}
