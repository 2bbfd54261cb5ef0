/// How a node's ports meet the Parameters and Results of a sub-graph, by position instead of identity.
struct BodyPorts: Sendable {
  /// Where the value of a Parameter comes from.
  enum Source: Sendable {
    /// The node's input, whole.
    case input(Int)
    /// A slice of the node's input.
    case slice(Int, Body.Slice)
    /// The number of the iteration.
    case iteration
  }

  /// What a Result is for.
  struct Output: Sendable {
    let external: Int
    let result: Int
    let slice: Body.Slice?
  }

  /// For each Parameter of the body.
  let sources: [Source]
  let outputs: [Output]
  /// For each Parameter the Result that it takes over from the iteration before, if any.
  let carried: [Int?]
  /// The Result that says whether to go on.
  let condition: Int?

  /// - Throws: ``OVError/Code/invalidModel`` when a Parameter has no source or two, or an output of the node none.
  init(_ body: Body, of node: Node) throws {
    let parameters = Dictionary(uniqueKeysWithValues: body.model.parameters.enumerated().map { ($1, $0) })
    let results = Dictionary(uniqueKeysWithValues: body.model.results.enumerated().map { ($1, $0) })
    func parameter(_ id: NodeID) throws -> Int {
      guard let position = parameters[id] else { throw OVError(.invalidModel, "the port map names an input that the body does not have") }
      return position
    }
    func result(_ id: NodeID) throws -> Int {
      guard let position = results[id] else { throw OVError(.invalidModel, "the port map names an output that the body does not have") }
      return position
    }
    var sources = [Source?](repeating: nil, count: parameters.count)
    for port in body.inputs {
      guard let external = port.external else { continue }
      let position = try parameter(port.internal)
      guard sources[position] == nil else { throw OVError(.invalidModel, "the port map names an input of the body twice") }
      guard node.inputs.indices.contains(external) else {
        throw OVError(.invalidModel, "the port map names input \(external), the layer has \(node.inputs.count)")
      }
      sources[position] = port.slice.map { .slice(external, $0) } ?? .input(external)
    }
    if let id = body.currentIteration {
      let position = try parameter(id)
      sources[position] = sources[position] ?? .iteration
    }
    self.sources = try sources.enumerated().map { position, source in
      guard let source else {
        let name = body.model[body.model.parameters[position]].name
        throw OVError(.invalidModel, "the body's input '\(OVError.printable(name))' is not connected")
      }
      return source
    }
    outputs = try body.outputs.compactMap { port in
      guard let external = port.external else { return nil }
      guard node.outputs.indices.contains(external) else {
        throw OVError(.invalidModel, "the port map names output \(external), the layer has \(node.outputs.count)")
      }
      return Output(external: external, result: try result(port.internal), slice: port.slice)
    }
    guard Set(outputs.map(\.external)).count == node.outputs.count, outputs.count == node.outputs.count else {
      throw OVError(.invalidModel, "the port map does not connect each of the \(node.outputs.count) outputs once")
    }
    var carried = [Int?](repeating: nil, count: parameters.count)
    for edge in body.backEdges {
      let position = try parameter(edge.to)
      guard carried[position] == nil else { throw OVError(.invalidModel, "two back edges lead to one input of the body") }
      if case .slice = self.sources[position] { throw OVError(.invalidModel, "a back edge leads to a sliced input of the body") }
      carried[position] = try result(edge.from)
    }
    self.carried = carried
    condition = try body.executionCondition.map { try result($0) }
  }
}

extension Body.Slice {
  /// The first position of the sliced range in an axis of `extent`, and the one behind its last.
  private func range(_ extent: Int) throws -> Range<Int> {
    let bounds = [start, end].map { $0 < 0 ? $0 + extent + 1 : $0 }
    let (lower, upper) = stride < 0 ? (bounds[1], bounds[0]) : (bounds[0], bounds[1])
    guard lower >= 0, lower <= upper, upper <= extent else {
      throw OVError(.invalidModel, "the slices from \(start) to \(end) do not lie within an axis of \(extent)")
    }
    return lower..<upper
  }

  /// Checks what does not depend on the sliced value.
  func check() throws {
    guard stride != 0, stride != .min, partSize > 0 else {
      throw OVError(.invalidModel, "slices have the stride \(stride) and the size \(partSize)")
    }
  }

  /// The number of slices in an axis of `extent`.
  func count(in extent: Int) throws -> Int {
    let length = try range(extent).count
    return length < partSize ? 0 : (length - partSize) / abs(stride) + 1
  }

  /// Where slice `index` of an axis of `extent` begins. Negative strides count from the end of the range.
  ///
  /// - Precondition: `index` is below ``count(in:)``.
  func start(of index: Int, in extent: Int) throws -> Int {
    let range = try range(extent)
    return stride < 0 ? range.upperBound - index * -stride - partSize : range.lowerBound + index * stride
  }
}
