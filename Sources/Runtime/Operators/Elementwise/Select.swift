/// Takes each element from the second operand where the first is true, from the third where it is false.
struct Select: Operator {
  let broadcast: AutoBroadcast

  init(_ node: Node) throws { broadcast = try AutoBroadcast(node) }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(3...3)
    try ElementDomain.logical.check(operands, 0)
    let data = try broadcast.shape(operands.shape(1), operands.shape(2))
    return [ValueType(try operands.commonElementType(1, 2), try broadcast.shape(data, operands.shape(0)))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let (then, otherwise) = (operands[1], operands[2])
    let (x, y) = broadcast.offsets(then.shape, otherwise.shape, target: shape)
    let condition = shape.offsets(strides: broadcast.secondStrides(operands[0].shape, target: shape))
    let holds = operands[0].int64s()
    let source = Tensor.joined([then.reshaped(to: [then.elementCount]), otherwise.reshaped(to: [otherwise.elementCount])])
    let offsets = condition.indices.map { holds[condition[$0]] != 0 ? x[$0] : then.elementCount + y[$0] }
    return [source.gathered(shape: shape, offsets: offsets)]
  }
}
