extension Model {
  /// Gives back the memory of mapped files that constants were read from, once kernels have weights of their own.
  package func giveBackWeightPages() {
    var known: Set<ObjectIdentifier> = []
    for node in nodes {
      if let buffer = node.constant?.buffer, known.insert(ObjectIdentifier(buffer)).inserted { buffer.giveBackPages() }
    }
  }
}
