/// Equal, Less …: booleans that compare broadcast operands of one type element by element.
struct Comparison: Operator {
  /// The expression, in the two domains.
  struct Function: Sendable {
    let real: @Sendable (Double, Double) -> Bool
    let integer: @Sendable (Int64, Int64) -> Bool
  }

  let function: Function
  let broadcast: AutoBroadcast

  init(_ node: Node, _ function: Function) throws {
    self.function = function
    broadcast = try AutoBroadcast(node)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    _ = try operands.commonElementType(0, 1)
    return [ValueType(.boolean, try broadcast.shape(operands.shape(0), operands.shape(1)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (a, b) = (operands[0], operands[1])
    let (x, y) = broadcast.offsets(a.shape, b.shape, target: shape)
    let results: [Bool]
    if a.elementType.isFloatingPoint {
      let (p, q) = (a.doubles(), b.doubles())
      results = x.indices.map { function.real(p[x[$0]], q[y[$0]]) }
    } else {
      // Flipping the top bit lets bit patterns of u64 compare as signed numbers.
      let flip: Int64 = a.elementType == .u64 ? .min : 0
      let (p, q) = (a.int64s(), b.int64s())
      results = x.indices.map { function.integer(p[x[$0]] ^ flip, q[y[$0]] ^ flip) }
    }
    return [Tensor(.boolean, shape: shape, int64s: results.map { $0 ? 1 : 0 })]
  }
}

extension Comparison.Function {
  static let equal = Self(real: { $0 == $1 }, integer: { $0 == $1 })
  static let notEqual = Self(real: { $0 != $1 }, integer: { $0 != $1 })
  static let greater = Self(real: { $0 > $1 }, integer: { $0 > $1 })
  static let greaterEqual = Self(real: { $0 >= $1 }, integer: { $0 >= $1 })
  static let less = Self(real: { $0 < $1 }, integer: { $0 < $1 })
  static let lessEqual = Self(real: { $0 <= $1 }, integer: { $0 <= $1 })
}

/// IsFinite, IsInf, IsNaN: booleans that say what kind of real number each element is.
struct FloatClass: Operator {
  let holds: @Sendable (Double) -> Bool

  static func isFinite(_ node: Node) -> FloatClass { FloatClass { $0.isFinite } }
  static func isNaN(_ node: Node) -> FloatClass { FloatClass { $0.isNaN } }

  static func isInf(_ node: Node) throws -> FloatClass {
    let positive = try node.attributes.bool("detect_positive", default: true)
    let negative = try node.attributes.bool("detect_negative", default: true)
    return FloatClass { ($0 == .infinity && positive) || ($0 == -.infinity && negative) }
  }

  private init(_ holds: @escaping @Sendable (Double) -> Bool) { self.holds = holds }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.real.check(operands, 0)
    return [ValueType(.boolean, operands.shape(0))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    [Tensor(.boolean, shape: operands[0].shape, int64s: operands[0].doubles().map { holds($0) ? 1 : 0 })]
  }
}
