import OVRuntime

/// Random inputs for models that read integers, which name rows of tables: tokens.
enum SyntheticSamples {
  private static let lengths = [8, 12, 24, 40]
  /// Tables of fewer rows tell kinds apart, such as the first from the second sentence: the first one is taken.
  private static let leastVocabulary = 16

  /// So many samples for a model; `nil` when an input is not of integers, or none names rows of a table.
  static func data(for model: Model, count: Int) -> CalibrationData? {
    var inputs: [(type: ElementType, dimensions: [Dimension], rows: Int?)] = []
    for id in model.parameters {
      let type = model.type(of: OutputID(id))
      guard type.elementType.isInteger, type.elementType.bitWidth >= 8, let dimensions = type.shape.dimensions else { return nil }
      inputs.append((type.elementType, dimensions, tableRows(readBy: OutputID(id), model)))
    }
    guard inputs.contains(where: { $0.rows ?? 0 >= leastVocabulary }) else { return nil }
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(limit, 1)
    }
    let samples = (0..<count).map { number in
      CalibrationSample(
        inputs.map { input in
          let shape = input.dimensions.enumerated().map { axis, dimension in
            dimension.length
              ?? max(dimension.lowerBound, min(dimension.upperBound ?? .max, axis == 0 ? 1 : lengths[number % lengths.count]))
          }
          let elements = (0..<shape.reduce(1, *)).map { _ in
            // What names no rows is a mask.
            input.rows.map { $0 < leastVocabulary ? 0 : random(below: $0) } ?? 1
          }
          return Tensor(input.type, shape: shape, ints: elements)
        })
    }
    return CalibrationData(samples)
  }

  /// The rows of the constant table that a value names rows of.
  private static func tableRows(readBy value: OutputID, _ model: Model) -> Int? {
    for user in model.users(of: value) {
      let node = model[user.node]
      if node.type == "Convert", let rows = tableRows(readBy: OutputID(user.node), model) { return rows }
      if node.type == "Gather", user.index == 1, let shape = model.type(of: node.inputs[0]).shape.shape, shape.count == 2 {
        return shape[0]
      }
    }
    return nil
  }
}
