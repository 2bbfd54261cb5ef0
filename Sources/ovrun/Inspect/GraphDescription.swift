import OVRuntime

extension Model {
  /// The graph in the language of Graphviz: constants as points, everything else as boxes, types on the edges.
  var dot: String {
    var lines = ["digraph \(Self.quoted(name)) {", "  node [shape=box, style=rounded, fontname=\"sans-serif\"]"]
    for id in topologicalOrder {
      let node = self[id]
      if node.constant != nil {
        lines.append("  n\(id.index) [shape=point, tooltip=\(Self.quoted("\(node.name) \(node.outputs[0].type)"))]")
        continue
      }
      var label = node.type + "\n" + OVError.printable(node.name, limit: 60)
      for post in node.postOperations { label += "\n+ \(post.type) \(OVError.printable(post.name, limit: 60))" }
      for body in node.bodies { label += "\n{ \(body.model.nodeCount) nodes }" }
      lines.append("  n\(id.index) [label=\(Self.quoted(label))]")
    }
    for id in topologicalOrder {
      for input in self[id].inputs {
        lines.append("  n\(input.node.index) -> n\(id.index) [label=\(Self.quoted("\(type(of: input))"))]")
      }
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
    return result + "\""
  }
}
