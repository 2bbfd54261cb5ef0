/// The shapes that MaxPool and AvgPool share: a window of `kernel` cells over data of shape N, C, spatial axes.
struct Pooling: Sendable {
  let window: SlidingWindow
  let kernel: [Int]

  init(_ node: Node) throws {
    window = try SlidingWindow(node)
    kernel = try node.attributes.ints("kernel")
    guard kernel.allSatisfy({ $0 >= 1 }) else {
      throw OVError(.invalidModel, "kernel is \(kernel)", suggestion: "its extents are 1 or more")
    }
    try window.check(spatialRank: kernel.count)
  }

  /// The result's shape.
  func shape(_ data: PartialShape) throws -> PartialShape {
    guard let dimensions = data.dimensions else { return .dynamic(rank: kernel.count + 2) }
    guard dimensions.count == kernel.count + 2 else {
      throw OVError(.invalidModel, "the data \(data) do not suit a kernel of \(kernel.count) axes")
    }
    let spatial = try window.outputExtents(input: Array(dimensions[2...]), kernel: kernel.map { Dimension($0) })
    return PartialShape([dimensions[0], dimensions[1]] + spatial)
  }

  /// How the window lies on data that give a result of shape `result`.
  func geometry(_ data: Shape, result: Shape) -> WindowGeometry {
    WindowGeometry(window, input: Array(data[2...]), output: Array(result[2...]), kernel: kernel)
  }
}
