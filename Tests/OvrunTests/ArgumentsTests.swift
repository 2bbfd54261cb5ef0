import OVRuntime
import Testing

@testable import ovrun

@Suite struct ArgumentsTests {
  static let command = Command(
    name: "demo", summary: "Shows options", operand: "MODEL.xml", operandCount: 1...2,
    options: [
      Option("--input", "FILE.npy …", isRepeatable: true, furtherValueSuffixes: [".npy"], help: "an input"),
      Option("--threads", "N", help: "how many threads"),
      Option("--tolerance", "X", help: "how far"),
      Option("--hint", "latency|throughput", help: "what for"),
      Option("--json", help: "as JSON"),
    ],
    notes: ["A note that is long enough to need a second line, because the help text is wrapped at a hundred characters a line."],
    run: { _ in .success })

  static func parse(_ line: String) throws -> Arguments {
    try Arguments(line.split(separator: " ").map(String.init), of: command)
  }

  static func message(_ line: String, _ read: (Arguments) throws -> Void = { _ in }) -> String? {
    do { try read(parse(line)) } catch let error as OVError {
      #expect(error.code == .invalidArgument)
      return error.description
    } catch {}
    return nil
  }

  @Test func sortsWords() throws {
    let arguments = try Self.parse("--input a.npy x=b.npy model.xml --json --threads=3 --input=y=c.npy")
    #expect(arguments.operands == ["model.xml"])
    #expect(arguments.all("--input") == ["a.npy", "x=b.npy", "y=c.npy"])
    #expect(arguments.has("--json") && !arguments.has("--hint"))
    #expect(try arguments.int("--threads", in: 1...8) == 3)
    #expect(try arguments.choice("--hint", PerformanceHint.self) == nil)
    #expect(try Self.parse("-- --json -x").operands == ["--json", "-x"])
    #expect(try Self.parse("- --tolerance -2").double("--tolerance", in: -3...3) == -2)
    #expect(try Self.parse("--help").has("--help"), "help needs no operands")
  }

  @Test(arguments: [
    ("", "'demo' needs MODEL.xml; see 'ovrun help demo'"),
    ("a b c", "'demo' does not take 'c'; see 'ovrun help demo'"),
    ("a --thread 3", "'demo' has no option '--thread'; did you mean '--threads'"),
    ("a --quantum", "'demo' has no option '--quantum'; see 'ovrun help demo'"),
    ("a --threads", "'--threads' needs a value: N; see 'ovrun help demo'"),
    ("a --threads --json", "'--threads' needs a value: N; see 'ovrun help demo'"),
    ("a --json=1", "'--json' takes no value; see 'ovrun help demo'"),
    ("a --threads 1 --threads 2", "'--threads' stands twice; see 'ovrun help demo'"),
  ])
  func refuses(_ line: String, _ message: String) { #expect(Self.message(line) == message) }

  @Test(arguments: ["0", "9", "two", "1.5", ""])
  func refusesNumbers(_ value: String) {
    let message = Self.message("a --threads=\(value)") { _ = try $0.int("--threads", in: 1...8) }
    #expect(message == "'--threads' is '\(value)', not a whole number in 1...8; see 'ovrun help demo'")
  }

  @Test func refusesValues() {
    #expect(Self.message("a --tolerance nan") { _ = try $0.double("--tolerance", in: 0...(.infinity)) }?.contains("at least 0.0") == true)
    let message = Self.message("a --hint speed") { _ = try $0.choice("--hint", PerformanceHint.self) }
    #expect(message?.contains("not one of latency, throughput") == true)
  }

  @Test func helpTextsStemFromTheTable() {
    let text = Self.command.helpText
    for option in Self.command.allOptions { #expect(text.contains(option.name) && text.contains(option.help)) }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    for command in Tool.commands {
      #expect(overviewHelpText(Tool.commands).contains(command.name))
      #expect(command.helpText.split(separator: "\n").allSatisfy { $0.count <= 100 })
      #expect(Set(command.allOptions.map(\.name)).count == command.allOptions.count, "\(command.name) has an option twice")
      #expect(command.allOptions.allSatisfy { $0.name.hasPrefix("--") && !$0.help.hasSuffix(".") })
    }
  }

  @Test func distances() {
    #expect(editDistance("", "abc") == 3 && editDistance("kitten", "sitting") == 3 && editDistance("same", "same") == 0)
    #expect(nearest(to: "verfy", among: ["run", "verify"]) == "verify")
    #expect(nearest(to: "x", among: ["run", "verify"]) == nil)
  }
}
