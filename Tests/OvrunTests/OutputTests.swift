import Foundation
import Testing

@testable import ovrun

@Suite struct OutputTests {
  /// Foundation's reader finds in the text what was written.
  @Test func jsonIsReadable() throws {
    let awkward = "a \"quote\", a \\, a\ttab\nand\u{0}\u{1F}\u{7F} 🙂 é"
    let value = JSON.object([
      ("text", .string(awkward)), (awkward, 1), ("numbers", .array([.number(1e-9), .number(-0.0), .number(123456789.25), .number(.nan)])),
      ("nested", .object([("empty", .object([])), ("none", .array([])), ("yes", true), ("no", .null)])), ("integer", .integer(.min)),
    ])
    let read = try #require(try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(read["text"] as? String == awkward)
    #expect(read[awkward] as? Int == 1)
    let numbers = try #require(read["numbers"] as? [Any])
    #expect(numbers[0] as? Double == 1e-9 && numbers[2] as? Double == 123456789.25 && numbers[3] is NSNull)
    let nested = try #require(read["nested"] as? [String: Any])
    #expect((nested["none"] as? [Any])?.isEmpty == true && nested["yes"] as? Bool == true && nested["no"] is NSNull)
    #expect(read["integer"] as? Int == .min)
  }

  @Test func plainJSONStandsInOneLine() {
    #expect(JSON.object([("a", .array([1, 2])), ("b", "c")]).text == "{\n  \"a\": [1, 2],\n  \"b\": \"c\"\n}")
    #expect(JSON.object([("a", 1), ("b", .null)]).text == "{\"a\": 1, \"b\": null}")
  }

  @Test func tablesAlign() {
    var table = Table([("name", .left), ("ms", .right)])
    table.append(["convolution", "1.5"])
    table.append(["é", "10.25"])
    #expect(table.text == "name            ms\nconvolution    1.5\né            10.25\n")
  }

  @Test func numbers() {
    #expect(3.14159.fixed(2) == "3.14" && (-0.5).fixed(0) == "-0" && 1e300.fixed(1).hasSuffix(".0"))
    #expect(0.000012345.significant(3) == "1.23e-05" && 1234.5.significant(6) == "1234.5" && Double.infinity.significant(3) == "inf")
    #expect(999.byteText == "999 bytes" && 1_500_000.byteText == "1.5 MB")
  }
}
