extension Model {
  /// Gives back the memory of mapped files that constants were read from, once kernels have weights of their own.
  package func giveBackWeightPages() {
    var known: Set<ObjectIdentifier> = []
    for node in nodes {
      if let buffer = node.constant?.buffer, known.insert(ObjectIdentifier(buffer)).inserted { buffer.giveBackPages() }
    }
  }

  /// Copies the constants, those of sub-graphs too, that lie at addresses that do not suit their element type, so that everybody can
  /// refer to them where they are.
  package mutating func alignConstants() {
    var copies: [ConstantData: ConstantData] = [:]
    for id in nodeIDs {
      for index in self[id].bodies.indices { update(id) { $0.bodies[index].model.alignConstants() } }
      guard let data = self[id].constant, let output = self[id].outputs.first, output.type.elementType != .string,
        let base = data.unsafeBytes.baseAddress, Int(bitPattern: base) % max(1, output.type.elementType.bitWidth / 8) != 0
      else { continue }
      let copy = copies[data] ?? data.withUnsafeBytes { ConstantData(copying: $0) }
      copies[data] = copy
      update(id) { $0.constant = copy }
    }
  }
}
