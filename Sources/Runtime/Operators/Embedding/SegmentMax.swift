/// The greatest elements of each segment of the data's rows, which ascending ids tell.
struct SegmentMax: Operator {
  private enum Fill: String, CaseIterable { case zero, lowest }
  private let fill: Fill

  init(_ node: Node) throws { fill = try node.attributes.choice("fill_mode") }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    let type = operands.elementType(0)
    let ids = try operands.extents(1, rank: 1, "segment_ids")[0]
    guard var dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    guard !dimensions.isEmpty else { throw invalid("the data is a scalar") }
    _ = try dimensions[0].agreeing(with: ids, "the number of rows")
    if let known = operands.ints(1) {
      guard known.first ?? 0 >= 0, zip(known, known.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw OVError(.invalidData, "the segment ids do not ascend from 0 or more")
      }
    }
    if operands.has(2) {
      if let counts = operands.ints(2) {
        guard counts.count == 1, counts[0] >= 0 else { throw invalid("num_segments \(counts) is not a number of segments") }
      }
      dimensions[0] = operands.dimensions(2)?.first ?? .dynamic
    } else if let known = operands.ints(1) {
      dimensions[0] = Dimension(known.last.map { $0 == .max ? $0 : $0 + 1 } ?? 0)
    } else {
      dimensions[0] = .dynamic
    }
    return [ValueType(type, PartialShape(dimensions))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    let shape = try outputShape(operands)
    try Tensor.requireSize(data.elementType, shape)
    let width = shape[1...].elementCount
    // Rows of segments beyond num_segments take no part.
    let kept = operands[1].ints().enumerated().filter { $0.element < shape[0] }
    let rows = data.gathered(shape: [kept.count, width], blocks: kept.map { $0.offset * width }, of: width)
    let maxima = ScatterReduction.max.scatter(
      rows, into: empty(data.elementType).filling(shape), blocks: kept.map { $0.element * width }, of: width, includesData: false)
    return [maxima]
  }

  /// What stands for the maximum of nothing.
  private func empty(_ type: ElementType) -> Tensor {
    guard fill == .lowest else { return Tensor(type, shape: [], int64s: [0]) }
    if type.isFloatingPoint { return Tensor(type, shape: [], doubles: [-type.greatestFiniteMagnitude]) }
    return Tensor(type, shape: [], int64s: [type.isSignedInteger ? Int64.min >> Int64(64 - type.bitWidth) : 0])
  }
}

extension ElementType {
  /// The greatest number of a floating-point type.
  ///
  /// - Precondition: the type is a floating-point type.
  fileprivate var greatestFiniteMagnitude: Double {
    switch self {
    case .f64: Double.greatestFiniteMagnitude
    case .f16: Double(Float16.greatestFiniteMagnitude)
    case .bf16: Double(Float(bitPattern: 0x7f7f_0000))
    case .f8e4m3: 448
    case .f8e5m2: 57344
    case .f4e2m1: 6
    case .nf4: 1
    case .f8e8m0: 0x1p127
    default: Double(Float.greatestFiniteMagnitude)
    }
  }
}
