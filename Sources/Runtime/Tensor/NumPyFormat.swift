// NumPy's `.npy` files: reads versions 1.0 to 3.0, either byte order, C and Fortran order; writes version 1.0, little-endian, C order.

extension Tensor {
  /// Reads a `.npy` file: booleans, integers, `float16`, `float32`, `float64`; byte and Unicode strings become a string tensor.
  ///
  /// - Throws: ``OVError/Code/unreadableFile``; ``OVError/Code/invalidData`` with the byte offset of what is wrong.
  public init(npyFile path: String) throws(OVError) {
    let file = try FileSystem.contents(of: path)
    defer { withExtendedLifetime(file) {} }
    do throws(OVError) { try self.init(npy: file.unsafeBytes, owner: file) } catch { throw error.located(at: .init(path: path)) }
  }

  /// Reads the bytes of a `.npy` file, copying its elements.
  ///
  /// - Throws: ``OVError/Code/invalidData`` with the byte offset of what is wrong.
  public init(npy bytes: UnsafeRawBufferPointer) throws(OVError) { try self.init(npy: bytes, owner: nil) }

  /// Elements that need no conversion are not copied when there is an `owner`, which keeps the bytes alive.
  private init(npy bytes: UnsafeRawBufferPointer, owner: AnyObject?) throws(OVError) {
    let header = try NumPyHeader(bytes)
    let count = header.shape.reduce(1, *)
    let payload = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...].prefix(count * header.elements.byteCount))
    let shape = header.isFortranOrder ? header.shape.reversed() : header.shape
    var tensor: Tensor
    switch header.elements {
    case .plain(let type):
      let needsSwap = header.isBigEndian && type.bitWidth > 8
      if let owner, let base = payload.baseAddress, Int(bitPattern: base) % 64 == 0, !needsSwap, type != .boolean {
        tensor = try Tensor(type, shape: shape, referring: payload, owner: owner)
      } else {
        tensor = try Tensor(type, shape: shape)
        tensor.withUnsafeMutableBytes { target in
          target.copyMemory(from: payload)
          if needsSwap { NumPyFormat.swapBytes(target, width: type.bitWidth / 8) }
          if type == .boolean { for i in target.indices { target[i] = target[i] == 0 ? 0 : 1 } }
        }
      }
    case .bytes, .unicode:
      var strings: [String] = []
      strings.reserveCapacity(count)
      for i in 0..<count {
        strings.append(try NumPyFormat.string(header, payload, at: i))
      }
      tensor = Tensor(strings: strings, shape: shape)
    }
    guard header.isFortranOrder, header.shape.count > 1 else {
      self = tensor
      return
    }
    var strides: [Int] = []
    var stride = 1
    for extent in header.shape {
      strides.append(stride)
      stride *= max(extent, 1)
    }
    self = tensor.gathered(shape: header.shape, strides: strides)
  }

  /// The tensor as a `.npy` file's bytes. Types that NumPy does not have are widened without loss: `bf16`, 8-bit and 4-bit reals to
  /// `float32`, narrow integers to `int8` and `uint8`; strings become Unicode strings, which end at their last character that is not NUL.
  public func npy() -> [UInt8] {
    let (head, elements) = NumPyFormat.parts(self)
    return elements.withUnsafeBytes { head + $0 }
  }

  /// Writes the tensor as a `.npy` file, widened as by ``npy()``. An existing file stays as it is if writing fails.
  ///
  /// - Throws: ``OVError/Code/unwritableFile``.
  public func writeNpy(to path: String) throws(OVError) {
    let (head, elements) = NumPyFormat.parts(self)
    try FileSystem.write(to: path) { (file) throws(OVError) in
      try file.append(head)
      // Not `withUnsafeBytes`, which would lose the type of the error.
      try file.append(UnsafeRawBufferPointer(start: elements.storage.base, count: elements.byteCount))
      withExtendedLifetime(elements) {}
    }
  }
}

extension ElementType {
  /// The element type that a `.npy` file holds this one's elements as.
  package var npyType: ElementType {
    switch self {
    case .bf16, .nf4, .f8e4m3, .f8e5m2, .f4e2m1, .f8e8m0: .f32
    case .i4: .i8
    case .u1, .u2, .u3, .u4, .u6: .u8
    default: self
    }
  }
}

private enum NumPyFormat {
  static func swapBytes(_ bytes: UnsafeMutableRawBufferPointer, width: Int) {
    for start in stride(from: 0, to: bytes.count, by: width) {
      for i in 0..<width / 2 { bytes.swapAt(start + i, start + width - 1 - i) }
    }
  }

  /// The element `index` of an array of strings, without the zeros at its end.
  static func string(_ header: NumPyHeader, _ payload: UnsafeRawBufferPointer, at index: Int) throws(OVError) -> String {
    let width = header.elements.byteCount
    let element = UnsafeRawBufferPointer(rebasing: payload[(index * width)..<((index + 1) * width)])
    let offset = header.dataOffset + index * width
    guard case .unicode(let count) = header.elements else {
      let length = element.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
      guard let text = String(validating: element.prefix(length), as: UTF8.self) else {
        throw OVError(.invalidData, "a string is not UTF-8", at: .init(fileOffset: offset))
      }
      return text
    }
    var text = String.UnicodeScalarView()
    for i in 0..<count {
      let raw = element.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
      guard let scalar = Unicode.Scalar(header.isBigEndian ? raw.bigEndian : raw.littleEndian) else {
        throw OVError(.invalidData, "a string has a character that Unicode does not have", at: .init(fileOffset: offset + 4 * i))
      }
      text.append(scalar)
    }
    while text.last?.value == 0 { text.removeLast() }
    return String(text)
  }

  /// The head of a tensor's file, and the elements behind it as a tensor of their stored type.
  static func parts(_ tensor: Tensor) -> (head: [UInt8], elements: Tensor) {
    if tensor.elementType == .string {
      let scalars = tensor.strings.map { $0.unicodeScalars.map(\.value) }
      let width = max(1, scalars.map(\.count).max() ?? 1)
      let padded = scalars.flatMap { $0 + [UInt32](repeating: 0, count: width - $0.count) }
      return (NumPyHeader(elements: .unicode(width), shape: tensor.shape).serialized(), Tensor(padded, shape: [padded.count]))
    }
    let stored = tensor.elementType.npyType
    let elements = stored == tensor.elementType ? tensor : Tensor(stored, shape: tensor.shape, doubles: tensor.doubles())
    return (NumPyHeader(elements: .plain(stored), shape: tensor.shape).serialized(), elements)
  }
}
