/// Add, Subtract, Multiply, Divide, Maximum, Minimum …: element by element over broadcast operands of one type.
struct BinaryArithmetic: Operator {
  /// The expression, in the two domains.
  struct Function: Sendable {
    let real: @Sendable (Double, Double) -> Double
    /// For signed integers, and where they agree for unsigned ones.
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

  init(_ node: Node) throws { try self.init(node, .add) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    return [ValueType(try operands.commonElementType(0, 1), try broadcast.shape(operands.shape(0), operands.shape(1)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (a, b) = (operands[0], operands[1])
    let x = shape.offsets(strides: a.shape.broadcastStrides(to: shape))
    let y = shape.offsets(strides: broadcast.secondStrides(b.shape, target: shape))
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
  static let divide = Self(
    real: { $0 / $1 },
    integer: { a, b in
      guard b != 0 else { throw OVError(.invalidData, "an integer is divided by zero") }
      return a.dividedReportingOverflow(by: b).partialValue
    },
    unsigned: { a, b in
      guard b != 0 else { throw OVError(.invalidData, "an integer is divided by zero") }
      return a / b
    })
  static let maximum = Self(real: { $0 > $1 || $0.isNaN ? $0 : $1 }, integer: { max($0, $1) }, unsigned: { max($0, $1) })
  static let minimum = Self(real: { $0 < $1 || $0.isNaN ? $0 : $1 }, integer: { min($0, $1) }, unsigned: { min($0, $1) })
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
