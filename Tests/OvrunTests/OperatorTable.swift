import Foundation
import KernelCore

@testable import OVRuntime
@testable import ovrun

/// What `docs/operators.md` says, found by asking: the registry, the operators themselves, and the recorded cases as they compile.
struct OperatorTable {
  /// What was found of one operation.
  struct Row {
    var caseCount = 0
    var elementTypes: Set<ElementType> = []
    var shape = ShapeKnowledge.operandShapes
    var families: Set<String> = []
  }

  /// What the output shapes follow from.
  enum ShapeKnowledge: Int, Comparable {
    case operandShapes, operandValues, evaluation

    var text: String {
      switch self {
      case .operandShapes: "shapes"
      case .operandValues: "values"
      case .evaluation: "run"
      }
    }

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  private(set) var rows: [String: Row] = [:]
  private let registry = OperatorRegistry.standard
  private let cases: [OperationCase]

  init() throws {
    cases = try Fixtures.operationCases()
    for type in registry.types { rows[type] = Row() }
    var seen: [String: Int] = [:]
    for fixture in cases {
      var row = rows[fixture.operation] ?? Row()
      row.caseCount += 1
      try compile(fixture, &row)
      seen[fixture.operation, default: 0] += 1
      if seen[fixture.operation]! <= OperatorTable.probedCases { try probe(fixture, &row) }
      rows[fixture.operation] = row
    }
  }

  /// How many cases of an operation are asked for the element types they work with.
  private static let probedCases = 12

  // MARK: Kernels

  /// Compiles and runs a case, and notes which kernel families computed the operation.
  private func compile(_ fixture: OperationCase, _ row: inout Row) throws {
    let model = try Model(contentsOf: fixture.test.path + "/model.xml")
    let compiled = try CompiledModel(model)
    let request = compiled.makeRequest()
    for (index, tensor) in try fixture.inputs(compiled.inputs).enumerated() { try request.setInput(index, tensor) }
    try request.infer()
    let names = Set(model.nodes.filter { $0.type == fixture.operation }.map(\.name))
    for step in compiled.steps {
      if step.nodeType == fixture.operation {
        row.families.insert(String(step.kernel.prefix { $0.isLetter }))
      } else if !names.isDisjoint(with: step.fusedNames) {
        row.families.insert("fused")
      }
    }
    for node in compiled.optimizedModel.nodes where node.type == fixture.operation {
      if let op = try? registry.makeOperator(for: node), op is any ViewingOperator { row.families.insert("view") }
    }
  }

  // MARK: Types and shapes

  /// Evaluates a case's operation on operands of every element type, and notes which it accepts.
  private func probe(_ fixture: OperationCase, _ row: inout Row) throws {
    let model = try Model(contentsOf: fixture.test.path + "/model.xml")
    guard let id = model.topologicalOrder.first(where: { model[$0].type == fixture.operation }) else { return }
    let node = model[id]
    guard node.bodies.isEmpty, let operands = try operands(of: id, in: model, fixture) else { return }
    let op = try registry.makeOperator(for: node)
    let context = EvaluationContext(node: node)
    if operands.isEmpty {
      for value in (try? op.evaluated([], context)) ?? [] { row.elementTypes.insert(value.elementType) }
      return
    }
    row.shape = max(row.shape, shapeKnowledge(op, operands))
    let own = operands[0].elementType
    row.elementTypes.insert(own)
    for type in ElementType.allCases where type != .string && type != .dynamic && own != .string {
      let first = [operands[0].converted(to: type)] + operands.dropFirst()
      let alike = operands.map { $0.elementType == own ? $0.converted(to: type) : $0 }
      if (try? op.evaluated(alike, context)) != nil || (try? op.evaluated(first, context)) != nil { row.elementTypes.insert(type) }
    }
  }

  /// What the reference evaluations compute for a node's operands; `nil` where that takes a body.
  private func operands(of id: NodeID, in model: Model, _ fixture: OperationCase) throws -> [Tensor]? {
    var values: [OutputID: Tensor] = [:]
    for (parameter, tensor) in zip(model.parameters, try fixture.inputs(model.inputs)) { values[OutputID(parameter)] = tensor }
    let variables = VariableStore()
    for next in model.topologicalOrder {
      let node = model[next]
      if next == id { return node.inputs.map { values[$0]! } }
      if node.type == "Parameter" { continue }
      guard node.bodies.isEmpty else { return nil }
      let op = try registry.makeOperator(for: node)
      let outputs = try op.evaluated(node.inputs.map { values[$0]! }, EvaluationContext(node: node, variables: variables))
      for (index, output) in outputs.enumerated() { values[OutputID(next, index)] = output }
    }
    return nil
  }

  private func shapeKnowledge(_ op: any Operator, _ operands: [Tensor]) -> ShapeKnowledge {
    func isKnown(_ operands: Operands) -> Bool { ((try? op.inferTypes(operands)) ?? []).allSatisfy { $0.shape.isStatic } }
    if isKnown(Operands(types: operands.map(\.type))) { return .operandShapes }
    return isKnown(Operands(operands)) ? .operandValues : .evaluation
  }

  // MARK: The page

  var markdown: String {
    let tests = Self.testSources()
    var text = Self.head
    for type in registry.types {
      let row = rows[type]!
      let versions = registry[type]!.versions.map(String.init).joined(separator: ", ")
      let types = Self.describe(row.elementTypes)
      let kernels = row.families.isEmpty ? "–" : row.families.sorted().joined(separator: ", ")
      let named = tests.filter { $0.text.contains("\"\(type)\"") }.map(\.name).sorted().joined(separator: ", ")
      let covered = [row.caseCount > 0 ? "\(row.caseCount) cases" : "", named].filter { !$0.isEmpty }.joined(separator: "; ")
      text += "| \(type) | \(versions) | \(types) | \(row.shape.text) | \(kernels) | \(covered) |\n"
    }
    return text
  }

  private static let head = """
    # Operators

    Made by `OVRUN_UPDATE_DOCS=1 swift test --filter OperatorTableTests` from the registry, the operators' answers and the recorded
    cases; a test fails when it is stale.

    - **versions**: the operation sets with a definition of their own; a later set that merely contains the operation means the latest
      before it.
    - **element types** that the first operand may have: *floats* are f16, bf16, f32, f64; *integers* i8 to i64 and u8 to u64; *narrow
      integers* u1, u2, u3, i4, u4, u6; *narrow floats* nf4, f4e2m1, f8e4m3, f8e5m2, f8e8m0.
    - **output shape** follows from the operands' *shapes*, from their *values* too (a constant, or a computation on shapes), or from the
      *run* alone. Every operation takes operands of unknown extents and unknown rank.
    - **kernels** that compute it in the recorded cases: families of `ovrun benchmark --profile`'s names; *fused*: into the step of
      another operation; *view*: no step where strides can express the output; *reference*: the readable evaluation. No kernel: it is
      computed before the model runs.
    - **tests**: cases under `Fixtures/ops/cases`, and the suites of operators that name it.

    | operation | versions | element types | output shape | kernels | tests |
    |---|---|---|---|---|---|

    """

  private static let typeGroups: [(name: String, types: [ElementType])] = [
    ("floats", [.f16, .bf16, .f32, .f64]),
    ("integers", [.i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64]),
    ("boolean", [.boolean]),
    ("narrow integers", [.u1, .u2, .u3, .i4, .u4, .u6]),
    ("narrow floats", [.nf4, .f4e2m1, .f8e4m3, .f8e5m2, .f8e8m0]),
    ("string", [.string]),
  ]

  static func describe(_ types: Set<ElementType>) -> String {
    if types.isEmpty { return "as its sub-graphs" }
    let groups = typeGroups.flatMap { group -> [String] in
      types.isSuperset(of: group.types) ? [group.name] : group.types.filter(types.contains).map(\.rawValue)
    }
    return groups.joined(separator: ", ")
  }

  /// The suites of operators, by file name.
  private static func testSources() -> [(name: String, text: String)] {
    let folder = Fixtures.root.appending(path: "Tests/RuntimeTests")
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.filter { $0.lastPathComponent.hasPrefix("Operators") }.compactMap { file in
      (try? String(contentsOf: file, encoding: .utf8)).map { (String(file.lastPathComponent.dropLast(6)), $0) }
    }
  }
}

extension Tensor {
  fileprivate func converted(to type: ElementType) -> Tensor {
    type == elementType ? self : Tensor(type, shape: shape, doubles: doubles())
  }
}
