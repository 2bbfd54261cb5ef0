/// An operator with sub-graphs, whose output types depend on theirs.
protocol ControlFlowOperator: Operator {
  /// Infers the types of the outputs, and by the way those of all values in the sub-graphs that may run.
  func inferTypes(_ operands: Operands, _ bodies: inout BodyPropagation) throws -> [ValueType]
}

/// What is known of a value at the border of a sub-graph.
struct KnownValue {
  var type: ValueType
  /// The value itself, when it is the same whenever the sub-graph runs.
  var value: Tensor?
}

/// Propagates types through the sub-graphs of a node.
struct BodyPropagation {
  /// The sub-graphs, with the types of the last propagation.
  private(set) var bodies: [Body]
  private let registry: OperatorRegistry

  init(_ bodies: [Body], registry: OperatorRegistry) {
    self.bodies = bodies
    self.registry = registry
  }

  /// What is known of the Results of a body when this is known of its Parameters, both in the body model's order.
  mutating func results(of body: Int, for parameters: [KnownValue]) throws -> [KnownValue] {
    var model = bodies[body].model
    precondition(parameters.count == model.parameters.count, "as many values as the body has Parameters")
    var values: [OutputID: Tensor] = [:]
    for (id, known) in zip(model.parameters, parameters) {
      model.update(id) {
        $0.attributes["element_type"] = known.type.elementType.rawValue
        $0.attributes["shape"] = known.type.shape.irText
      }
      values[OutputID(id)] = known.value
    }
    var propagation = ShapePropagation(registry: registry, values: values)
    try propagation.run(on: &model)
    bodies[body].model = model
    return model.results.map { id in
      let source = model[id].inputs[0]
      return KnownValue(type: model.type(of: source), value: propagation.constants[source])
    }
  }
}

extension Operands {
  /// What is known of an operand.
  func known(_ index: Int) -> KnownValue { KnownValue(type: types[index], value: value(index)) }
}

extension ValueType {
  /// The type of a value that has one type or the other. With `widening` an extent that differs is given up altogether, so that
  /// repeated joining comes to an end.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when the element types differ.
  func joined(with other: ValueType, widening: Bool, _ name: String) throws -> ValueType {
    guard elementType == other.elementType || elementType == .dynamic || other.elementType == .dynamic else {
      throw OVError(.invalidModel, "\(name) has the element types \(elementType) and \(other.elementType)")
    }
    let type = elementType == .dynamic ? other.elementType : elementType
    guard let a = shape.dimensions, let b = other.shape.dimensions, a.count == b.count else { return ValueType(type, .dynamic) }
    let dimensions = zip(a, b).map { x, y in
      if x == y { return x }
      if widening { return .dynamic }
      let upper = x.upperBound.flatMap { u in y.upperBound.map { max(u, $0) } }
      return Dimension(lowerBound: min(x.lowerBound, y.lowerBound), upperBound: upper)
    }
    return ValueType(type, PartialShape(dimensions))
  }
}
