import Testing

@testable import OVRuntime

/// Values that decide shapes are followed within bounds: what is inferred holds for every shape the model accepts.
@Suite struct ShapeBoundsTests {
  /// The shape of a Broadcast to what `target` computes from the two extents of a parameter of shape `shape`.
  private func broadcastShape(
    _ shape: String, type: String = "i64", _ target: (inout GraphBuilder, OutputID, OutputID) -> OutputID
  ) throws -> String {
    var builder = GraphBuilder()
    var attributes: Attributes = ["element_type": "f32"]
    attributes["shape"] = shape
    let data = builder.node("Parameter", [], attributes, name: "data")
    let extents = builder.node("ShapeOf", [data], opset: 3, ["output_type": type])
    func extent(_ axis: Int) -> OutputID {
      builder.node("Gather", [extents, builder.constant(.indices(axis)), builder.constant(.index(0))], opset: 8)
    }
    let (rows, columns) = (extent(0), extent(1))
    let wanted = target(&builder, rows, columns)
    builder.result(builder.node("Broadcast", [builder.constant(Tensor([Float(1)], shape: [])), wanted], opset: 3))
    var model = builder.model
    var propagation = ShapePropagation()
    try propagation.run(on: &model)
    return model.type(of: model[model.results[0]].inputs[0]).shape.irText
  }

  @Test func sumsAndProductsOfExtents() throws {
    let sum = try broadcastShape("2..5,3") { $0.node("Add", [$1, $2]) }
    #expect(sum == "5..8")
    let product = try broadcastShape("2..5,3..4") { $0.node("Multiply", [$1, $2]) }
    #expect(product == "6..20")
    let joined = try broadcastShape("?,3") { $0.node("Concat", [$1, $2], ["axis": "0"]) }
    #expect(joined == "?,3")
  }

  @Test func differencesAreNotBoundedByTheirEnds() throws {
    // 5 − 2 and 2 − 5 at the ends would leave out 5 − 5.
    let difference = try broadcastShape("2..5,2..5") { builder, rows, columns in
      builder.node("Add", [rows, builder.node("Multiply", [columns, builder.constant(.indices(-1))])])
    }
    #expect(difference == "?")
  }

  @Test func productsDoNotWrapRound() throws {
    let product = try broadcastShape("?,?", type: "i32") { $0.node("Multiply", [$1, $2]) }
    #expect(product == "?")
  }

  @Test func unknownIndicesBoundNothing() throws {
    let chosen = try broadcastShape("0..2,7") { builder, rows, _ in
      builder.node("Gather", [builder.constant(.indices(1, 9, 2)), rows, builder.constant(.index(0))], opset: 8)
    }
    #expect(chosen == "?")
  }
}
