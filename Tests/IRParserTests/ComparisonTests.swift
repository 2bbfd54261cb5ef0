import IRParser
import Testing

/// The comparison that other tests rely on sees every kind of change.
@Suite struct ComparisonTests {
  private func model() throws -> Model { try read(WriterTests.everything.xml, weights: WriterTests.everything.weights) }

  @Test func equalModels() throws {
    #expect(try model().isStructurallyEqual(to: try model()))
    var moved = try model()
    let extra = moved.add(Node(name: "x", type: "Relu", opset: "opset1", inputs: [OutputID(moved.parameters[0])], outputs: []))
    moved.remove(extra)
    #expect(try model().isStructurallyEqual(to: moved))
  }

  @Test func everyDifferenceIsSeen() throws {
    let original = try model()
    let loop = try #require(original.nodes.first { $0.type == "Loop" })
    let edits: [(String, (inout Model) -> Void)] = [
      ("name", { $0.name = "other" }),
      ("information", { $0.runtimeInfo = .entries([]) }),
      ("node name", { $0.update(loop.id) { $0.name = "other" } }),
      ("type", { $0.update(loop.id) { $0.type = "TensorIterator" } }),
      ("opset", { $0.update(loop.id) { $0.opset = "opset6" } }),
      ("attributes", { $0.update(loop.id) { $0.attributes["x"] = "1" } }),
      ("output type", { $0.setType(ValueType(.f16, .dynamic), of: OutputID(loop.id)) }),
      ("output shape", { $0.setType(ValueType(.f32, [2]), of: OutputID(loop.id)) }),
      ("names", { $0.update(loop.id) { $0.outputs[0].names = ["z"] } }),
      ("attribute of a node", { $0.update(loop.id) { $0.runtimeInfo.append(.init(name: "x", version: "0")) } }),
      ("attribute of a port", { $0.update(loop.id) { $0.outputs[1].runtimeInfo.append(.init(name: "x", version: "0")) } }),
      ("connection", { $0.setInput(InputID(loop.id, 0), to: OutputID($0.parameters[1])) }),
      ("output used", { $0.setInput(InputID($0.results[0]), to: OutputID(loop.id, 1)) }),
      ("order", { $0.reorder(parameters: $0.parameters.reversed()) }),
      ("nodes", { $0.add(Node(name: "x", type: "Relu", opset: "opset1")) }),
      ("slice", { $0.update(loop.id) { $0.bodies[0].inputs[1].slice?.stride = 1 } }),
      ("port", { $0.update(loop.id) { $0.bodies[0].outputs[0].external = 0 } }),
      ("back edge", { $0.update(loop.id) { $0.bodies[0].backEdges = [] } }),
      ("iteration", { $0.update(loop.id) { $0.bodies[0].currentIteration = nil } }),
      ("condition", { $0.update(loop.id) { $0.bodies[0].executionCondition = nil } }),
      ("body", { $0.update(loop.id) { $0.bodies[0].model.name = "other" } }),
      ("bodies", { $0.update(loop.id) { $0.bodies = [] } }),
      (
        "constant",
        {
          $0.update(loop.id) { node in
            let go = node.bodies[0].model.nodes.first { $0.type == "Constant" }!.id
            node.bodies[0].model.update(go) { $0.constant = [0].withUnsafeBytes { ConstantData(copying: .init(rebasing: $0[..<1])) } }
          }
        }
      ),
    ]
    for (name, edit) in edits {
      var edited = original
      edit(&edited)
      #expect(original.structuralDifference(from: edited) != nil, "\(name)")
      #expect(edited.structuralDifference(from: original) != nil, "\(name)")
    }
  }
}
