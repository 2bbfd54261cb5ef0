import OVRuntime

/// How models are run.
enum Engine {
  /// As every user of the library runs them.
  case compiled(CompileOptions)
  /// Node by node with the operators' reference evaluations.
  case reference

  /// Makes `model` ready.
  func prepare(_ model: Model) throws(OVError) -> PreparedModel {
    switch self {
    case .compiled(let options): return PreparedModel(.compiled(try CompiledModel(model, options)))
    case .reference:
      var model = model
      try model.inferShapes()
      return PreparedModel(.reference(model, try ReferenceInterpreter(model)))
    }
  }
}

/// A model that an ``Engine`` made ready.
struct PreparedModel {
  fileprivate enum Kind {
    case compiled(CompiledModel)
    case reference(Model, ReferenceInterpreter)
  }
  private let kind: Kind
  let inputs: [PortInfo]
  let outputs: [PortInfo]

  fileprivate init(_ kind: Kind) {
    self.kind = kind
    (inputs, outputs) =
      switch kind {
      case .compiled(let model): (model.inputs, model.outputs)
      case .reference(let model, _): (model.inputs, model.outputs)
      }
  }

  /// What runs consecutive inferences, with variables of its own: takes tensors in Parameter order, yields them in Result order.
  func makeSession() -> ([Tensor]) throws(OVError) -> [Tensor] {
    switch kind {
    case .compiled(let model):
      let request = model.makeRequest()
      return { (inputs) throws(OVError) in
        for (index, tensor) in inputs.enumerated() { try request.setInput(index, tensor) }
        try request.infer()
        var outputs: [Tensor] = []
        for index in model.outputs.indices { outputs.append(try request.output(index)) }
        return outputs
      }
    case .reference(_, let interpreter):
      let variables = VariableStore()
      return { (inputs) throws(OVError) in try interpreter.run(inputs, variables: variables) }
    }
  }
}

extension PortInfo {
  /// `tensor` as this input takes it: a type that `.npy` files do not have is made from the one that stands for it there.
  func adopting(_ tensor: Tensor) throws(OVError) -> Tensor {
    var tensor = tensor
    let type = type.elementType
    if tensor.elementType != type && tensor.elementType == type.npyType {
      tensor = Tensor(type, shape: tensor.shape, doubles: tensor.doubles())
    }
    guard type == tensor.elementType || type == .dynamic, self.type.shape.accepts(tensor.shape) else {
      throw OVError(
        .invalidData, "input '\(OVError.printable(name))' is \(self.type), the data are \(tensor.type)",
        suggestion: type == tensor.elementType ? nil : "save the array as \(type.npyType)")
    }
    return tensor
  }
}
