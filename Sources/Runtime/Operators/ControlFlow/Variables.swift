/// The value of a variable: what the last inference's `Assign` stored, before that the initial value.
///
/// The optional operand is the initial value; version 6 starts from zeros of its declared shape (extents that are not known: 0)
/// when there is none.
struct ReadValue: Operator {
  let variable: String
  /// The declared type; `nil` in version 3, where the initial value has it.
  let declaredType: ValueType?

  init(_ node: Node) throws {
    variable = try node.variableIdentity
    guard node.version(among: [3, 6]) == 6 else {
      declaredType = nil
      return
    }
    declaredType = ValueType(
      try node.attributes.elementType("variable_type", default: .dynamic),
      try node.attributes.partialShape("variable_shape", default: .dynamic))
  }

  var isPure: Bool { false }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    guard let declaredType else {
      try operands.require(1...1)
      return [operands.types[0]]
    }
    try operands.require(0...1)
    guard operands.has(0) else { return [declaredType] }
    let initial = operands.types[0]
    guard
      declaredType.elementType == initial.elementType || declaredType.elementType == .dynamic || initial.elementType == .dynamic,
      declaredType.shape.merged(with: initial.shape) != nil
    else { throw invalid("the initial value \(initial) does not fit the variable's type \(declaredType)") }
    return [ValueType(declaredType.elementType == .dynamic ? initial.elementType : declaredType.elementType, declaredType.shape)]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    guard let value = context.variables.values[variable] else { return [try operands.first ?? initialZeros()] }
    let expected = declaredType ?? operands[0].type
    guard value.elementType == expected.elementType || expected.elementType == .dynamic, expected.shape.accepts(value.shape) else {
      throw OVError(.invalidData, "variable '\(OVError.printable(variable))' holds \(value.type), the layer reads \(expected)")
    }
    return [value]
  }

  private func initialZeros() throws -> Tensor {
    guard let declaredType, declaredType.elementType != .dynamic, let dimensions = declaredType.shape.dimensions else {
      throw invalid("variable '\(OVError.printable(variable))' has neither an initial value nor a type to make one of")
    }
    return try Tensor(declaredType.elementType, shape: dimensions.map { $0.length ?? 0 })
  }
}

extension Node {
  /// The identity of the variable that a `ReadValue` or an `Assign` names.
  fileprivate var variableIdentity: String {
    get throws {
      let identity = try attributes.string("variable_id")
      guard !identity.isEmpty else { throw OVError(.invalidModel, "variable_id is empty") }
      return identity
    }
  }
}

/// Stores its operand as the value of a variable, and passes it on.
struct Assign: Operator {
  let variable: String

  init(_ node: Node) throws { variable = try node.variableIdentity }

  var isPure: Bool { false }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    context.variables.values[variable] = operands[0].owned()
    return operands
  }
}
