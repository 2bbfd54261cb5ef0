#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Draws indices of classes for each row of a batch, with given probabilities, which need not add up to 1.
///
/// The draws are those of OpenVINO's CPU plugin, a Mersenne Twister seeded with both seeds: the same at each inference.
struct Multinomial: Operator {
  let outputType: ElementType
  let withReplacement: Bool
  /// Whether the first operand holds logarithms.
  let logProbabilities: Bool
  let globalSeed: UInt64
  let operatorSeed: UInt64

  init(_ node: Node) throws {
    outputType = try node.attributes.elementType("convert_type", default: .i64)
    guard outputType == .i32 || outputType == .i64 else {
      throw OVError(.invalidModel, "convert_type is \(outputType)", suggestion: "it can be i32 or i64")
    }
    withReplacement = try node.attributes.bool("with_replacement", default: false)
    logProbabilities = try node.attributes.bool("log_probs", default: false)
    globalSeed = UInt64(bitPattern: Int64(try node.attributes.int("global_seed", default: 0)))
    operatorSeed = UInt64(bitPattern: Int64(try node.attributes.int("op_seed", default: 0)))
  }

  var isPure: Bool { false }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(2...2)
    try ElementDomain.real.check(operands, 0)
    guard operands.shape(0).rank ?? 2 == 2 else { throw invalid("the probabilities \(operands.shape(0)) are not a matrix") }
    guard (operands.shape(1).shape?.checkedElementCount ?? 1) == 1 else {
      throw invalid("the number of samples has the shape \(operands.shape(1)), not one number")
    }
    if let count = operands.ints(1)?.first, count < 0 { throw invalid("the number of samples is \(count)") }
    let rows = operands.shape(0).dimensions?[0] ?? .dynamic
    return [ValueType(outputType, PartialShape([rows, operands.dimensions(1)?.first ?? .dynamic]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    _ = try Tensor(outputType, shape: shape)
    let (rows, samples, classes) = (shape[0], shape[1], operands[0].shape[1])
    guard classes > 0 || shape.contains(0) else { throw invalid("there is no class to draw") }
    guard withReplacement || samples <= classes else {
      throw invalid("\(samples) samples cannot be drawn from \(classes) classes without replacement")
    }
    var twister = generator()
    let draws = (0..<(rows * samples)).map { _ in Double(Float(twister.next()) / Float(UInt32.max)) }
    let probabilities = operands[0].doubles().map { logProbabilities ? exp($0) : $0 }
    var indices: [Int] = []
    for row in 0..<rows {
      var weights = Array(probabilities[(row * classes)..<((row + 1) * classes)])
      for sample in 0..<samples {
        let drawn = index(in: weights, at: draws[row * samples + sample])
        if !withReplacement { weights[drawn] = 0 }
        indices.append(drawn)
      }
    }
    return [Tensor(outputType, shape: shape, ints: indices)]
  }

  private func generator() -> MersenneTwister {
    // Seeds of 0 ask for a sequence that nobody can foresee.
    if globalSeed == 0 && operatorSeed == 0 { return MersenneTwister(seed: .random(in: .min ... .max)) }
    return MersenneTwister(seeds: [UInt32(truncatingIfNeeded: globalSeed), UInt32(truncatingIfNeeded: operatorSeed)])
  }

  /// The first class whose share of the weights, with all before it, reaches `draw`.
  private func index(in weights: [Double], at draw: Double) -> Int {
    let total = weights.reduce(0, +)
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if weight > 0, draw <= sum / total { return index }
    }
    return weights.lastIndex { $0 > 0 } ?? weights.count - 1
  }
}
