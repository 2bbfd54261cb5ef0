extension Model {
  /// Writes the model as an IR of version 11 that OpenVINO reads.
  ///
  /// Constants of equal content are stored once. Both files are written beside their final place and renamed when they are
  /// complete, so that an error or a crash leaves no half of a file behind, and a model may be written over the files it was
  /// read from. An XML that is replaced is set aside first: whenever the process ends, the XML that is there, if any, belongs to the weights.
  ///
  /// - Parameters:
  ///   - xmlPath: where the XML goes.
  ///   - weightsPath: where the weights go; when `nil`, beside the XML with the same stem and the extension `bin`.
  /// - Throws: ``OVError/Code/unwritableFile`` when a file cannot be written, ``OVError/Code/unsupported`` when the model has
  ///   fused nodes, ``OVError/Code/invalidArgument`` when both paths are the same or a name cannot stand in XML.
  public func write(to xmlPath: String, weightsPath: String? = nil) throws(OVError) {
    let weightsPath = weightsPath ?? Model.weightsPath(for: xmlPath)
    guard weightsPath != xmlPath else {
      throw OVError(.invalidArgument, "the XML and the weights cannot be the same file", at: .init(path: xmlPath))
    }
    var writer = IRWriter()
    try writer.write(self)
    let document = try writer.document()
    var weights = try FileReplacement(weightsPath)
    var xml = try FileReplacement(xmlPath)
    try writer.weights.forEachPiece { (piece) throws(OVError) in try weights.writer.append(piece) }
    try xml.writer.append(document)
    try weights.finish()
    try xml.finish()
    // While the weights change there is no XML that could be read with the wrong ones.
    try xml.setFormerAside()
    try weights.place()
    try xml.place()
  }

  /// The model as an IR of version 11: what ``write(to:weightsPath:)`` puts into its files.
  ///
  /// - Throws: ``OVError/Code/unsupported`` when the model has fused nodes, ``OVError/Code/invalidArgument`` when a name cannot
  ///   stand in XML.
  public func serialized() throws(OVError) -> (xml: [UInt8], weights: [UInt8]) {
    var writer = IRWriter()
    try writer.write(self)
    var weights: [UInt8] = []
    weights.reserveCapacity(writer.weights.byteCount)
    writer.weights.forEachPiece { weights.append(contentsOf: $0) }
    return (try writer.document(), weights)
  }
}
