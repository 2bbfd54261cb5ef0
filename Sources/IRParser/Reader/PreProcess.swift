/// The `<pre-process>` element: mean values to be subtracted from an input, a number or an image per channel.
struct PreProcess {
  /// A channel's mean.
  enum Mean {
    case value(Float)
    case image(offset: Int, size: Int)
  }

  /// Bytes that mean images may always have; channels that share an image could ask for far more than the file holds.
  static let byteLimit = 1 << 24

  /// The name of the Parameter; empty for the first image-like one.
  var input: String
  var means: [(channel: Int, mean: Mean)] = []
  var offset: Int
}

extension IRReader {
  /// Reads the `<pre-process>` element whose start tag was just read.
  mutating func readPreProcess() throws(OVError) -> PreProcess {
    var result = PreProcess(
      input: xml.attribute("reference-layer-name").map { xml.string($0).trimmed } ?? "", offset: xml.eventOffset)
    var next = 0
    while try xml.nextChild() {
      guard xml.isNamed("channel") else {
        try xml.skipElement()
        continue
      }
      let channel = xml.attribute("id") == nil ? next : try integer("id", of: "<channel>")
      next += 1
      while try xml.nextChild() {
        if xml.isNamed("mean") { result.means.append((channel, try readMean())) }
        try xml.skipElement()
      }
    }
    return result
  }

  private func readMean() throws(OVError) -> PreProcess.Mean {
    if let slice = xml.attribute("value") {
      guard let value = Float(xml.string(slice).trimmed) else { throw xml.error("the 'value' of <mean> is not a number") }
      return .value(value)
    }
    guard xml.attribute("size") != nil else { throw xml.error("<mean> has neither a 'value' nor a 'size'") }
    return .image(offset: try integer("offset", of: "<mean>"), size: try integer("size", of: "<mean>"))
  }
}

extension Model {
  /// Subtracts the mean values from the input they belong to.
  mutating func apply(_ preProcess: PreProcess, weights: WeightsBuffer?) throws(OVError) {
    func failure(_ message: String) -> OVError { OVError(.invalidModel, message, at: .init(fileOffset: preProcess.offset)) }
    guard let input = inputOf(preProcess) else { throw failure("<pre-process> names an input that does not exist") }
    let type = self[input].outputs[0].type
    guard let shape = type.shape.shape, (2...5).contains(shape.count) else {
      throw failure("<pre-process> needs an input of a known shape of 2 to 5 dimensions, not \(type.shape)")
    }
    if preProcess.means.isEmpty { return }
    // Three dimensions are channels, height and width, without a batch.
    let channelAxis = shape.count == 3 ? 0 : 1
    let channels = shape[channelAxis]
    let image = Shape(shape[(channelAxis + 1)...])
    guard preProcess.means.count == channels else {
      throw failure("<pre-process> has \(preProcess.means.count) mean values for \(channels) channels")
    }
    var means = [PreProcess.Mean?](repeating: nil, count: channels)
    for (channel, mean) in preProcess.means {
      guard channel < channels, means[channel] == nil else { throw failure("<pre-process> has a channel \(channel) too many") }
      means[channel] = mean
    }
    var bytes: [UInt8] = []
    var kinds: Set<Bool> = []
    for case let mean? in means {
      switch mean {
      case .value(let value):
        kinds.insert(false)
        guard type.elementType.append(value, to: &bytes) else { throw failure("<pre-process> cannot subtract from \(type.elementType)") }
      case .image(let offset, let size):
        kinds.insert(true)
        guard let count = image.checkedElementCount, type.elementType.byteCount(elementCount: count) == size else {
          throw failure("a mean image of <pre-process> has \(size) bytes, which does not fit \(ValueType(type.elementType, image))")
        }
        guard let weights, size <= weights.count, offset <= weights.count - size else {
          throw failure("a mean image of <pre-process> does not lie within the weights")
        }
        guard bytes.count + size <= max(weights.count, PreProcess.byteLimit) else {
          throw failure("the mean images of <pre-process> are larger than the weights")
        }
        weights.withUnsafeBytes { bytes.append(contentsOf: $0[offset..<(offset + size)]) }
      }
    }
    guard kinds.count == 1 else { throw failure("<pre-process> mixes mean numbers and mean images") }
    let isImage = kinds.contains(true)
    let meanShape = [channels] + (isImage ? image : Shape(repeating: 1, count: image.count))
    let users = users(of: OutputID(input))
    if users.isEmpty { return }
    let constant = add(
      .constant(
        name: self[input].name + "/mean", ValueType(type.elementType, meanShape), bytes.withUnsafeBytes { ConstantData(copying: $0) }))
    let difference = add(
      Node(
        name: self[input].name + "/subtract_mean", type: "Subtract", opset: "opset1", attributes: ["auto_broadcast": "numpy"],
        inputs: [OutputID(input), OutputID(constant)], outputs: [Node.Output(type)]))
    for user in users { setInput(user, to: OutputID(difference)) }
  }

  private func inputOf(_ preProcess: PreProcess) -> NodeID? {
    if !preProcess.input.isEmpty { return parameters.first { self[$0].name == preProcess.input } }
    return parameters.first { self[$0].outputs[0].type.shape.rank == 4 } ?? parameters.first
  }
}

extension Node {
  /// A `Constant` of opset1 with the attributes that say what it holds.
  static func constant(name: String, _ type: ValueType, _ data: ConstantData) -> Node {
    Node(
      name: name, type: "Constant", opset: "opset1",
      attributes: ["element_type": type.elementType.rawValue, "shape": type.shape.irText], outputs: [Output(type)], constant: data)
  }
}

extension ElementType {
  /// Appends a number as an element of this type, little-endian; `false` when the type has no such elements or no room for it.
  fileprivate func append(_ value: Float, to bytes: inout [UInt8]) -> Bool {
    func append<Bits: FixedWidthInteger>(_ bits: Bits?) -> Bool {
      guard let bits else { return false }
      withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
      return true
    }
    switch self {
    case .f32: return append(value.bitPattern)
    case .f64: return append(Double(value).bitPattern)
    case .f16: return append(Float16(value).bitPattern)
    case .bf16:
      // Round to nearest, ties to even; a NaN keeps its upper bits.
      let bits = value.bitPattern
      return append(UInt16(truncatingIfNeeded: value.isNaN ? bits >> 16 | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16))
    case .i8: return append(Int8(exactly: value.rounded(.towardZero)))
    case .u8: return append(UInt8(exactly: value.rounded(.towardZero)))
    case .i16: return append(Int16(exactly: value.rounded(.towardZero)))
    case .u16: return append(UInt16(exactly: value.rounded(.towardZero)))
    case .i32: return append(Int32(exactly: value.rounded(.towardZero)))
    case .u32: return append(UInt32(exactly: value.rounded(.towardZero)))
    case .i64: return append(Int64(exactly: value.rounded(.towardZero)))
    case .u64: return append(UInt64(exactly: value.rounded(.towardZero)))
    default: return false
    }
  }
}
