/// The one kind of error that this package throws: what went wrong, where, and what would help.
public struct OVError: Error, Hashable, Sendable {
  /// What kind of thing went wrong. More codes may be added: compare, do not switch without a default.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
      case invalidArgument, invalidModel, invalidData, unreadableFile, unwritableFile, unsupported, internalFailure
    }
    private let kind: Kind
    private init(_ kind: Kind) { self.kind = kind }
    /// The caller asked for something that does not exist: an input's name, a device, an option's value.
    public static let invalidArgument = Code(.invalidArgument)
    /// The model contradicts itself or the IR format.
    public static let invalidModel = Code(.invalidModel)
    /// A tensor or a data file does not fit what the model needs.
    public static let invalidData = Code(.invalidData)
    /// A file cannot be opened or read.
    public static let unreadableFile = Code(.unreadableFile)
    /// A file cannot be written.
    public static let unwritableFile = Code(.unwritableFile)
    /// The model is well formed and needs something this version does not have.
    public static let unsupported = Code(.unsupported)
    /// A mistake of this package.
    public static let internalFailure = Code(.internalFailure)
    public var description: String { kind.rawValue }
  }

  /// Where in a model or a file an error arose.
  public struct Location: Hashable, Sendable {
    /// The file's path, as the caller gave it.
    public var path: String?
    /// Bytes from the start of the file.
    public var fileOffset: Int?
    /// The layer's `id` in the XML.
    public var layerID: Int?
    /// The layer's name.
    public var layerName: String?
    /// The layer's operation type, as `Convolution (opset1)`.
    public var layerType: String?

    public init(
      path: String? = nil, fileOffset: Int? = nil, layerID: Int? = nil, layerName: String? = nil, layerType: String? = nil
    ) {
      self.path = path
      self.fileOffset = fileOffset
      self.layerID = layerID
      self.layerName = layerName
      self.layerType = layerType
    }
  }

  public var code: Code
  /// What went wrong, without a full stop.
  public var message: String
  public var location: Location
  /// What the reader could do about it, without a full stop.
  public var suggestion: String?

  public init(_ code: Code, _ message: String, at location: Location = Location(), suggestion: String? = nil) {
    self.code = code
    self.message = message
    self.location = location
    self.suggestion = suggestion
  }

  /// The same error, its location completed by what `outer` knows and the error did not.
  public func located(at outer: Location) -> OVError {
    var error = self
    error.location.path = location.path ?? outer.path
    error.location.fileOffset = location.fileOffset ?? outer.fileOffset
    if location.layerID == nil && location.layerName == nil {
      error.location.layerID = outer.layerID
      error.location.layerName = outer.layerName
      error.location.layerType = outer.layerType
    }
    return error
  }
}

extension OVError: CustomStringConvertible {
  /// One line: `message; layer 12 "conv1" Convolution (opset1), model.xml, byte 4711; suggestion`. Text that stems from
  /// a file is shown with its control characters escaped and cut at a readable length.
  public var description: String {
    var place: [String] = []
    if location.layerID != nil || location.layerName != nil || location.layerType != nil {
      var layer = "layer"
      if let id = location.layerID { layer += " \(id)" }
      if let name = location.layerName { layer += " \"\(OVError.printable(name))\"" }
      if let type = location.layerType { layer += " \(OVError.printable(type))" }
      place.append(layer)
    }
    if let path = location.path { place.append(OVError.printable(path, limit: 1024)) }
    if let offset = location.fileOffset { place.append("byte \(offset)") }
    var parts = [OVError.printable(message, limit: 1024)]
    if !place.isEmpty { parts.append(place.joined(separator: ", ")) }
    if let suggestion { parts.append(OVError.printable(suggestion, limit: 1024)) }
    return parts.joined(separator: "; ")
  }

  /// `text` with its control characters escaped, cut after `limit` characters.
  package static func printable(_ text: String, limit: Int = 120) -> String {
    var result = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
      if count == limit { return result + "…" }
      result += scalar.value < 32 || scalar.value == 127 ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return result
  }
}
