import IRParser
import Testing

/// Pieces of small IRs, to be put together by ``net(_:_:version:attributes:tail:)``.
enum IR {
  static func parameter(_ id: Int = 0, name: String = "input", shape: String = "1,3", type: String = "f32", names: String? = "a") -> String
  {
    """
    <layer id="\(id)" name="\(name)" type="Parameter" version="opset1"><data shape="\(shape)" element_type="\(type)"/>\
    <output>\(port(0, type, names))</output></layer>
    """
  }

  static func relu(_ id: Int = 1, name: String = "relu", type: String = "f32", names: String? = "b") -> String {
    """
    <layer id="\(id)" name="\(name)" type="ReLU" version="opset1"><input>\(port(0, nil, nil))</input>\
    <output>\(port(1, type, names))</output></layer>
    """
  }

  static func result(_ id: Int = 2, name: String = "result", attributes: String = "") -> String {
    """
    <layer id="\(id)" name="\(name)" type="Result" version="opset1"\(attributes)><input>\(port(0, nil, nil))</input></layer>
    """
  }

  static func constant(_ id: Int, name: String = "constant", data: String, type: String = "f32") -> String {
    """
    <layer id="\(id)" name="\(name)" type="Const" version="opset1"><data \(data)/>\
    <output><port id="0" precision="\(ElementType(rawValue: type)!.precisionName)"/></output></layer>
    """
  }

  static func layer(
    _ id: Int, _ type: String, opset: String = "opset1", inputs: Int, outputs: Int = 1, data: String = "", more: String = ""
  )
    -> String
  {
    let inputPorts = (0..<inputs).map { "<port id=\"\($0)\"/>" }.joined()
    let outputPorts = (0..<outputs).map { "<port id=\"\(inputs + $0)\" precision=\"FP32\"/>" }.joined()
    return """
      <layer id="\(id)" name="\(type)_\(id)" type="\(type)" version="\(opset)"><data \(data)/>\
      <input>\(inputPorts)</input><output>\(outputPorts)</output>\(more)</layer>
      """
  }

  static func edge(_ from: Int, _ fromPort: Int, _ to: Int, _ toPort: Int) -> String {
    "<edge from-layer=\"\(from)\" from-port=\"\(fromPort)\" to-layer=\"\(to)\" to-port=\"\(toPort)\"/>"
  }

  /// Parameter 0, Relu 1 and Result 2 in a row.
  static let chain = edge(0, 0, 1, 0) + edge(1, 1, 2, 0)

  static func net(
    _ layers: String = parameter() + relu() + result(), _ edges: String = chain, version: String = "11",
    attributes: String = "name=\"net\"", tail: String = ""
  ) -> String {
    """
    <?xml version="1.0"?>
    <net \(attributes) version="\(version)"><layers>\(layers)</layers><edges>\(edges)</edges>\(tail)</net>
    """
  }

  private static func port(_ id: Int, _ type: String?, _ names: String?) -> String {
    let precision = type.map { " precision=\"\(ElementType(rawValue: $0)!.precisionName)\"" } ?? ""
    let names = names.map { " names=\"\($0)\"" } ?? ""
    return "<port id=\"\(id)\"\(precision)\(names)><dim>1</dim><dim>3</dim></port>"
  }
}

func read(_ xml: String, weights: [UInt8]? = nil) throws -> Model {
  try Model(xml: Array(xml.utf8), weights: weights.map { $0.withUnsafeBytes { WeightsBuffer(copying: $0) } })
}

/// Reads what must not be readable; records an issue when it is.
@discardableResult
func readError(
  _ xml: String, weights: [UInt8]? = nil, _ code: OVError.Code = .invalidModel, saying part: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) -> OVError? {
  do {
    _ = try read(xml, weights: weights)
    Issue.record("read without an error: \(xml)", sourceLocation: sourceLocation)
  } catch let error as OVError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    #expect(part.isEmpty || error.message.contains(part), "\(error)", sourceLocation: sourceLocation)
    #expect(error.location.fileOffset != nil, "\(error)", sourceLocation: sourceLocation)
    return error
  } catch {
    Issue.record("not an OVError: \(error)", sourceLocation: sourceLocation)
  }
  return nil
}

extension Model {
  /// The only node of a name.
  func node(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Node {
    let found = nodes.filter { $0.name == name }
    try #require(found.count == 1, "\(found.count) nodes are called \(name)", sourceLocation: sourceLocation)
    return found[0]
  }
}

/// Little-endian bytes of numbers.
func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
