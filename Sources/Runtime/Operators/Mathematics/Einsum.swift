/// Sums of products over labelled axes: the equation names the axes of each operand and of the result, such as `bij,bjk->bik`;
/// an ellipsis stands for any number of axes, which broadcast.
struct Einsum: Operator {
  /// A label of the equation, or an axis that an ellipsis stands for, counted from the last.
  private enum Label: Hashable {
    case letter(Character)
    case ellipsis(Int)
  }

  /// The labels of an operand or of the result: those before and behind the ellipsis, when there is one.
  private struct Term {
    var before: [Character] = []
    var behind: [Character] = []
    var hasEllipsis = false

    init(_ text: some StringProtocol) throws {
      var rest = text.filter { $0 != " " }[...]
      while let character = rest.first {
        if rest.starts(with: "...") {
          guard !hasEllipsis else { throw OVError(.invalidModel, "a term of the equation has two ellipses") }
          hasEllipsis = true
          rest = rest.dropFirst(3)
          continue
        }
        guard character.isASCII, character.isLetter else {
          let label = OVError.printable(String(character))
          throw OVError(.invalidModel, "the equation has the label \"\(label)\"", suggestion: "labels are letters")
        }
        if hasEllipsis { behind.append(character) } else { before.append(character) }
        rest = rest.dropFirst()
      }
    }

    /// The labels of all axes when the ellipsis stands for `count` axes.
    func labels(ellipsis count: Int) -> [Label] {
      before.map { .letter($0) } + (hasEllipsis ? (0..<count).reversed().map { .ellipsis($0) } : []) + behind.map { .letter($0) }
    }
  }

  private let operandTerms: [Term]
  private let resultTerm: Term

  init(_ node: Node) throws {
    let equation = try node.attributes.string("equation")
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    guard sides.count <= 2, sides.count == 1 || sides[0].hasSuffix("-") else {
      throw OVError(.invalidModel, "the equation \"\(OVError.printable(equation))\" has more than one result")
    }
    let left = sides.count == 2 ? sides[0].dropLast() : sides[0]
    operandTerms = try left.split(separator: ",", omittingEmptySubsequences: false).map { try Term($0) }
    let letters = operandTerms.flatMap { $0.before + $0.behind }
    if sides.count == 2 {
      resultTerm = try Term(sides[1])
      let result = resultTerm.before + resultTerm.behind
      guard Set(result).count == result.count, Set(result).isSubset(of: letters) else {
        throw OVError(.invalidModel, "the result's labels in \"\(OVError.printable(equation))\" are not labels of operands, each once")
      }
    } else {
      // Without a result side: the ellipsis, then the labels that stand once, in alphabetical order.
      let counts = Dictionary(letters.map { ($0, 1) }, uniquingKeysWith: +)
      let single = String(letters.filter { counts[$0] == 1 }.sorted())
      resultTerm = try Term((operandTerms.contains { $0.hasEllipsis } ? "..." : "") + single)
    }
  }

  func inferTypes(_ operands: Operands) throws -> [ValueType] {
    try operands.require(operandTerms.count...operandTerms.count)
    var type = operands.elementType(0)
    for index in 0..<operands.count {
      try ElementDomain.numeric.check(operands, index)
      type = type == .dynamic ? operands.elementType(index) : try operands.commonElementType(0, index)
    }
    let ranks = (0..<operands.count).map { operands.shape($0).rank }
    guard let ellipsis = try ellipsisRank(ranks) else { return [ValueType(type, .dynamic)] }
    var extents: [Label: Dimension] = [:]
    for (index, term) in operandTerms.enumerated() {
      guard let dimensions = operands.shape(index).dimensions else { continue }
      let own = try ownEllipsisRank(term, dimensions.count)
      for (label, dimension) in zip(term.labels(ellipsis: own), dimensions) {
        guard let merged = Dimension.broadcast(extents[label] ?? 1, dimension) else {
          throw invalid("the operands' extents of one label of the equation differ: \(extents[label]!) and \(dimension)")
        }
        extents[label] = merged
      }
    }
    return [ValueType(type, PartialShape(resultTerm.labels(ellipsis: ellipsis).map { extents[$0] ?? .dynamic }))]
  }

  /// The number of axes that the result's ellipsis stands for; `nil` when an operand with one has an unknown rank.
  private func ellipsisRank(_ ranks: [Int?]) throws -> Int? {
    var result = 0
    for (term, rank) in zip(operandTerms, ranks) {
      if let rank { result = max(result, try ownEllipsisRank(term, rank)) } else if term.hasEllipsis { return nil }
    }
    return result
  }

  private func ownEllipsisRank(_ term: Term, _ rank: Int) throws -> Int {
    let own = rank - term.before.count - term.behind.count
    guard term.hasEllipsis ? own >= 0 : own == 0 else {
      throw invalid("an operand of rank \(rank) has \(term.before.count + term.behind.count) labels in the equation")
    }
    return own
  }

  /// The labels of the operands' and the result's axes, as numbers, for operands of these ranks.
  func labels(ranks: [Int]) throws -> (operands: [[Int]], result: [Int]) {
    var numbers: [Label: Int] = [:]
    func number(_ labels: [Label]) -> [Int] {
      labels.map { label in
        if numbers[label] == nil { numbers[label] = numbers.count }
        return numbers[label]!
      }
    }
    let operands = try zip(operandTerms, ranks).map { number($0.labels(ellipsis: try ownEllipsisRank($0, $1))) }
    return (operands, number(resultTerm.labels(ellipsis: try ellipsisRank(ranks)!)))
  }

  func evaluate(_ operands: [Tensor], _ context: EvaluationContext) throws -> [Tensor] {
    let shape = try outputShape(operands)
    let terms = try zip(operandTerms, operands).map { term, operand in
      term.labels(ellipsis: try ownEllipsisRank(term, operand.shape.count))
    }
    let resultLabels = resultTerm.labels(ellipsis: try ellipsisRank(operands.map(\.shape.count))!)
    var extents: [Label: Int] = [:]
    for (labels, operand) in zip(terms, operands) {
      for (label, extent) in zip(labels, operand.shape) where extents[label] ?? 1 == 1 { extents[label] = extent }
    }
    let summed = Set(terms.joined()).subtracting(resultLabels).map { $0 }
    let summedShape = summed.map { extents[$0]! }
    // Where each operand's element lies for an element of the result, and for a step of the sum.
    let places = zip(terms, operands).map { labels, operand in
      (
        result: shape.offsets(strides: strides(resultLabels, labels, operand)),
        sum: summedShape.offsets(strides: strides(summed, labels, operand))
      )
    }
    let steps = summedShape.elementCount
    func sums<Element: MultiplyAdd>(_ values: [[Element]], _ multiply: (Element, Element) -> Element) -> [Element] {
      (0..<shape.elementCount).map { element in
        var sum: Element = .zero
        for step in 0..<steps {
          var product: Element = 1
          for operand in values.indices.dropLast() {
            product = multiply(product, values[operand][places[operand].result[element] + places[operand].sum[step]])
          }
          let last = values.count - 1
          sum.add(product, times: values[last][places[last].result[element] + places[last].sum[step]])
        }
        return sum
      }
    }
    let type = operands[0].elementType
    if type.isFloatingPoint { return [Tensor(type, shape: shape, doubles: sums(operands.map { $0.doubles() }, *))] }
    return [Tensor(type, shape: shape, int64s: sums(operands.map { $0.int64s() }, &*))]
  }

  /// The strides with which an operand is walked along the axes of `loop`; a label that stands twice walks a diagonal.
  private func strides(_ loop: [Label], _ labels: [Label], _ operand: Tensor) -> [Int] {
    let own = operand.shape.rowMajorStrides
    return loop.map { label in
      labels.indices.reduce(0) { $0 + (labels[$1] == label && operand.shape[$1] != 1 ? own[$1] : 0) }
    }
  }
}
