import Foundation
import IRParser
import Testing

/// Damaged files give an error that says where; they never trap, hang or ask for memory they do not have a right to.
@Suite struct DamagedInputTests {
  private let xml = Array(WriterTests.everything.xml.utf8)
  private let weights = WriterTests.everything.weights

  /// Reads a model that may be damaged. What can be read has to be consistent: it can be ordered and written, and reads the same.
  static func readDamaged(_ xml: [UInt8], weights: [UInt8]) throws {
    let buffer = weights.withUnsafeBytes { WeightsBuffer(copying: $0) }
    let model: Model
    do { model = try Model(xml: xml, weights: buffer) } catch {
      #expect(error.location.fileOffset != nil, "\(error)")
      return
    }
    #expect(model.topologicalOrder.count == model.nodeCount)
    // What stands in the file's text is only sometimes a legal name, and that is the one reason not to write it.
    guard let written = try? model.serialized() else { return }
    let copy = written.weights.withUnsafeBytes { WeightsBuffer(copying: $0) }
    #expect(model.structuralDifference(from: try Model(xml: written.xml, weights: copy)) == nil)
  }

  @Test func truncatedAtEveryByte() throws {
    for length in xml.indices {
      let cut = Array(xml[..<length])
      let error = #expect(throws: OVError.self, "\(length)") { try Model(xml: cut) }
      #expect(error?.code == .invalidModel, "\(length)")
      #expect(error?.location.fileOffset.map { $0 <= length } == true, "\(length)")
    }
  }

  @Test(arguments: 0..<8) func flippedBits(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    for round in 0..<100 {
      var damaged = xml
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      do { try DamagedInputTests.readDamaged(damaged, weights: weights) } catch { Issue.record("seed \(seed), round \(round): \(error)") }
    }
  }

  @Test(arguments: 0..<8) func replacedTokens(_ seed: UInt64) throws {
    let tokens = [
      "0", "1", "-1", "4", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1000000000000", "", "?", "...", "Result",
      "Parameter", "Const", "Loop", "If", "string", "u3", "dynamic", "10", "&lt;", "<layer>", "</layers>", "<!--", "]]>",
    ]
    var random = SplitMix64(state: seed)
    let quotes = xml.indices.filter { xml[$0] == UInt8(ascii: "\"") }
    for round in 0..<100 {
      // The text between two neighbouring quotes is an attribute's value, or what stands between two attributes.
      let index = Int.random(in: 0..<(quotes.count - 1), using: &random)
      var damaged = xml
      damaged.replaceSubrange((quotes[index] + 1)..<quotes[index + 1], with: tokens.randomElement(using: &random)!.utf8)
      do { try DamagedInputTests.readDamaged(damaged, weights: weights) } catch { Issue.record("seed \(seed), round \(round): \(error)") }
    }
  }

  @Test(arguments: 0..<8) func shuffledElements(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let parts = WriterTests.everything.xml.split(separator: ">", omittingEmptySubsequences: false).map { $0 + ">" }
    for round in 0..<100 {
      var damaged = parts
      for _ in 0...2 {
        let part = damaged[Int.random(in: damaged.indices, using: &random)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged.insert(part, at: Int.random(in: damaged.indices, using: &random))
        case 1: damaged.remove(at: Int.random(in: damaged.indices, using: &random))
        default: damaged.swapAt(Int.random(in: damaged.indices, using: &random), Int.random(in: damaged.indices, using: &random))
        }
      }
      do { try DamagedInputTests.readDamaged(Array(damaged.joined().utf8), weights: weights) } catch {
        Issue.record("seed \(seed), round \(round): \(error)")
      }
    }
  }

  @Test func weightsCutAtEveryByte() throws {
    let net = IR.net(
      IR.constant(0, data: "element_type=\"f32\" shape=\"3\" offset=\"4\" size=\"12\"") + IR.result(), IR.edge(0, 0, 2, 0))
    for length in 0..<16 { readError(net, weights: [UInt8](repeating: 0, count: length), saying: "do not lie within") }
    #expect(try read(net, weights: [UInt8](repeating: 0, count: 16)).nodeCount == 2)
  }

  @Test(arguments: ["<layer>", "<rt_info>", "<body>", "<a>"]) func deepNesting(_ tag: String) {
    let deep = String(repeating: tag, count: 20_000)
    for closing in ["", String(repeating: tag.replacing("<", with: "</"), count: 20_000)] {
      readError(IR.net(tail: deep + closing), saying: tag == "<layer>" ? "" : "nested deeper")
    }
  }

  @Test(arguments: ["<!DOCTYPE net>", "<!DOCTYPE net [<!ENTITY a \"b\">]>", "<!DOCTYPE net SYSTEM \"file:///etc/passwd\">"])
  func documentTypes(_ declaration: String) {
    readError(IR.net().replacing("<net", with: declaration + "<net"), saying: "document type")
  }

  @Test func longLists() {
    // Sizes at which anything quadratic would be noticed.
    let count = 20_000
    let ports = (0..<count).map { "<port id=\"\($0 * 7 % count)\"/>" }.joined()
    let edges = (0..<count).map { IR.edge(0, 0, 1, $0) }.joined()
    let wide =
      "<layer id=\"1\" name=\"c\" type=\"Concat\" version=\"opset1\"><input>\(ports)</input><output><port id=\"\(count)\" precision=\"FP32\"/></output></layer>"
    #expect(throws: Never.self) { try read(IR.net(IR.parameter() + wide + IR.result(), edges + IR.edge(1, count, 2, 0))) }
    let names = (0..<count).map { "n\($0)" }.joined(separator: ",")
    #expect(throws: Never.self) { try read(IR.net(IR.parameter(names: names) + IR.relu() + IR.result())) }
    let keys = (0..<count).map { "<k\($0) value=\"\"/>" }.joined()
    #expect(throws: Never.self) { try read(IR.net(tail: "<rt_info>\(keys)</rt_info>")) }
    let chain = (1...count).map { IR.relu($0, name: "r\($0)") }.joined()
    let chainEdges = (1...count).map { IR.edge($0 - 1, $0 == 1 ? 0 : 1, $0, 0) }.joined()
    #expect(throws: Never.self) {
      try read(IR.net(IR.parameter() + chain + IR.result(count + 1), chainEdges + IR.edge(count, 1, count + 1, 0)))
    }
  }

  /// What fuzzing found, and cases of the same kind made by hand: the XML and, behind a NUL byte, the weights.
  @Test(arguments: failCases) func failCase(_ name: String) throws {
    let data = Array(try #require(FileManager.default.contents(atPath: failCaseFolder + "/" + name)))
    let parts = data.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    try DamagedInputTests.readDamaged(Array(parts[0]), weights: parts.count > 1 ? Array(parts[1]) : [])
  }

  @Test func thereAreFailCases() { #expect(!failCases.isEmpty) }
}

private let failCaseFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Fuzz/FailCases").path
private let failCases = ((try? FileManager.default.contentsOfDirectory(atPath: failCaseFolder)) ?? []).filter { !$0.hasPrefix(".") }
  .sorted()

/// A reproducible random number generator.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
