/// An option of a command. The table of these is what the parser reads and what the help texts are made of.
struct Option: Sendable {
  /// With its dashes: `--threads`.
  let name: String
  /// What the help text calls the value; `nil` for a switch.
  let value: String?
  /// What the option does, in lower case and without full stop.
  let help: String
  /// Whether the option may stand several times.
  var isRepeatable = false
  /// Words with one of these endings that follow the option's value are further values of it.
  var furtherValueSuffixes: [String] = []

  init(_ name: String, _ value: String? = nil, isRepeatable: Bool = false, furtherValueSuffixes: [String] = [], help: String) {
    self.name = name
    self.value = value
    self.help = help
    self.isRepeatable = isRepeatable
    self.furtherValueSuffixes = furtherValueSuffixes
  }

  static let showHelp = Option("--help", help: "show this text")
}

/// One of the tool's commands.
struct Command: Sendable {
  let name: String
  /// One sentence, for the list of commands and the head of the command's help.
  let summary: String
  /// What the help text calls the words that are no options: `MODEL.xml`.
  let operand: String
  /// How many such words there may be.
  let operandCount: ClosedRange<Int>
  let options: [Option]
  /// Paragraphs below the options.
  var notes: [String] = []
  let run: @Sendable (Arguments) throws -> ExitCode

  /// The options with `--help`, which every command has.
  var allOptions: [Option] { options + [.showHelp] }
}
