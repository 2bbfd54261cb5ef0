import Foundation
import OVRuntime
import Testing

@Suite struct OperatorTableTests {
  /// `docs/operators.md` is what the registry, the operators and the cases say. With `OVRUN_UPDATE_DOCS` in the environment it is
  /// written anew.
  @Test func pageIsUpToDate() throws {
    let page = Fixtures.root.appending(path: "docs/operators.md")
    let text = try OperatorTable().markdown
    if ProcessInfo.processInfo.environment["OVRUN_UPDATE_DOCS"] != nil { try text.write(to: page, atomically: true, encoding: .utf8) }
    let present = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
    let difference = zip(text.split(separator: "\n"), present.split(separator: "\n")).first { $0 != $1 }
    #expect(
      text == present,
      """
      docs/operators.md is stale; run OVRUN_UPDATE_DOCS=1 swift test --filter OperatorTableTests
      is:        \(difference?.1 ?? "")
      should be: \(difference?.0 ?? "")
      """)
  }

  @Test func groupsOfTypesAreNamed() {
    #expect(OperatorTable.describe([.f16, .bf16, .f32, .f64, .i32, .string]) == "floats, i32, string")
    #expect(OperatorTable.describe([]) == "as its sub-graphs")
  }
}
