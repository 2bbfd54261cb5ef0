import Dispatch
import KernelCore
import Kernels
import Synchronization

/// One operation with its attributes read: the whole contract of an operator type in one place.
///
/// A conforming type stands in a file of its own (or of a tight family) under `Operators/`, and one line of
/// ``OperatorRegistry`` names it.
package protocol Operator: Sendable {
  /// Infers the types of the outputs as far as they are known, and checks the operands.
  ///
  /// Called with types of unknown rank or extents too; a result may always be less precise than possible, never wrong.
  func inferTypes(_ operands: Operands) throws -> [ValueType]

  /// The reference: computes the outputs, row-major, clarity before speed.
  ///
  /// The operands have been checked by ``inferTypes(_:)`` with their actual shapes and values.
  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor]

  /// Whether the same operands give the same outputs and nothing else happens, so that a call with constants can be replaced
  /// by its result.
  var isPure: Bool { get }
}

extension Operator {
  package var isPure: Bool { true }

  /// The output types that belong to actual operands.
  package func outputTypes(_ operands: [Tensor]) throws -> [ValueType] { try inferTypes(Operands(operands)) }

  /// The shape of the first output for actual operands.
  ///
  /// - Precondition: the operation's first output shape follows from its operands.
  package func outputShape(_ operands: [Tensor]) throws -> Shape {
    guard let shape = try outputTypes(operands)[0].shape.shape else {
      throw OVError(.internalFailure, "\(Self.self) could not infer its output's shape from actual operands")
    }
    return shape
  }
}

/// What an operator sees of its operands when it infers types: their types, and the values that are known.
package struct Operands {
  package let types: [ValueType]
  private let constant: (Int) -> Tensor?
  private let bounds: (Int) -> [Dimension]?

  /// `constant`: the value of an operand that is known.
  /// `bounds`: what is known of an integer operand's elements when they are not all known.
  package init(
    types: [ValueType], constant: @escaping (Int) -> Tensor? = { _ in nil }, bounds: @escaping (Int) -> [Dimension]? = { _ in nil }
  ) {
    self.types = types
    self.constant = constant
    self.bounds = bounds
  }

  /// Operands of which everything is known.
  package init(_ tensors: [Tensor]) { self.init(types: tensors.map(\.type), constant: { tensors[$0] }) }

  package var count: Int { types.count }

  /// Whether there is an operand `index` (optional operands are trailing).
  package func has(_ index: Int) -> Bool { index < types.count }

  package func elementType(_ index: Int) -> ElementType { types[index].elementType }
  package func shape(_ index: Int) -> PartialShape { types[index].shape }

  /// The operand's value, when it is known.
  package func value(_ index: Int) -> Tensor? { index < types.count ? constant(index) : nil }

  /// The operand's elements as integers (axes, shapes, indices), when they are known.
  package func ints(_ index: Int) -> [Int]? { value(index)?.ints() }

  /// The elements of an operand that holds extents, as far as they are known: one dimension an element; `nil` when not even
  /// their number is known. Elements below zero make it `nil`, unless all elements are known (use ``ints(_:)`` first).
  package func dimensions(_ index: Int) -> [Dimension]? {
    guard index < types.count else { return nil }
    if let ints = ints(index) { return ints.allSatisfy { $0 >= 0 } ? ints.map { Dimension($0) } : nil }
    if let known = bounds(index) { return known }
    guard let shape = types[index].shape.shape, shape.count <= 1 else { return nil }
    let count = shape.first ?? 1
    return count <= 1024 ? [Dimension](repeating: .dynamic, count: count) : nil
  }

  /// Checks that there are between `range` operands.
  package func require(_ range: ClosedRange<Int>) throws {
    guard range.contains(types.count) else {
      let expected = range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw OVError(.invalidModel, "there are \(types.count) inputs, the operation takes \(expected)")
    }
  }
}

/// What a reference evaluation may need beyond its operands.
package struct EvaluationContext {
  /// The node being evaluated, for error messages and bodies.
  package let node: Node
  /// Runs a sub-graph of the node on tensors for its Parameters; returns those of its Results.
  package let runBody: (_ body: Int, _ inputs: [Tensor]) throws -> [Tensor]
  /// The variables of the request, by identity: read by `ReadValue`, written by `Assign`.
  package let variables: VariableStore
  /// How many threads the evaluation may use.
  package var workers = 1
  /// The instruction sets whose kernels it may use.
  package var features = CPUFeatures.current

  package init(
    node: Node, variables: VariableStore = VariableStore(),
    runBody: @escaping (_ body: Int, _ inputs: [Tensor]) throws -> [Tensor] = { _, _ in
      throw OVError(.internalFailure, "the context has no bodies")
    }
  ) {
    self.node = node
    self.runBody = runBody
    self.variables = variables
  }

  /// Calls `body` for each of `count` independent pieces of work, on the evaluation's threads.
  package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let threads = min(workers, count)
    if threads <= 1 {
      for index in 0..<count { body(index) }
      return
    }
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }
  }
}

/// The values that a request's variables hold between inferences. A variable without a value has not been written yet.
package final class VariableStore {
  package var values: [String: Tensor] = [:]
  /// Counters of the operations that draw random numbers, by node name: each inference advances them.
  package var randomStates: [String: (UInt64, UInt64)] = [:]
  package init() {}
}

extension Operator {
  /// An error of the model's making, without location: the caller adds the layer.
  package func invalid(_ message: String, suggestion: String? = nil) -> OVError {
    OVError(.invalidModel, message, suggestion: suggestion)
  }
}
