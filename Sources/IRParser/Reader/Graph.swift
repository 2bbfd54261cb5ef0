/// The layers and edges of a net or body as the file has them.
struct Graph {
  struct Edge {
    var fromLayer: Int
    var fromPort: Int
    var toLayer: Int
    var toPort: Int
    var offset: Int
  }

  var name: String
  /// The offset of the element's start tag.
  var start: Int
  var layers: [Layer] = []
  var edges: [Edge] = []
  var runtimeInfo: RuntimeInfo?
  /// What the tails of early files say, by the names of today.
  var legacyInfo: [RuntimeInfo.Entry] = []
  var preProcess: PreProcess?
}

extension IRReader {
  /// Reads the children of the `<net>` or body whose start tag was just read.
  mutating func readGraph(name: String, start: Int) throws(OVError) -> Graph {
    var graph = Graph(name: name, start: start)
    while try xml.nextChild() {
      if xml.isNamed("layers") {
        while try xml.nextChild() {
          if xml.isNamed("layer") { graph.layers.append(try readLayer()) } else { try xml.skipElement() }
        }
      } else if xml.isNamed("edges") {
        while try xml.nextChild() {
          if xml.isNamed("edge") { graph.edges.append(try readEdge()) } else { try xml.skipElement() }
        }
      } else if xml.isNamed("rt_info"), graph.runtimeInfo == nil {
        graph.runtimeInfo = try readRuntimeInfo()
      } else if xml.isNamed("meta_data") {
        graph.legacyInfo += try readLegacyMetaData()
      } else if xml.isNamed("quantization_parameters") {
        graph.legacyInfo.append(.init(key: "optimization", info: try readLegacyQuantizationParameters()))
      } else if xml.isNamed("pre-process"), graph.preProcess == nil {
        graph.preProcess = try readPreProcess()
      } else {
        try xml.skipElement()
      }
    }
    return graph
  }

  private mutating func readEdge() throws(OVError) -> Graph.Edge {
    let edge = Graph.Edge(
      fromLayer: try integer("from-layer", of: "<edge>"), fromPort: try integer("from-port", of: "<edge>"),
      toLayer: try integer("to-layer", of: "<edge>"), toPort: try integer("to-port", of: "<edge>"), offset: xml.eventOffset)
    try xml.skipElement()
    return edge
  }
}
