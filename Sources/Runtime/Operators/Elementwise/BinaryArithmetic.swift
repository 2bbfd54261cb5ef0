/// Add, Divide, Power, LogicalAnd, BitwiseXor …: element by element over broadcast operands of one type, which is the result's.
struct BinaryArithmetic: Operator {
  /// The expression, in the two domains.
  struct Function: Sendable {
    var domain = ElementDomain.numeric
    var real: @Sendable (Double, Double) -> Double = { _, _ in .nan }
    /// For signed integers and booleans, and where they agree for unsigned ones.
    let integer: @Sendable (Int64, Int64) throws -> Int64
    /// For `u64`, whose upper half the signed expression would misread.
    var unsigned: (@Sendable (UInt64, UInt64) throws -> UInt64)?
  }

  let function: Function
  let broadcast: AutoBroadcast

  init(_ node: Node, _ function: Function) throws {
    self.function = function
    broadcast = try AutoBroadcast(node)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    for index in 0..<2 { try function.domain.check(operands, index) }
    return [ValueType(try operands.commonElementType(0, 1), try broadcast.shape(operands.shape(0), operands.shape(1)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (a, b) = (operands[0], operands[1])
    let (x, y) = broadcast.offsets(a.shape, b.shape, target: shape)
    if a.elementType.isFloatingPoint {
      let (p, q) = (a.doubles(), b.doubles())
      return [Tensor(a.elementType, shape: shape, doubles: x.indices.map { function.real(p[x[$0]], q[y[$0]]) })]
    }
    let (p, q) = (a.int64s(), b.int64s())
    if a.elementType == .u64, let unsigned = function.unsigned {
      let values = try x.indices.map { Int64(bitPattern: try unsigned(UInt64(bitPattern: p[x[$0]]), UInt64(bitPattern: q[y[$0]]))) }
      return [Tensor(.u64, shape: shape, int64s: values)]
    }
    return [Tensor(a.elementType, shape: shape, int64s: try x.indices.map { try function.integer(p[x[$0]], q[y[$0]]) })]
  }
}

extension BinaryArithmetic.Function {
  static let add = Self(real: { $0 + $1 }, integer: { $0 &+ $1 })
  static let subtract = Self(real: { $0 - $1 }, integer: { $0 &- $1 })
  static let multiply = Self(real: { $0 * $1 }, integer: { $0 &* $1 })

  /// Integers truncate towards zero.
  static let divide = Self(
    real: { $0 / $1 },
    integer: { $0.dividedReportingOverflow(by: try divisor($1)).partialValue },
    unsigned: { $0 / (try divisor($1)) })
  /// The remainder of the truncated quotient: it has the dividend's sign.
  static let mod = Self(
    real: { $0.truncatingRemainder(dividingBy: $1) },
    integer: { $0.remainderReportingOverflow(dividingBy: try divisor($1)).partialValue },
    unsigned: { $0 % (try divisor($1)) })
  /// The remainder of the quotient rounded down: it has the divisor's sign.
  static let floorMod = Self(
    real: { a, b in
      let remainder = a.truncatingRemainder(dividingBy: b)
      return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
    },
    integer: { a, b in
      let remainder = a.remainderReportingOverflow(dividingBy: try divisor(b)).partialValue
      return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
    },
    unsigned: { $0 % (try divisor($1)) })

  static let maximum = Self(real: { $0 > $1 || $0.isNaN ? $0 : $1 }, integer: { max($0, $1) }, unsigned: { max($0, $1) })
  static let minimum = Self(real: { $0 < $1 || $0.isNaN ? $0 : $1 }, integer: { min($0, $1) }, unsigned: { min($0, $1) })
  static let squaredDifference = Self(real: { ($0 - $1) * ($0 - $1) }, integer: { ($0 &- $1) &* ($0 &- $1) })
  static let power = Self(
    real: { UnaryFunction.power($0, $1) },
    integer: { base, exponent in
      // Below zero only ±1 have integer powers; the rest truncates to 0.
      guard exponent >= 0 else { return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0 }
      return Int64(truncatingIfNeeded: power(UInt64(bitPattern: base), UInt64(exponent)))
    },
    unsigned: { power($0, $1) })

  static let logicalAnd = Self(domain: .logical, integer: { $0 & $1 })
  static let logicalOr = Self(domain: .logical, integer: { $0 | $1 })
  static let logicalXor = Self(domain: .logical, integer: { $0 ^ $1 })
  static let bitwiseAnd = Self(domain: .bitwise, integer: { $0 & $1 })
  static let bitwiseOr = Self(domain: .bitwise, integer: { $0 | $1 })
  static let bitwiseXor = Self(domain: .bitwise, integer: { $0 ^ $1 })
  static let leftShift = Self(domain: .bitwise, integer: { $0 << $1 }, unsigned: { $0 << $1 })
  /// Signed integers keep their sign.
  static let rightShift = Self(domain: .bitwise, integer: { $0 >> $1 }, unsigned: { $0 >> $1 })

  private static func divisor<T: FixedWidthInteger>(_ value: T) throws -> T {
    guard value != 0 else { throw OVError(.invalidData, "an integer is divided by zero") }
    return value
  }

  /// `base` to the power of `exponent` modulo 2⁶⁴.
  private static func power(_ base: UInt64, _ exponent: UInt64) -> UInt64 {
    var (result, square, rest) = (UInt64(1), base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }
}

extension Operands {
  /// The element type that two operands share.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when they differ.
  func commonElementType(_ a: Int, _ b: Int) throws -> ElementType {
    let (x, y) = (elementType(a), elementType(b))
    if x == .dynamic { return y }
    guard x == y || y == .dynamic else {
      throw OVError(.invalidModel, "inputs \(a) and \(b) have the element types \(x) and \(y)", suggestion: "insert a Convert")
    }
    return x
  }
}
