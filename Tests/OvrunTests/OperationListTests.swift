import Foundation
import OVRuntime
import Testing

@testable import ovrun

/// The registry, the list of OpenVINO's operations and the recorded cases name the same operations and versions.
@Suite struct OperationListTests {
  @Test func registryHasEveryOperationAndVersion() throws {
    let listed = try Fixtures.operationVersions()
    #expect(listed.count == 205)
    let registry = OperatorRegistry.standard
    for (type, versions) in listed {
      #expect(registry[type]?.versions.filter { $0 <= 16 } == versions, "\(type)")
    }
    for type in registry.types where listed[type] == nil {
      #expect(registry[type]!.versions[0] > 16, "\(type) is registered, and no operation of opset1 to opset16")
    }
  }

  @Test func everyVersionHasACase() throws {
    let listed = try Fixtures.operationVersions()
    let cases = Dictionary(grouping: try Fixtures.operationCases()) { "\($0.operation)-\($0.version)" }
    for (type, versions) in listed {
      for version in versions { #expect(cases["\(type)-\(version)"] != nil, "\(type) of opset\(version) has no case") }
    }
    for name in cases.keys {
      let parts = name.split(separator: "-")
      #expect(listed[String(parts[0])]?.contains(Int(parts[1])!) == true, "\(name) is no version of an operation")
    }
  }

  @Test func casesHoldTheOperationTheyAreNamedFor() throws {
    for fixture in try Fixtures.operationCases() {
      let model = try Model(contentsOf: fixture.test.path + "/model.xml")
      let versions = model.nodes.filter { $0.type == fixture.operation }.map(\.opset)
      #expect(versions.contains("opset\(fixture.version)"), "\(fixture.test.name): \(versions)")
    }
  }

  @Test func casesAreSmall() throws {
    let files = try #require(
      FileManager.default.enumerator(at: Fixtures.operations, includingPropertiesForKeys: [.fileSizeKey, .isRegularFileKey]))
    var total = 0
    for case let file as URL in files {
      let values = try file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
      if values.isRegularFile == true { total += values.fileSize ?? 0 }
    }
    #expect(total < 8_000_000)
  }
}
