import OVRuntime

/// The command-line tool: its commands, and how it ends.
enum Tool {
  static let version = "0.1.0"

  /// The commands, in the order of the help text. Adding one takes a line here and a file under `Commands/`.
  static let commands: [Command] = [.run, .verify, .benchmark, .inspect, .quantize, .compress]

  /// Runs the words behind the program's name.
  static func run(_ words: [String]) -> ExitCode {
    do { return try dispatch(words) } catch {
      Console.printError("\(error)")
      return ExitCode(error)
    }
  }

  private static func dispatch(_ words: [String]) throws -> ExitCode {
    guard let name = words.first else { throw misuse("a command is missing") }
    switch name {
    case "--version":
      Console.print("ovrun \(version)")
      return .success
    case "help", "--help", "-h":
      let text = try words.count > 1 ? command(words[1]).helpText : overviewHelpText(commands)
      Console.write(text)
      return .success
    default:
      let command = try command(name)
      let arguments = try Arguments(words.dropFirst(), of: command)
      if arguments.has("--help") {
        Console.write(command.helpText)
        return .success
      }
      return try command.run(arguments)
    }
  }

  private static func misuse(_ message: String, _ suggestion: String? = nil) -> OVError {
    OVError(.invalidArgument, message, suggestion: suggestion ?? "see 'ovrun help'")
  }

  private static func command(_ name: String) throws -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    throw misuse("there is no command '\(name)'", nearest(to: name, among: commands.map(\.name)).map { "did you mean '\($0)'" })
  }
}
