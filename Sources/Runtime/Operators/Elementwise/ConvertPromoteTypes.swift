/// Converts two operands to the type that holds both.
struct ConvertPromoteTypes: Operator {
  /// Whether a type may be chosen that does not hold all numbers of both.
  let promoteUnsafe: Bool
  /// Whether a scalar takes the type of an operand with axes, when both are real or both are integers.
  let pytorchScalarPromotion: Bool
  /// The type that `u64` and a signed integer meet in.
  let u64PromotionTarget: ElementType

  init(_ node: Node) throws {
    promoteUnsafe = try node.attributes.bool("promote_unsafe", default: false)
    pytorchScalarPromotion = try node.attributes.bool("pytorch_scalar_promotion", default: false)
    u64PromotionTarget = try node.attributes.elementType("u64_integer_promotion_target", default: .f32)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    let type = try commonType(operands)
    return [ValueType(type, operands.shape(0)), ValueType(type, operands.shape(1))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let type = try commonType(Operands(operands))
    return operands.map { $0.converted(to: type) }
  }

  private func commonType(_ operands: Operands) throws -> ElementType {
    let (a, b) = (operands.elementType(0), operands.elementType(1))
    for type in [a, b] where type == .string { throw invalid("strings have no common type with numbers") }
    if a == .dynamic || b == .dynamic { return .dynamic }
    if a == b || b == .boolean { return a }
    if a == .boolean { return b }
    if a.isFloatingPoint != b.isFloatingPoint {
      let (real, integer) = a.isFloatingPoint ? (a, b) : (b, a)
      guard promoteUnsafe || real.bitWidth >= 2 * integer.bitWidth else { throw unsafe(a, b) }
      return real
    }
    let aIsScalar = operands.shape(0).rank == 0
    let bIsScalar = operands.shape(1).rank == 0
    if pytorchScalarPromotion, aIsScalar != bIsScalar {
      let (target, scalar) = aIsScalar ? (b, a) : (a, b)
      guard promoteUnsafe || holds(target, scalar) else { throw unsafe(a, b) }
      return target
    }
    if a.isUnsignedInteger != b.isUnsignedInteger { return try commonInteger(a.isUnsignedInteger ? (a, b) : (b, a)) }
    if a.bitWidth != b.bitWidth { return a.bitWidth > b.bitWidth ? a : b }
    // The formats of equal width are f8e4m3 and f8e5m2, or f16 and bf16.
    guard promoteUnsafe, a.bitWidth >= 8 else { throw unsafe(a, b) }
    return a.bitWidth == 8 ? .f16 : .f32
  }

  /// Whether a scalar's type may become `target` without `promote_unsafe`.
  private func holds(_ target: ElementType, _ scalar: ElementType) -> Bool {
    if target.isUnsignedInteger == scalar.isUnsignedInteger { return target.bitWidth >= scalar.bitWidth }
    return scalar.isUnsignedInteger && target.bitWidth * 2 >= scalar.bitWidth
  }

  /// The type of an unsigned and a signed integer.
  private func commonInteger(_ types: (unsigned: ElementType, signed: ElementType)) throws -> ElementType {
    let (unsigned, signed) = types
    let width = max(2 * unsigned.bitWidth, signed.bitWidth)
    let integers: [ElementType] = [.i4, .i8, .i16, .i32, .i64]
    if promoteUnsafe || 2 * unsigned.bitWidth <= signed.bitWidth, let type = integers.first(where: { $0.bitWidth >= width }) { return type }
    guard promoteUnsafe else { throw unsafe(unsigned, signed) }
    return u64PromotionTarget
  }

  private func unsafe(_ a: ElementType, _ b: ElementType) -> OVError {
    invalid("\(a) and \(b) have no type that holds both", suggestion: "promote_unsafe=\"true\" allows one that loses digits")
  }
}
