import OVRuntime

extension Command {
  static let verify = Command(
    name: "verify", summary: "Runs test cases and compares the outputs with the expected ones", operand: "CASE_DIR …",
    operandCount: 1...Int.max,
    options: [
      Option("--tolerance", "X", help: "the largest error of real numbers, relative to the output's range (default 1e-3)"),
      Option("--cosine", "X", help: "the least cosine of numbers, integers included; without --tolerance the error is not limited"),
      EngineOptions.precision, EngineOptions.threads, EngineOptions.unoptimized, EngineOptions.noIntegers, EngineOptions.reference,
      Option("--expect", "FILE", help: "the names of the cases that pass, a line each: only failures among them count"),
      Option("--fail-on-new", help: "also fail when a case passes that is not in the --expect list"),
      Option("--update", help: "rewrite the --expect list: what passed is added, what failed is removed"),
      Option("--isolate", help: "run each case in a process of its own, so that a crash is that case's failure"),
      Option("--quiet", help: "print no lines for cases that pass, nor for those that fail and are not in the --expect list"),
      Option("--json", help: "print one JSON object instead of lines"),
    ],
    notes: [
      "A case is a folder with model.xml, model.bin and a folder 0, 1 … for each data set, with input_<k>.npy in Parameter order and "
        + "output_<k>.npy in Result order; steps/0, steps/1 … are consecutive inferences of one request. A folder of cases stands for "
        + "all of them.",
      "Element types and shapes must be the expected ones. Integers, booleans and strings must be equal. The error of real numbers is "
        + "the largest absolute difference, divided by the largest finite magnitude in the expected output. NaN equals NaN.",
    ],
    run: { try VerifyCommand($0).run() })
}

private struct VerifyCommand {
  private let arguments: Arguments
  private let engine: Engine
  private var criterion = Criterion()
  private let expected: ExpectedCases?

  init(_ arguments: Arguments) throws(OVError) {
    self.arguments = arguments
    criterion.cosine = try arguments.double("--cosine", in: -1...1)
    criterion.tolerance = try arguments.double("--tolerance", in: 0...(.infinity)) ?? (criterion.cosine == nil ? 1e-3 : nil)
    engine = arguments.has("--reference") ? .reference : .compiled(try EngineOptions.compileOptions(arguments))
    expected = try arguments.text("--expect").map { (path) throws(OVError) in try ExpectedCases(path: path) }
    for option in ["--fail-on-new", "--update"] where arguments.has(option) && expected == nil {
      throw arguments.command.misuse("'\(option)' needs '--expect'")
    }
    if arguments.has("--isolate") && arguments.has("--json") { throw arguments.command.misuse("'--isolate' has no '--json'") }
  }

  func run() throws(OVError) -> ExitCode {
    var cases: [TestCase] = []
    for path in arguments.operands { cases += try TestCase.all(at: path) }
    var passed: Set<String> = []
    var failed: Set<String> = []
    var passedCount = 0
    var entries: [JSON] = []
    for (index, testCase) in cases.enumerated() {
      Console.showProgress("\(index + 1) of \(cases.count): \(testCase.name)")
      let (hasPassed, line, entry) = try arguments.has("--isolate") ? runIsolated(testCase) : run(testCase)
      Console.showProgress("")
      passedCount += hasPassed ? 1 : 0
      if hasPassed { passed.insert(testCase.name) } else { failed.insert(testCase.name) }
      entries.append(entry)
      let isAsExpected = hasPassed || expected.map { !$0.names.contains(testCase.name) } ?? false
      if !arguments.has("--json") && !(isAsExpected && arguments.has("--quiet")) { Console.print(line) }
    }
    let failedCount = cases.count - passedCount
    let regressed = expected.map { $0.names.intersection(failed).sorted() } ?? []
    let improved = expected.map { passed.subtracting($0.names).subtracting(failed).sorted() } ?? []
    if arguments.has("--json") {
      Console.print(
        JSON.object([
          ("passed", .integer(passedCount)), ("failed", .integer(failedCount)),
          ("unexpected_failures", .array(regressed.map { .string($0) })), ("newly_passing", .array(improved.map { .string($0) })),
          ("cases", .array(entries)),
        ]).text)
    } else {
      if !regressed.isEmpty { Console.print("expected to pass, but failed: " + regressed.joined(separator: " ")) }
      if !improved.isEmpty { Console.print("newly passing: " + improved.joined(separator: " ")) }
      Console.print("\(passedCount) passed, \(failedCount) failed")
    }
    guard let expected else { return failedCount == 0 ? .success : .verificationFailed }
    if arguments.has("--update") {
      try expected.update(passed: passed, failed: failed)
      return .success
    }
    return regressed.isEmpty && (improved.isEmpty || !arguments.has("--fail-on-new")) ? .success : .verificationFailed
  }

  private func run(_ testCase: TestCase) -> (passed: Bool, line: String, entry: JSON) {
    let outcome = testCase.run(engine, criterion)
    var measures = "error \(outcome.error.significant(2))"
    if criterion.cosine != nil { measures = "cosine \(outcome.cosine.significant(6))  " + measures }
    let line = "\(outcome.passed ? "PASS" : "FAIL") \(testCase.name)  \(outcome.failure ?? measures)"
    let entry = JSON.object([
      ("name", .string(testCase.name)), ("path", .string(testCase.path)), ("passed", .bool(outcome.passed)),
      ("error", .number(outcome.error)), ("cosine", .number(outcome.cosine)), ("failure", .optional(outcome.failure) { .string($0) }),
    ])
    return (outcome.passed, line, entry)
  }

  private func runIsolated(_ testCase: TestCase) throws(OVError) -> (passed: Bool, line: String, entry: JSON) {
    var words = ["verify"]
    for option in arguments.command.options where arguments.has(option.name) {
      if ["--isolate", "--expect", "--fail-on-new", "--update", "--quiet"].contains(option.name) { continue }
      words += [option.name] + arguments.all(option.name)
    }
    let outcome = try ProcessOutcome.ofThisProgram(words + ["--", testCase.path])
    let line = outcome.output.split(separator: "\n").first.map(String.init)
    let end = outcome.signal.map { "signal \($0)" } ?? "exit code \(outcome.exitCode ?? -1)"
    let failure = "FAIL \(testCase.name)  the process ended with \(end)"
    return (outcome.exitCode == 0, outcome.signal == nil ? line ?? failure : failure, .null)
  }
}
