import OVRuntime

/// One request that meets a new shape with each inference: what a model costs whose input shapes keep changing.
struct ShapeSweep {
  /// Milliseconds of the inference with which a shape first came, compiling included.
  let first: Latencies
  /// Milliseconds of the inference that repeats the shape at once.
  let repeated: Latencies
  /// The process's memory after a tenth of the shapes, after half, and after all of them, in bytes.
  let memory: (early: Int, middle: Int, late: Int)

  /// Runs every shape within `ranges`, given to all inputs of unknown extents, the last axis moving fastest.
  init(_ model: CompiledModel, _ ranges: PartialShape, _ given: [Int: Tensor]) throws(OVError) {
    let shapes = try ShapeSweep.shapes(ranges)
    let request = model.makeRequest()
    for (index, tensor) in given { try request.setInput(index, tensor) }
    var (first, repeated): ([Double], [Double]) = ([], [])
    var (early, middle) = (0, 0)
    for (count, shape) in shapes.enumerated() {
      if count % 100 == 0 { Console.showProgress("\(count) of \(shapes.count) shapes") }
      for (index, port) in model.inputs.enumerated() where given[index] == nil {
        let own = port.type.shape.shape ?? shape
        try request.setInput(index, try port.randomTensor(own))
      }
      for isFirst in [true, false] {
        let start = monotonicNanoseconds()
        try request.infer()
        let milliseconds = Double(monotonicNanoseconds() - start) / 1e6
        if isFirst { first.append(milliseconds) } else { repeated.append(milliseconds) }
      }
      if count + 1 == max(1, shapes.count / 10) { early = residentByteCount() }
      if count + 1 == max(1, shapes.count / 2) { middle = residentByteCount() }
    }
    Console.showProgress("")
    self.first = Latencies(first)
    self.repeated = Latencies(repeated)
    memory = (early, middle, residentByteCount())
  }

  /// The shapes within ranges that have ends.
  private static func shapes(_ ranges: PartialShape) throws(OVError) -> [Shape] {
    guard let dimensions = ranges.dimensions, dimensions.allSatisfy({ $0.upperBound != nil }) else {
      throw OVError(.invalidArgument, "'--sweep' needs ranges with ends", suggestion: "such as 1..4,1..250")
    }
    var shapes: [Shape] = [[]]
    for dimension in dimensions {
      let extents = dimension.lowerBound...dimension.upperBound!
      guard extents.count <= 1_000_000 / shapes.count else {
        throw OVError(.invalidArgument, "'--sweep' stands for more than a million shapes")
      }
      shapes = shapes.flatMap { shape in extents.map { shape + [$0] } }
    }
    return shapes
  }

  var text: String {
    var table = Table([("", .left), ("", .left)])
    func line(_ latencies: Latencies) -> String {
      "min \(latencies.min.fixed(3))  median \(latencies.median.fixed(3))  p99 \(latencies.percentile(99).fixed(3))  max \(latencies.max.fixed(3))"
    }
    table.append(["shapes", String(first.count)])
    table.append(["new shape ms", line(first)])
    table.append(["repeated ms", line(repeated)])
    table.append([
      "memory", "\(memory.early.byteText) after a tenth, \(memory.middle.byteText) after half, \(memory.late.byteText) at the end",
    ])
    return table.text
  }

  var json: JSON {
    func entries(_ latencies: Latencies) -> JSON {
      .object([
        ("min", .number(latencies.min)), ("median", .number(latencies.median)), ("p99", .number(latencies.percentile(99))),
        ("max", .number(latencies.max)),
      ])
    }
    return .object([
      ("shapes", .integer(first.count)), ("new_shape_ms", entries(first)), ("repeated_ms", entries(repeated)),
      ("rss_bytes_early", .integer(memory.early)), ("rss_bytes_middle", .integer(memory.middle)), ("rss_bytes_late", .integer(memory.late)),
    ])
  }
}
