/// ReduceSum, ReduceMax, ReduceLogicalAnd …: one element for all those along some axes.
struct Reduction: Operator {
  /// What becomes of the elements that are reduced to one.
  struct Function: Sendable {
    var domain = ElementDomain.numeric
    /// Whether the result depends on the order of the elements' values.
    var comparesElements = false
    /// The result of no elements, and what an element is combined with first.
    var start: @Sendable (ElementType) -> Double = { _ in 0 }
    var combine: @Sendable (_ soFar: Double, _ element: Double) -> Double = { $0 + $1 }
    /// Applied to the combination of `count` elements.
    var finish: @Sendable (_ combined: Double, _ count: Int) -> Double = { combined, _ in combined }
    /// The same for signed integers and booleans, and where they agree for unsigned ones.
    let integerStart: @Sendable (ElementType) -> Int64
    let integerCombine: @Sendable (Int64, Int64) -> Int64
    var integerFinish: @Sendable (Int64, Int) -> Int64 = { combined, _ in combined }
  }

  let function: Function
  /// Whether reduced axes stay with an extent of 1.
  let keepDims: Bool

  init(_ node: Node, _ function: Function) throws {
    self.function = function
    keepDims = try node.attributes.bool("keep_dims", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    try function.domain.check(operands, 0)
    return [ValueType(operands.elementType(0), try shape(operands))]
  }

  private func shape(_ operands: Operands) throws -> PartialShape {
    guard let dimensions = operands.shape(0).dimensions else { return .dynamic }
    guard let axes = operands.ints(1) else {
      if keepDims { return .dynamic(rank: dimensions.count) }
      guard let count = operands.shape(1).shape?.checkedElementCount, count <= dimensions.count else { return .dynamic }
      return .dynamic(rank: dimensions.count - count)
    }
    let reduced = Set(try normalizedAxes(axes, rank: dimensions.count))
    return PartialShape(dimensions.indices.compactMap { reduced.contains($0) ? (keepDims ? 1 : nil) : dimensions[$0] })
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let data = operands[0]
    let reduced = Set(try normalizedAxes(operands[1].ints(), rank: data.shape.count))
    // Each element's place in the result: the result's strides, 0 along reduced axes.
    let kept = data.shape.indices.map { reduced.contains($0) ? 1 : data.shape[$0] }
    let targets = data.shape.offsets(strides: kept.broadcastStrides(to: data.shape))
    let type = data.elementType
    let count = reduced.reduce(1) { $0 * data.shape[$1] }
    if type.isFloatingPoint {
      var result = [Double](repeating: function.start(type), count: shape.elementCount)
      for (value, target) in zip(data.doubles(), targets) { result[target] = function.combine(result[target], value) }
      return [Tensor(type, shape: shape, doubles: result.map { function.finish($0, count) })]
    }
    // Flipping the top bit lets bit patterns of u64 compare as signed numbers; sums and products do without.
    let flip: Int64 = type == .u64 && function.comparesElements ? .min : 0
    var result = [Int64](repeating: function.integerStart(type) ^ flip, count: shape.elementCount)
    for (value, target) in zip(data.int64s(), targets) { result[target] = function.integerCombine(result[target], value ^ flip) }
    return [Tensor(type, shape: shape, int64s: result.map { function.integerFinish($0 ^ flip, count) })]
  }
}

extension Reduction.Function {
  static let sum = Self(integerStart: { _ in 0 }, integerCombine: { $0 &+ $1 })
  static let product = Self(
    start: { _ in 1 }, combine: { $0 * $1 }, integerStart: { _ in 1 }, integerCombine: { $0 &* $1 })
  /// Integers truncate towards zero; the mean of no elements is 0.
  static let mean = Self(
    finish: { $1 == 0 ? 0 : $0 / Double($1) },
    integerStart: { _ in 0 }, integerCombine: { $0 &+ $1 }, integerFinish: { $1 == 0 ? 0 : $0 / Int64($1) })
  static let maximum = Self(
    comparesElements: true, start: { _ in -.infinity }, combine: { $1 > $0 || $1.isNaN ? $1 : $0 },
    integerStart: { $0.lowestInteger }, integerCombine: { max($0, $1) })
  static let minimum = Self(
    comparesElements: true, start: { _ in .infinity }, combine: { $1 < $0 || $1.isNaN ? $1 : $0 },
    integerStart: { $0.greatestInteger }, integerCombine: { min($0, $1) })
  static let l1 = Self(
    combine: { $0 + $1.magnitude }, integerStart: { _ in 0 }, integerCombine: { $0 &+ ($1 < 0 ? 0 &- $1 : $1) })
  static let l2 = Self(
    combine: { $0 + $1 * $1 }, finish: { sum, _ in sum.squareRoot() },
    integerStart: { _ in 0 }, integerCombine: { $0 &+ $1 &* $1 }, integerFinish: { sum, _ in Int64(clamping: Double(sum).squareRoot()) })
  static let logicalAnd = Self(domain: .logical, integerStart: { _ in 1 }, integerCombine: { $0 & $1 })
  static let logicalOr = Self(domain: .logical, integerStart: { _ in 0 }, integerCombine: { $0 | $1 })
}
