import IRParser
import Testing

@Suite struct RuntimeInfoTests {
  @Test func modelInformation() throws {
    let model = try read(
      IR.net(
        tail: """
          <rt_info><info name="OpenVINO Runtime" value="2026"/><nncf><quantization><preset value="None"/></quantization>\
          <version value="3"/></nncf><empty/><nothing value=""/><version value="1"/><version value="2"/></rt_info>
          """))
    #expect(model.runtimeInfo["OpenVINO Runtime"] == .value("2026"))
    #expect(model.runtimeInfo["nncf", "quantization", "preset"] == .value("None"))
    #expect(model.runtimeInfo["nncf", "version"] == .value("3"))
    #expect(model.runtimeInfo["empty"] == .entries([]))
    #expect(model.runtimeInfo["nothing"] == .value(""))
    #expect(model.runtimeInfo["version"] == .value("2"), "the last of two keys counts")
    #expect(model.runtimeInfo["absent"] == nil)
    if case .entries(let entries) = model.runtimeInfo {
      #expect(entries.map(\.key) == ["OpenVINO Runtime", "nncf", "empty", "nothing", "version"])
    } else {
      Issue.record("the information is not a tree")
    }
  }

  @Test func legacyTails() throws {
    let tail = """
      <meta_data><MO_version value="2021"/><cli_parameters><model value="a.onnx"/><unset unset_cli_parameters="x, y"/></cli_parameters></meta_data>\
      <quantization_parameters><config>{
          'a':   1 }</config><version value="4"/></quantization_parameters>
      """
    let info = try read(IR.net(version: "10", tail: tail)).runtimeInfo
    #expect(info["MO_version"] == .value("2021"))
    #expect(info["conversion_parameters", "model"] == .value("a.onnx"))
    #expect(info["conversion_parameters", "unset"] == .value("x, y"))
    #expect(info["optimization", "config"] == .value("{ 'a': 1 }"))
    #expect(info["optimization", "version"] == .value("4"))
    #expect(try read(IR.net(tail: tail + "<rt_info/>")).runtimeInfo == .entries([]), "<rt_info> replaces the legacy tails")
    readError(IR.net(tail: "<meta_data><strange/></meta_data>"), saying: "strange")
  }

  @Test func nodeAndPortAttributes() throws {
    let info = """
      <rt_info><attribute name="fused_names_0" version="0" value="x,y"/><attribute name="decompression" version="0"/><other/>\
      <attribute name="unversioned"/></rt_info>
      """
    let xml = IR.net()
      .replacing("version=\"opset1\"><input>", with: "version=\"opset1\">\(info)<input>")
      .replacing("names=\"b\">", with: "names=\"b\">\(info)")
    let relu = try read(xml).node("relu")
    let expected = [
      RuntimeAttribute(name: "fused_names_0", version: "0", values: ["value": "x,y"]),
      RuntimeAttribute(name: "decompression", version: "0"),
    ]
    #expect(relu.runtimeInfo == expected)
    #expect(relu.outputs[0].runtimeInfo == expected)
    readError(xml.replacing("name=\"decompression\"", with: "name=\"fused_names_0\""), saying: "twice")
  }

  @Test func deepTreesDoNotRecurse() throws {
    let depth = 240
    let tree = String(repeating: "<a>", count: depth) + "<b value=\"1\"/>" + String(repeating: "</a>", count: depth)
    var info = try read(IR.net(tail: "<rt_info>\(tree)</rt_info>")).runtimeInfo
    for _ in 0..<depth { info = try #require(info["a"]) }
    #expect(info["b"] == .value("1"))
  }
}
