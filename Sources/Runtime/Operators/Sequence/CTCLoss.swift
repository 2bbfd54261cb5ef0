#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The negative logarithm of the probability that the network's steps spell the labels (connectionist temporal classification).
///
/// Operands: the logits `[batch, time, classes]`, their lengths `[batch]`, the labels `[batch, time]`, their lengths `[batch]`,
/// and optionally the blank's index, by default the last class. Output: `[batch]`.
struct CTCLoss: Operator {
  /// Whether repetitions among the labels are merged beforehand.
  let collapsesLabels: Bool
  /// Whether steps that repeat a label spell it once; blanks stand between equal labels then.
  let mergesRepeated: Bool
  /// Whether only the first occurrence of a label counts.
  let isUnique: Bool

  init(_ node: Node) throws {
    collapsesLabels = try node.attributes.bool("preprocess_collapse_repeated", default: false)
    mergesRepeated = try node.attributes.bool("ctc_merge_repeated", default: true)
    isUnique = try node.attributes.bool("unique", default: false)
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(4...5)
    let type = try operands.commonRealType(of: [0])
    for index in 1..<operands.count { try operands.requireInteger(index, "input \(index)") }
    let logits = try operands.extents(0, rank: 3, "the logits")
    let labels = try operands.extents(2, rank: 2, "the labels")
    var batch = try Dimension.agreeing(Array(logits[..<2]), labels, "batch and time")[0]
    for index in [1, 3] { batch = try batch.agreeing(with: operands.extents(index, rank: 1, "the lengths")[0], "the batch") }
    if let blank = operands.value(4), blank.elementCount != 1 { throw invalid("there are \(blank.elementCount) blanks") }
    return [ValueType(type, PartialShape([batch]))]
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let (batch, time, classes) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    let logits = operands[0].doubles()
    let (lengths, labels, labelLengths) = (operands[1].ints(), operands[2].ints(), operands[3].ints())
    let blank = operands.count > 4 ? operands[4].ints()[0] : classes - 1
    let losses = try (0..<batch).map { row in
      guard (0...time).contains(lengths[row]), (0...lengths[row]).contains(labelLengths[row]) else {
        throw OVError(
          .invalidData, "there are \(labelLengths[row]) labels for \(lengths[row]) steps",
          suggestion: "labels are not more than steps, and steps not more than \(time)")
      }
      let target = decoded(Array(labels[row * time..<row * time + labelLengths[row]]))
      guard (target + [blank]).allSatisfy({ (0..<classes).contains($0) }) else {
        throw OVError(.invalidData, "a label or the blank does not lie in 0..<\(classes)")
      }
      let steps = (0..<lengths[row]).map { step in
        let start = (row * time + step) * classes
        return logSoftmax(Array(logits[start..<start + classes]))
      }
      return -(mergesRepeated ? mergedLogProbability(steps, target, blank) : plainLogProbability(steps, target, blank))
    }
    return [Tensor(operands[0].elementType, shape: [batch], doubles: losses)]
  }

  /// The labels that are to be spelled.
  private func decoded(_ labels: [Int]) -> [Int] {
    if isUnique {
      var seen: Set<Int> = []
      return labels.filter { seen.insert($0).inserted }
    }
    return collapsesLabels ? labels.indices.filter { $0 == 0 || labels[$0] != labels[$0 - 1] }.map { labels[$0] } : labels
  }

  private func logSoftmax(_ x: [Double]) -> [Double] {
    let greatest = x.max() ?? 0
    let sum = greatest + log(x.reduce(0) { $0 + exp($1 - greatest) })
    return x.map { $0 - sum }
  }

  /// ln(eᵃ + eᵇ).
  private func logSum(_ a: Double, _ b: Double) -> Double {
    let greatest = max(a, b)
    return greatest == -.infinity ? greatest : greatest + log1p(exp(min(a, b) - greatest))
  }

  /// Each step spells the next label or a blank.
  private func plainLogProbability(_ steps: [[Double]], _ target: [Int], _ blank: Int) -> Double {
    // For each number of labels spelled so far the logarithm of its probability.
    var spelled = [0.0] + [Double](repeating: -.infinity, count: target.count)
    for step in steps {
      for count in stride(from: target.count, through: 0, by: -1) {
        let next = count == 0 ? -.infinity : spelled[count - 1] + step[target[count - 1]]
        spelled[count] = logSum(spelled[count] + step[blank], next)
      }
    }
    return spelled[target.count]
  }

  /// Steps may repeat a label; what they spell are the labels with optional blanks between them, at least one between equals.
  private func mergedLogProbability(_ steps: [[Double]], _ target: [Int], _ blank: Int) -> Double {
    let symbols = [blank] + target.flatMap { [$0, blank] }
    // For each symbol the logarithm of the probability that the last step spelled it; before the first step the position in
    // front of all symbols.
    var state = [Double](repeating: -.infinity, count: symbols.count)
    for (index, step) in steps.enumerated() {
      let before = state
      for s in symbols.indices {
        var reached = index == 0 ? (s <= 1 ? 0 : -.infinity) : before[s]
        if index > 0, s > 0 { reached = logSum(reached, before[s - 1]) }
        if index > 0, s > 1, symbols[s] != blank, symbols[s] != symbols[s - 2] { reached = logSum(reached, before[s - 2]) }
        state[s] = reached + step[symbols[s]]
      }
    }
    if steps.isEmpty { return target.isEmpty ? 0 : -.infinity }
    return target.isEmpty ? state[0] : logSum(state[symbols.count - 1], state[symbols.count - 2])
  }
}
