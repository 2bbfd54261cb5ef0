import OVRuntime
import Testing

@testable import Quantize

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("conv1", "conv1", true), ("conv1", "conv12", false), ("conv.", "conv1", true), ("conv.*", "conv", true), (".*", "", true),
    ("conv.+", "conv", false), ("a?b", "b", true), ("a?b", "aab", false), ("(ab)+c", "ababc", true), ("(ab)+c", "abac", false),
    ("a|bc", "bc", true), ("a|bc", "b", false), ("(a|b)*c", "abbac", true), ("[a-c_]+", "ab_c", true), ("[a-c_]+", "abd", false),
    ("[^0-9]*", "layer", true), ("[^0-9]*", "layer1", false), (#"layer\.\d+"#, "layer.12", true), (#"layer\.\d+"#, "layerx12", false),
    (#"^/m/layer\.[0-3]/.*$"#, "/m/layer.2/MatMul", true), (#"\w+"#, "a_1", true), ("[]]", "]", true), ("é.", "éx", true), ("", "", true),
    ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), ("(a|a)*", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true),
  ])
  func matches(_ pattern: String, _ name: String, _ expected: Bool) throws {
    #expect(try NamePattern(pattern).matches(name) == expected)
  }

  @Test(arguments: ["(a", "a)", "[a", "*", "a|+", #"a\"#, "[b-a]", "a**b)"])
  func refuses(_ pattern: String) {
    #expect(throws: OVError.self) { try NamePattern(pattern) }
  }
}
