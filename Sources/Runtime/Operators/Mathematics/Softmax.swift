#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Softmax and LogSoftmax: exponentials along an axis divided by their sum, or the logarithm of that.
struct Softmax: Operator {
  let axis: Int
  let isLogarithmic: Bool

  init(_ node: Node) throws {
    isLogarithmic = node.type == "LogSoftmax"
    axis = try node.attributes.int("axis", default: isLogarithmic ? -1 : 1)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(1...1)
    try ElementDomain.real.check(operands, 0)
    if let rank = operands.shape(0).rank { _ = try normalizedAxis(axis, rank: rank) }
    return [operands.types[0]]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let x = operands[0]
    var values = x.doubles()
    for line in Lines(x.shape, axis: try normalizedAxis(axis, rank: x.shape.count)).all {
      if isLogarithmic { Softmax.normalizeLogarithms(&values, line) } else { Softmax.normalize(&values, line) }
    }
    return [Tensor(x.elementType, shape: x.shape, doubles: values)]
  }

  /// Replaces the elements at `line` by their softmax; where all are −∞ by NaN.
  static func normalize(_ values: inout [Double], _ line: some Sequence<Int>) {
    let greatest = line.reduce(-Double.infinity) { max($0, values[$1]) }
    var sum = 0.0
    for i in line {
      values[i] = exp(values[i] - greatest)
      sum += values[i]
    }
    for i in line { values[i] /= sum }
  }

  private static func normalizeLogarithms(_ values: inout [Double], _ line: some Sequence<Int>) {
    let greatest = line.reduce(-Double.infinity) { max($0, values[$1]) }
    let sum = line.reduce(0) { $0 + exp(values[$1] - greatest) }
    for i in line { values[i] -= greatest + log(sum) }
  }
}
