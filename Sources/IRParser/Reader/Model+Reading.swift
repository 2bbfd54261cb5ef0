extension Model {
  /// Reads an IR of version 10 or 11.
  ///
  /// The weights are mapped into memory, not copied; the file must stay as it is while the model or one made from it is in use.
  /// Version 10 models get what OpenVINO gives them: `Convert` nodes that keep the types of inputs and outputs to those of their
  /// time, and operation names as tensor names. Layers that neither a `Result` nor an `Assign` needs are left out.
  ///
  /// - Parameters:
  ///   - path: the XML file.
  ///   - weightsPath: the binary file; when `nil` the one beside the XML with the same stem, if there is one.
  /// - Throws: ``OVError/Code/unreadableFile`` when a file cannot be read or a model with constants has no weights,
  ///   ``OVError/Code/invalidModel`` when the model is damaged, ``OVError/Code/unsupported`` for other IR versions.
  public init(contentsOf path: String, weightsPath: String? = nil) throws(OVError) {
    let besides = Model.weightsPath(for: path)
    var weights: WeightsBuffer?
    if let weightsPath {
      weights = try FileSystem.map(weightsPath)
    } else if FileSystem.exists(besides) {
      weights = try FileSystem.map(besides)
    }
    do {
      let xml = try FileSystem.contents(of: path, limit: Model.xmlSizeLimit)
      defer { withExtendedLifetime(xml) {} }
      self = try IRReader.readModel(xml.unsafeBytes, weights: weights, weightsPath: weightsPath ?? besides, path: path)
    } catch {
      throw error.located(at: .init(path: path))
    }
  }

  /// Reads an IR of version 10 or 11 from memory.
  ///
  /// - Parameters:
  ///   - xml: the XML as UTF-8; not needed any more when the model is read.
  ///   - weights: what the constants' offsets refer to; a model without constants needs none.
  /// - Throws: ``OVError/Code/invalidModel`` when the model is damaged, ``OVError/Code/unsupported`` for other IR versions.
  public init(xml: UnsafeRawBufferPointer, weights: WeightsBuffer? = nil) throws(OVError) {
    self = try IRReader.readModel(xml, weights: weights)
  }

  /// Reads an IR of version 10 or 11 from memory; like ``init(xml:weights:)-(UnsafeRawBufferPointer,_)``.
  public init(xml: [UInt8], weights: WeightsBuffer? = nil) throws(OVError) {
    self = try xml.withUnsafeBufferPointer { (bytes) throws(OVError) in
      try IRReader.readModel(UnsafeRawBufferPointer(bytes), weights: weights)
    }
  }

  /// The greatest XML that is read from a file: 1 GiB.
  private static let xmlSizeLimit = 1 << 30

  /// The path of the weights that belong to an XML: the same with the extension `bin`.
  package static func weightsPath(for xmlPath: String) -> String {
    let folderEnd = xmlPath.lastIndex(of: "/").map { xmlPath.index(after: $0) } ?? xmlPath.startIndex
    let stemEnd = xmlPath[folderEnd...].lastIndex(of: ".") ?? xmlPath.endIndex
    return xmlPath[..<stemEnd] + ".bin"
  }
}
