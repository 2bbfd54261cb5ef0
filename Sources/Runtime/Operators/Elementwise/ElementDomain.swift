/// The element types that an elementwise operation is defined for.
enum ElementDomain: Sendable {
  /// Integers and real numbers.
  case numeric
  /// Real numbers.
  case real
  /// `boolean`.
  case logical
  /// Integers and `boolean`.
  case bitwise

  func contains(_ type: ElementType) -> Bool {
    switch self {
    case _ where type == .dynamic: true
    case .numeric: type.isInteger || type.isFloatingPoint
    case .real: type.isFloatingPoint
    case .logical: type == .boolean
    case .bitwise: type.isInteger || type == .boolean
    }
  }

  private var description: String {
    switch self {
    case .numeric: "numbers"
    case .real: "real numbers"
    case .logical: "booleans"
    case .bitwise: "integers or booleans"
    }
  }

  /// Checks the element type of operand `index`.
  func check(_ operands: Operands, _ index: Int) throws {
    guard !contains(operands.elementType(index)) else { return }
    throw OVError(.invalidModel, "input \(index) has elements of type \(operands.elementType(index)), the operation takes \(description)")
  }
}
