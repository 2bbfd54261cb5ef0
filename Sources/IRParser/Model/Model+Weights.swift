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
    var places: [ConstantData: Int] = [:]
    var byteCount = 0
    var misaligned: [NodeID] = []
    for id in nodeIDs {
      for index in self[id].bodies.indices { update(id) { $0.bodies[index].model.alignConstants() } }
      guard let data = self[id].constant, let output = self[id].outputs.first, output.type.elementType != .string,
        let base = data.unsafeBytes.baseAddress, Int(bitPattern: base) % max(1, output.type.elementType.bitWidth / 8) != 0
      else { continue }
      misaligned.append(id)
      if places[data] == nil {
        places[data] = byteCount
        byteCount += (data.byteCount + 63) / 64 * 64
      }
    }
    if misaligned.isEmpty { return }
    let copies = WeightsBuffer(count: byteCount) { target in
      for (data, place) in places {
        data.withUnsafeBytes { target.baseAddress!.advanced(by: place).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      }
    }
    for id in misaligned {
      update(id) { $0.constant = $0.constant.map { ConstantData(copies, offset: places[$0]!, byteCount: $0.byteCount) } }
    }
  }
}
