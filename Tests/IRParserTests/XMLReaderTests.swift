import IRParser
import Testing

@Suite struct XMLReaderTests {
  /// Everything the reader reports, as text: `<a b=c>`, `text`, `</a>`.
  private func events(_ xml: [UInt8]) throws -> String {
    try xml.withUnsafeBytes { bytes in
      var reader = try XMLReader(bytes)
      var result = ""
      while true {
        switch try reader.next() {
        case .startElement:
          let attributes = reader.attributes.map { " \(reader.string($0.name))=\(reader.string($0.value))" }.joined()
          result += "<\(reader.string(reader.name))\(attributes)>"
        case .endElement: result += "</\(reader.string(reader.name))>"
        case .text: result += reader.string(reader.text)
        case .endOfDocument: return result
        }
      }
    }
  }

  private func events(_ xml: String) throws -> String { try events(Array(xml.utf8)) }

  @Test(arguments: [
    ("<a/>", "<a></a>"), ("<a />", "<a></a>"), ("<a></a >", "<a></a>"), ("<a b='1' c = \"2\"/>", "<a b=1 c=2></a>"),
    ("<?xml version=\"1.0\" encoding='UTF-8'?>\n<a/>\n", "<a></a>"), ("\u{FEFF}<a/>", "<a></a>"),
    ("<?pi <a> ?><a/><!-- <b> --><?x?>", "<a></a>"),
    ("<a><b><c/></b><b/></a>", "<a><b><c></c></b><b></b></a>"), ("<a> \n\t </a>", "<a></a>"), ("<a>x</a>", "<a>x</a>"),
    ("<a><!-- - -- > -->x<!----></a>", "<a>x</a>"), ("<a><![CDATA[<&]]]></a>", "<a><&]</a>"), ("<a><![CDATA[]]></a>", "<a></a>"),
    ("<a b=\"&lt;&gt;&amp;&quot;&apos;\"/>", "<a b=<>&\"'></a>"), ("<a>&lt;&#65;&#x42;&#x1F600;</a>", "<a><AB😀</a>"),
    ("<a b='x\ty\r\nz\rw&#10;&#9;'/>", "<a b=x y z w\n\t></a>"), ("<a>x\r\ny\rz</a>", "<a>x\ny\nz</a>"),
    ("<ü-1.2:_ é='ß'/>", "<ü-1.2:_ é=ß></ü-1.2:_>"),
    ("<a b='>'/>", "<a b=>></a>"), ("<a b=''/>", "<a b=></a>"),
  ])
  func wellFormed(_ xml: String, _ expected: String) throws {
    #expect(try events(xml) == expected)
  }

  @Test(arguments: [
    ("", 0), ("   ", 3), ("text", 0), ("<a>", 3), ("<a", 0), ("<", 0), ("<a/><b/>", 4), ("<a/>text", 4), ("</a>", 0), ("<a></b>", 3),
    ("<a><b></a></b>", 6), ("<a b></a>", 0), ("<a b=1/>", 0), ("<a b='1/>", 0), ("<a b='<'/>", 0), ("<a b='1'c='2'/>", 0),
    ("<a b='1' b='2'/>", 9),
    ("<1a/>", 1), ("< a/>", 1), ("<a/ >", 0), ("<a>&foo;</a>", 3), ("<a>&lt</a>", 3), ("<a>&#0;</a>", 3), ("<a>&#xD800;</a>", 3),
    ("<a>&#x110000;</a>", 3), ("<a>&#;</a>", 3), ("<a>&;</a>", 3), ("<a>&", 3), ("<a b='&amp'/>", 6), ("<!DOCTYPE a><a/>", 0),
    ("<a><!DOCTYPE a></a>", 3), ("<a><!ELEMENT a></a>", 3), ("<a><!-- </a>", 3), ("<a><![CDATA[ ]]</a>", 3), ("<?pi <a/>", 0),
    ("<?xml version='1.0' encoding='latin1'?><a/>", 0), ("<?xml version='1.0'><a/>", 0), ("<a></a", 3), ("<a></", 5),
    ("<![CDATA[x]]><a/>", 0),
  ])
  func malformed(_ xml: String, _ offset: Int) {
    let error = #expect(throws: OVError.self) { try events(xml) }
    #expect(error?.code == .invalidModel)
    #expect(error?.location.fileOffset == offset)
  }

  @Test(
    arguments: [
      ([0xFF], 3), ([0xC3], 3), ([0xC0, 0x80], 3), ([0xE0, 0x80, 0x80], 3), ([0xED, 0xA0, 0x80], 3), ([0xF4, 0x90, 0x80, 0x80], 3),
      ([0x80], 3),
      ([0x00], 3), ([0x41, 0xF0, 0x9F, 0x98], 4),
    ] as [([UInt8], Int)])
  func notUTF8(_ bytes: [UInt8], _ offset: Int) {
    for padding in 0..<16 {
      let xml = Array("<a>".utf8) + bytes + Array("</a>".utf8) + [UInt8](repeating: 32, count: padding)
      let error = #expect(throws: OVError.self) { try events(xml) }
      #expect(error?.location.fileOffset == offset)
    }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String { String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth) }
    #expect(try events(nested(XMLReader.depthLimit)).utf8.count == 7 * XMLReader.depthLimit)
    for depth in [XMLReader.depthLimit + 1, 20_000] {
      let error = #expect(throws: OVError.self) { try events(nested(depth)) }
      #expect(error?.location.fileOffset == 3 * XMLReader.depthLimit)
    }
  }

  @Test func attributesAreLimited() throws {
    func element(_ count: Int) -> String { "<a" + (0..<count).map { " a\($0)='1'" }.joined() + "/>" }
    #expect(throws: Never.self) { try events(element(XMLReader.attributeLimit)) }
    #expect(throws: OVError.self) { try events(element(XMLReader.attributeLimit + 1)) }
  }

  @Test(
    arguments: [
      ("0", 0), (" 12 ", 12), ("-1", -1), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min), ("&#49;2", 12), ("007", 7),
      ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), (" ", nil), ("-", nil), ("1 2", nil), ("0x1", nil),
      ("1.0", nil),
      ("99999999999999999999999", nil),
    ] as [(String, Int?)])
  func integers(_ text: String, _ value: Int?) throws {
    try Array("<a b=\"\(text)\"/>".utf8).withUnsafeBytes { bytes in
      var reader = try XMLReader(bytes)
      #expect(try reader.nextChild())
      #expect(reader.integer(try #require(reader.attribute("b"))) == value)
    }
  }

  @Test func walking() throws {
    try Array("<a><skip><x/>t</skip><t>one<!-- -->two<u>no</u></t><r> <b/>x</r><e/></a>".utf8).withUnsafeBytes { bytes in
      var reader = try XMLReader(bytes)
      #expect(try reader.nextChild())
      #expect(try reader.nextChild())
      #expect(reader.isNamed("skip"))
      try reader.skipElement()
      #expect(try reader.nextChild())
      #expect(reader.string(try reader.elementText()) == "one")
      #expect(try reader.nextChild())
      #expect(try reader.rawContent() == " <b/>x")
      #expect(try reader.nextChild())
      #expect(try reader.rawContent() == "")
      #expect(try !reader.nextChild())
      try reader.finish()
    }
  }
}
