import OVRuntime

/// A regular expression for names of layers, matched against the whole name.
///
/// Characters stand for themselves, `.` for any, `[a-z_]` and `[^0-9]` for one of a set; `*`, `+`, `?` repeat, `|` separates
/// alternatives, parentheses group, a backslash takes the next character as it is (`\d`, `\w` and `\s` are sets). A language of its own
/// rather than the standard library's: that one would add a tenth to the size of the tool.
struct NamePattern: Sendable {
  private indirect enum Expression: Sendable {
    case set([ClosedRange<UInt32>], isInverted: Bool)
    case sequence([Expression])
    case alternatives([Expression])
    case repeated(Expression, range: ClosedRange<Int>)
  }

  private let expression: Expression

  /// - Throws: ``OVError/Code/invalidArgument`` when the pattern is malformed.
  init(_ text: String) throws(OVError) {
    var parser = Parser(text)
    expression = try parser.alternatives()
    guard parser.rest.isEmpty else { throw parser.malformed("a parenthesis too many") }
  }

  /// Whether the whole of `name` matches.
  func matches(_ name: String) -> Bool {
    let scalars = name.unicodeScalars.map(\.value)
    return ends(expression, scalars, [0]).contains(scalars.count)
  }

  /// The places where a match can end that begins at one of `starts`: a set, so that no pattern takes longer than the product of
  /// both lengths squared.
  private func ends(_ expression: Expression, _ text: [UInt32], _ starts: Set<Int>) -> Set<Int> {
    switch expression {
    case .set(let ranges, let isInverted):
      return Set(
        starts.compactMap { at in
          at < text.count && ranges.contains { $0.contains(text[at]) } != isInverted ? at + 1 : nil
        })
    case .sequence(let parts): return parts.reduce(starts) { ends($1, text, $0) }
    case .alternatives(let choices): return choices.reduce(into: Set()) { $0.formUnion(ends($1, text, starts)) }
    case .repeated(let part, let range):
      var reached = range.lowerBound == 0 ? starts : []
      var current = starts
      var count = 0
      while count < range.upperBound, !current.isEmpty {
        current = ends(part, text, current)
        count += 1
        if count < range.lowerBound { continue }
        // What was reached before leads nowhere new.
        current.subtract(reached)
        reached.formUnion(current)
      }
      return reached
    }
  }

  private struct Parser {
    let text: String
    var rest: Substring.UnicodeScalarView

    init(_ text: String) {
      self.text = text
      rest = text[...].unicodeScalars
    }

    func malformed(_ what: String) -> OVError {
      OVError(.invalidArgument, "'\(OVError.printable(text))' is not a pattern: \(what)")
    }

    mutating func alternatives(depth: Int = 0) throws(OVError) -> Expression {
      guard depth < 100 else { throw malformed("too many parentheses") }
      var choices: [Expression] = []
      repeat {
        if !choices.isEmpty { rest.removeFirst() }
        var parts: [Expression] = []
        while let next = rest.first, next != "|", next != ")" {
          if let part = try repeated(depth) { parts.append(part) }
        }
        choices.append(.sequence(parts))
      } while rest.first == "|"
      return .alternatives(choices)
    }

    private mutating func repeated(_ depth: Int) throws(OVError) -> Expression? {
      let atom: Expression
      let scalar = rest.removeFirst()
      switch scalar {
      // The whole name is matched anyway.
      case "^", "$": return nil
      case ".": atom = .set([], isInverted: true)
      case "[": atom = try characterSet()
      case "\\": atom = try escaped()
      case "(":
        atom = try alternatives(depth: depth + 1)
        guard rest.popFirst() == ")" else { throw malformed("a parenthesis is not closed") }
      case "*", "+", "?": throw malformed("'\(scalar)' repeats nothing")
      default: atom = .set([scalar.value...scalar.value], isInverted: false)
      }
      switch rest.first {
      case "*":
        rest.removeFirst()
        return .repeated(atom, range: 0...Int.max)
      case "+":
        rest.removeFirst()
        return .repeated(atom, range: 1...Int.max)
      case "?":
        rest.removeFirst()
        return .repeated(atom, range: 0...1)
      default: return atom
      }
    }

    private mutating func escaped() throws(OVError) -> Expression {
      guard let scalar = rest.popFirst() else { throw malformed("it ends with a backslash") }
      if let ranges = Parser.classes[scalar] { return .set(ranges, isInverted: false) }
      return .set([scalar.value...scalar.value], isInverted: false)
    }

    private static let classes: [Unicode.Scalar: [ClosedRange<UInt32>]] = [
      "d": [48...57], "w": [48...57, 65...90, 95...95, 97...122], "s": [9...13, 32...32],
    ]

    private mutating func characterSet() throws(OVError) -> Expression {
      var ranges: [ClosedRange<UInt32>] = []
      let isInverted = rest.first == "^"
      if isInverted { rest.removeFirst() }
      var isFirst = true
      while let scalar = rest.popFirst() {
        if scalar == "]" && !isFirst { return .set(ranges, isInverted: isInverted) }
        isFirst = false
        var low = scalar
        if scalar == "\\", let next = rest.popFirst() {
          if let set = Parser.classes[next] {
            ranges += set
            continue
          }
          low = next
        }
        var high = low
        if rest.first == "-", let end = rest.dropFirst().first, end != "]" {
          rest.removeFirst(2)
          high = end
        }
        guard low <= high else { throw malformed("a range of characters in the wrong order") }
        ranges.append(low.value...high.value)
      }
      throw malformed("a bracket is not closed")
    }
  }
}
