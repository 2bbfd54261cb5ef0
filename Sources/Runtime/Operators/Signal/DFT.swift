/// The Fourier transforms over axes: DFT and IDFT from complex to complex numbers, RDFT from real ones to the non-negative half
/// of their spectrum along the last named axis, IRDFT back.
struct DFT: Operator {
  enum Kind: String, Sendable {
    case forward = "DFT"
    case inverse = "IDFT"
    case real = "RDFT"
    case inverseReal = "IRDFT"
  }

  let kind: Kind

  init(_ node: Node) throws {
    guard let kind = Kind(rawValue: node.type) else { throw OVError(.internalFailure, "\(node.type) is no Fourier transform") }
    self.kind = kind
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...3)
    let type = try operands.commonRealType(of: [0])
    guard var dimensions = operands.shape(0).dimensions else { return [ValueType(type, .dynamic)] }
    if kind != .real {
      guard let parts = dimensions.popLast(), parts.contains(2) else {
        throw invalid("the data has the shape \(operands.shape(0))", suggestion: "its last axis holds real and imaginary part")
      }
    }
    guard !dimensions.isEmpty else { throw invalid("the data has no axis to transform") }
    let parts = kind == .inverseReal ? [] : [Dimension(2)]
    guard let axes = operands.ints(1) else {
      return [ValueType(type, PartialShape([Dimension](repeating: .dynamic, count: dimensions.count) + parts))]
    }
    let named = try normalizedAxes(axes, rank: dimensions.count)
    guard !named.isEmpty else { throw invalid("there is no axis to transform") }
    for (i, axis) in named.enumerated() {
      let isHalved = i == named.count - 1
      var extent = try size(i, operands, of: dimensions[axis], named.count, isHalved)
      if kind == .real && isHalved { extent = extent.map { $0 / 2 + 1 } }
      dimensions[axis] = extent
    }
    return [ValueType(type, PartialShape(dimensions + parts))]
  }

  /// The length of the transform along the `i`-th named axis, of which the data has `extent`.
  private func size(_ i: Int, _ operands: Operands, of extent: Dimension, _ count: Int, _ isHalved: Bool) throws -> Dimension {
    var size = extent
    if kind == .inverseReal && isHalved { size = extent.map { 2 * ($0 - 1) } }
    if operands.has(2) {
      guard let sizes = operands.ints(2) else { return .dynamic }
      guard sizes.count == count else { throw invalid("there are \(sizes.count) signal sizes for \(count) axes") }
      guard sizes[i] >= -1 else { throw invalid("the signal size is \(sizes[i])", suggestion: "−1 is the whole axis") }
      if sizes[i] != -1 { size = Dimension(sizes[i]) }
    }
    guard size.upperBound != 0 else { throw invalid("an axis without elements has no Fourier transform") }
    return size
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let data = operands[0]
    try Tensor.requireSize(.f64, try outputShape(operands))
    var numbers = kind == .real ? ComplexArray(data) : ComplexArray(pairs: data)
    let named = try normalizedAxes(operands[1].ints(), rank: numbers.shape.count)
    let known = Operands(operands)
    for (i, axis) in named.enumerated() {
      let isLast = i == named.count - 1
      let count = try size(i, known, of: Dimension(numbers.shape[axis]), named.count, isLast).lowerBound
      if kind == .inverseReal && isLast {
        numbers.transformHalfSpectrum(axis: axis, count: count)
      } else {
        numbers.transform(axis: axis, count: count, isInverse: kind == .inverse || kind == .inverseReal)
      }
      if kind == .real && isLast { numbers.replaceLines(axis: axis, count: count / 2 + 1) { $0 } }
    }
    return [kind == .inverseReal ? numbers.reals(data.elementType) : numbers.pairs(data.elementType)]
  }
}
