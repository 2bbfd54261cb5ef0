/// Runs a sub-graph again and again: `Loop` and `TensorIterator`.
///
/// An input of the sub-graph is the same in every iteration, a slice of an operand, what an iteration before computed (a back
/// edge; before the first iteration the operand), or the iteration's number. An output is what the last iteration computed, or
/// what all computed, laid end to end along an axis. Without any iteration the former is the operand behind its back edge.
///
/// The number of iterations is the number of slices. The first two operands of a `Loop` limit it: the trip count (negative:
/// without limit) and whether to begin; and its sub-graph says whether to go on.
struct Loop: ControlFlowOperator {
  private let ports: BodyPorts
  /// Whether the trip count and the condition are the first operands.
  private let hasTripCount: Bool
  /// The type of the Parameter for the iteration's number.
  private let iterationType: (ElementType, Shape)

  init(_ node: Node, hasTripCount: Bool) throws {
    guard node.bodies.count == 1 else { throw OVError(.invalidModel, "there are \(node.bodies.count) bodies, the operation has 1") }
    let body = node.bodies[0]
    ports = try BodyPorts(body, of: node)
    self.hasTripCount = hasTripCount
    let declared = try body.currentIteration.map { try Parameter(body.model[$0]).type }
    iterationType = (declared?.elementType ?? .i64, declared?.shape.rank == 1 ? [1] : [])
    guard iterationType.0 == .i32 || iterationType.0 == .i64 else {
      throw invalid("the iteration's number has the element type \(iterationType.0)", suggestion: "it can be i32 or i64")
    }
    for source in ports.sources { if case .slice(_, let slice) = source { try slice.check() } }
    for output in ports.outputs { try output.slice?.check() }
  }

  /// Sub-graphs may write variables.
  var isPure: Bool { false }

  /// The types of the outputs when nothing is known of the sub-graph.
  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try check(operands)
    return [ValueType](repeating: ValueType(.dynamic, .dynamic), count: ports.outputs.count)
  }

  private func check(_ operands: Operands) throws {
    guard hasTripCount else { return }
    guard operands.count >= 2 else { throw invalid("there are \(operands.count) inputs, the operation takes at least 2") }
    try operands.requireInteger(0, "the trip count")
    guard [.boolean, .dynamic].contains(operands.elementType(1)) else {
      throw invalid("the condition has the element type \(operands.elementType(1))", suggestion: "it must be boolean")
    }
    for (index, name) in ["the trip count", "the condition"].enumerated() {
      guard let value = operands.value(index), value.elementCount != 1 else { continue }
      throw invalid("\(name) has \(value.elementCount) elements")
    }
  }

  // MARK: Types

  func inferTypes(_ operands: Operands, _ bodies: inout BodyPropagation) throws -> [ValueType] {
    try check(operands)
    var parameters = try ports.sources.enumerated().map { position, source in
      var known = try initial(source, operands)
      if ports.carried[position] != nil { known.value = nil }
      return known
    }
    var results: [KnownValue]
    var isStable: Bool
    repeat {
      isStable = true
      results = try bodies.results(of: 0, for: parameters)
      for (position, from) in ports.carried.enumerated() {
        guard let from else { continue }
        let before = parameters[position].type
        let joined = try before.joined(with: results[from].type, widening: true, "a value carried between iterations")
        if joined != before { isStable = false }
        parameters[position].type = joined
      }
    } while !isStable
    let count = try iterationCount(operands, goesOn: ports.condition.map { results[$0].value } ?? Tensor([UInt8(1)], shape: []))
    var types = [ValueType](repeating: ValueType(.dynamic, .dynamic), count: ports.outputs.count)
    for output in ports.outputs {
      types[output.external] = try outputType(output, results[output.result].type, count, parameters)
    }
    return types
  }

  /// What is known of a Parameter in the first iteration.
  private func initial(_ source: BodyPorts.Source, _ operands: Operands) throws -> KnownValue {
    switch source {
    case .iteration: return KnownValue(type: ValueType(iterationType.0, iterationType.1))
    case .input(let index): return operands.known(index)
    case .slice(let index, let slice):
      guard var dimensions = operands.shape(index).dimensions else {
        return KnownValue(type: ValueType(operands.elementType(index), .dynamic))
      }
      dimensions[try normalizedAxis(slice.axis, rank: dimensions.count)] = Dimension(slice.partSize)
      return KnownValue(type: ValueType(operands.elementType(index), PartialShape(dimensions)))
    }
  }

  /// How many iterations there are, as far as it is known; `goesOn` is the sub-graph's condition if it is always the same.
  private func iterationCount(_ operands: Operands, goesOn: Tensor?) throws -> Dimension {
    var limit: Int?
    for source in ports.sources {
      guard case .slice(let index, let slice) = source, let dimensions = operands.shape(index).dimensions,
        let extent = dimensions[try normalizedAxis(slice.axis, rank: dimensions.count)].length
      else { continue }
      let count = try slice.count(in: extent)
      limit = min(limit ?? count, count)
    }
    guard hasTripCount else { return limit.map { Dimension($0) } ?? .dynamic }
    let begins = operands.ints(1)
    if begins?[0] == 0 { return 0 }
    let tripCount = operands.ints(0)?[0]
    if let tripCount, tripCount >= 0 { limit = min(limit ?? tripCount, tripCount) }
    let continues = goesOn?.ints()[0]
    guard let limit, begins != nil, tripCount != nil, continues == 1 else {
      return Dimension(lowerBound: 0, upperBound: continues == 0 ? min(limit ?? 1, 1) : limit)
    }
    return Dimension(limit)
  }

  private func outputType(
    _ output: BodyPorts.Output, _ result: ValueType, _ count: Dimension, _ parameters: [KnownValue]
  ) throws -> ValueType {
    guard let slice = output.slice else {
      // Without an iteration the value is the one that the Result's back edge leads to.
      guard count.lowerBound == 0, let position = ports.carried.firstIndex(of: output.result) else { return result }
      return try result.joined(with: parameters[position].type, widening: false, "output \(output.external)")
    }
    guard var dimensions = result.shape.dimensions else { return result }
    let axis = try normalizedAxis(slice.axis, rank: dimensions.count)
    dimensions[axis] = dimensions[axis] * count
    return ValueType(result.elementType, PartialShape(dimensions))
  }

  // MARK: Values

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let limit = try iterationLimit(operands)
    // The values that Parameters have in the next iteration, but for slices and the iteration's number.
    var current = ports.sources.map { source -> Tensor? in
      guard case .input(let index) = source else { return nil }
      return operands[index]
    }
    var results: [Tensor] = []
    var pieces = [[Tensor]](repeating: [], count: ports.outputs.count)
    var iteration = 0
    var goesOn = !hasTripCount || operands[1].ints()[0] != 0
    while goesOn, iteration < limit ?? .max {
      let inputs = try ports.sources.enumerated().map { position, source in
        if let value = current[position] { return value }
        return try parameter(source, iteration, operands)
      }
      results = try context.runBody(0, inputs)
      for (position, from) in ports.carried.enumerated() { if let from { current[position] = results[from] } }
      for (index, output) in ports.outputs.enumerated() where output.slice != nil { pieces[index].append(results[output.result]) }
      if let condition = ports.condition { goesOn = try isTrue(results[condition]) }
      iteration += 1
    }
    var outputs = [Tensor?](repeating: nil, count: ports.outputs.count)
    for (index, output) in ports.outputs.enumerated() {
      if let slice = output.slice {
        outputs[output.external] = try joined(pieces[index], slice, emptyType(output, context))
      } else if results.isEmpty {
        outputs[output.external] = try valueWithoutIteration(output, current)
      } else {
        outputs[output.external] = results[output.result]
      }
    }
    return outputs.map { $0! }
  }

  /// How many iterations there may be; `nil` when only the condition decides.
  private func iterationLimit(_ operands: [Tensor]) throws -> Int? {
    var limit: Int?
    for source in ports.sources {
      guard case .slice(let index, let slice) = source else { continue }
      let shape = operands[index].shape
      let count = try slice.count(in: shape[normalizedAxis(slice.axis, rank: shape.count)])
      if let limit, limit != count, !hasTripCount {
        throw OVError(.invalidData, "the sliced inputs have \(limit) and \(count) slices")
      }
      limit = min(limit ?? count, count)
    }
    guard hasTripCount else {
      guard let limit else { throw invalid("no input is sliced: the number of iterations is not known") }
      return limit
    }
    let tripCount = operands[0].ints()[0]
    if tripCount >= 0 {
      if let limit, limit < tripCount { throw OVError(.invalidData, "the trip count is \(tripCount), there are \(limit) slices") }
      limit = tripCount
    }
    return limit
  }

  /// The value of a Parameter that no iteration carries over.
  private func parameter(_ source: BodyPorts.Source, _ iteration: Int, _ operands: [Tensor]) throws -> Tensor {
    switch source {
    case .iteration: return Tensor(iterationType.0, shape: iterationType.1, ints: [iteration])
    case .input(let index): return operands[index]
    case .slice(let index, let slice):
      let operand = operands[index]
      let axis = try normalizedAxis(slice.axis, rank: operand.shape.count)
      var shape = operand.shape
      shape[axis] = slice.partSize
      let strides = operand.shape.rowMajorStrides
      let start = try slice.start(of: iteration, in: operand.shape[axis])
      return operand.gathered(shape: shape, strides: strides, start: start * strides[axis])
    }
  }

  private func isTrue(_ condition: Tensor) throws -> Bool {
    guard condition.elementCount == 1 else { throw invalid("the body's condition has \(condition.elementCount) elements") }
    return condition.ints()[0] != 0
  }

  private func valueWithoutIteration(_ output: BodyPorts.Output, _ initial: [Tensor?]) throws -> Tensor {
    if let position = ports.carried.firstIndex(of: output.result), let value = initial[position] { return value }
    throw OVError(.invalidData, "there is no iteration, and so no value for output \(output.external)")
  }

  /// What is known of the pieces of an output of which there is none.
  private func emptyType(_ output: BodyPorts.Output, _ context: EvaluationContext) -> ValueType {
    let model = context.node.bodies[0].model
    return model.type(of: model[model.results[output.result]].inputs[0])
  }

  /// The pieces laid end to end; the last one first when the stride is negative.
  private func joined(_ pieces: [Tensor], _ slice: Body.Slice, _ type: ValueType) throws -> Tensor {
    guard let first = pieces.first else {
      guard let dimensions = type.shape.dimensions else { throw OVError(.invalidData, "there is no iteration, and so no output shape") }
      var shape = dimensions.map(\.lowerBound)
      shape[try normalizedAxis(slice.axis, rank: shape.count)] = 0
      return try Tensor(type.elementType, shape: shape)
    }
    let axis = try normalizedAxis(slice.axis, rank: first.shape.count)
    guard pieces.allSatisfy({ $0.shape == first.shape }) else {
      throw OVError(.invalidData, "the iterations computed pieces of different shapes")
    }
    return Tensor.concatenated(slice.stride < 0 ? pieces.reversed() : pieces, axis: axis)
  }
}
