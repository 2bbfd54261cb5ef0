import OVRuntime

/// A command's words, sorted into operands and options, with accessors that check values.
struct Arguments {
  let command: Command
  private(set) var operands: [String] = []
  private var values: [String: [String]] = [:]

  /// Reads the words behind a command's name: `--name value`, `--name=value`; behind `--` everything is an operand.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` for what the command does not know. The number of operands is not checked when
  ///   help is asked for.
  init(_ words: some Collection<String>, of command: Command) throws(OVError) {
    self.command = command
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      try readOption(word == "-h" ? "--help" : word, &rest)
    }
    if has("--help") { return }
    guard operands.count >= command.operandCount.lowerBound else {
      throw command.misuse("'\(command.name)' needs \(command.operand)")
    }
    guard operands.count <= command.operandCount.upperBound else {
      throw command.misuse("'\(command.name)' does not take '\(operands[command.operandCount.upperBound])'")
    }
  }

  private mutating func readOption(_ word: String, _ rest: inout ArraySlice<String>) throws(OVError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let option = command.allOptions.first(where: { $0.name == parts[0] }) else {
      let near = nearest(to: parts[0], among: command.allOptions.map(\.name))
      throw command.misuse("'\(command.name)' has no option '\(parts[0])'", near.map { "did you mean '\($0)'" })
    }
    guard option.isRepeatable || values[option.name] == nil else { throw command.misuse("'\(option.name)' stands twice") }
    guard let value = option.value else {
      guard parts.count == 1 else { throw command.misuse("'\(option.name)' takes no value") }
      values[option.name] = []
      return
    }
    if parts.count == 2 {
      values[option.name, default: []].append(parts[1])
      return
    }
    guard let next = rest.first, !next.hasPrefix("--") else { throw command.misuse("'\(option.name)' needs a value: \(value)") }
    values[option.name, default: []].append(rest.removeFirst())
    while let next = rest.first, !next.hasPrefix("-"), option.furtherValueSuffixes.contains(where: { next.hasSuffix($0) }) {
      values[option.name]!.append(rest.removeFirst())
    }
  }

  /// Whether an option stands there.
  func has(_ name: String) -> Bool { option(name) != nil }

  /// All values of an option, in order.
  func all(_ name: String) -> [String] { option(name) ?? [] }

  /// An option's value.
  func text(_ name: String) -> String? { option(name)?.last }

  /// A whole number in `range`.
  func int(_ name: String, in range: ClosedRange<Int>) throws(OVError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      let upper = range.upperBound == .max ? "at least \(range.lowerBound)" : "in \(range.lowerBound)...\(range.upperBound)"
      throw command.misuse("'\(name)' is '\(text)', not a whole number \(upper)")
    }
    return value
  }

  /// A real number in `range`.
  func double(_ name: String, in range: ClosedRange<Double>) throws(OVError) -> Double? {
    guard let text = text(name) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      let limits = range.upperBound == .infinity ? "at least \(range.lowerBound)" : "in \(range.lowerBound)...\(range.upperBound)"
      throw command.misuse("'\(name)' is '\(text)', not a number \(limits)")
    }
    return value
  }

  /// One of a set of words.
  func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type = Choice.self) throws(OVError) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(name) else { return nil }
    guard let value = Choice(rawValue: text) else {
      throw command.misuse("'\(name)' is '\(text)', not one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return value
  }

  private func option(_ name: String) -> [String]? {
    precondition(command.allOptions.contains { $0.name == name }, "\(name) stands in the table of '\(command.name)'")
    return values[name]
  }
}

extension Command {
  /// The error of a caller who got the command wrong.
  func misuse(_ message: String, _ suggestion: String? = nil) -> OVError {
    OVError(.invalidArgument, message, suggestion: suggestion ?? "see 'ovrun help \(name)'")
  }
}

/// The candidate that differs from `word` by the fewest letters added, dropped or changed, when those are few.
func nearest(to word: String, among candidates: [String]) -> String? {
  let distances = candidates.map { ($0, editDistance(word, $0)) }
  guard let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= max(1, min(3, word.count / 3)) else { return nil }
  return best.0
}

/// How many letters must be added, dropped or changed to make `a` into `b`.
func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let substituted = diagonal + (letter == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
