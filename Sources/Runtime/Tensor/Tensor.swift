@_exported public import IRParser

/// A dense tensor: an element type, a shape, and row-major elements in memory.
///
/// A value: a copy shares memory until one of the copies is written. Elements of packed types (`i4`, `u1`, `nf4` …) keep the
/// packing of the IR.
public struct Tensor: Sendable {
  public let elementType: ElementType
  public private(set) var shape: Shape
  var storage: TensorStorage

  /// The number of elements.
  public var elementCount: Int { shape.elementCount }
  /// The number of bytes; 0 for strings.
  public var byteCount: Int { storage.byteCount }

  /// Allocates a tensor of zeros.
  ///
  /// - Throws: ``OVError/Code/invalidData`` when the shape has no representable size.
  public init(_ elementType: ElementType, shape: Shape) throws(OVError) {
    guard let count = shape.checkedElementCount else { throw Tensor.tooLarge(elementType, shape) }
    if elementType == .string {
      self.init(strings: [String](repeating: "", count: count), shape: shape)
      return
    }
    guard let bytes = elementType.byteCount(elementCount: count), bytes <= Tensor.byteLimit else {
      throw Tensor.tooLarge(elementType, shape)
    }
    self.init(elementType, shape: shape, storage: TensorStorage(byteCount: bytes))
  }

  /// Copies elements of a plain type: `Tensor([1, 2, 3], shape: [3])` of `Float`, `Int64`, `UInt8` …
  ///
  /// - Precondition: there are as many elements as the shape has.
  public init<Element: TensorElement>(_ elements: [Element], shape: Shape) {
    precondition(shape.checkedElementCount == elements.count, "a tensor has as many elements as its shape")
    let storage = TensorStorage(byteCount: elements.count * MemoryLayout<Element>.stride)
    elements.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { storage.base.copyMemory(from: source, byteCount: bytes.count) }
    }
    self.init(Element.elementType, shape: shape, storage: storage)
  }

  /// A tensor of strings.
  ///
  /// - Precondition: there are as many strings as the shape has elements.
  public init(strings: [String], shape: Shape) {
    precondition(shape.checkedElementCount == strings.count, "a tensor has as many elements as its shape")
    self.init(.string, shape: shape, storage: TensorStorage(strings: strings))
  }

  /// Refers to memory of the caller without copying it.
  ///
  /// `owner`: kept alive as long as the tensor; the bytes must stay valid and unchanged that long.
  /// - Throws: ``OVError/Code/invalidData`` when the bytes are fewer than the shape needs.
  public init(_ elementType: ElementType, shape: Shape, referring bytes: UnsafeRawBufferPointer, owner: AnyObject) throws(OVError) {
    guard let count = shape.checkedElementCount, let needed = elementType.byteCount(elementCount: count) else {
      throw Tensor.tooLarge(elementType, shape)
    }
    guard bytes.count >= needed else {
      throw OVError(.invalidData, "\(ValueType(elementType, shape)) takes \(needed) bytes, there are \(bytes.count)")
    }
    let base = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) } ?? UnsafeMutableRawPointer(bitPattern: 64)!
    self.init(elementType, shape: shape, storage: TensorStorage(base: base, byteCount: needed, owner: owner))
  }

  init(_ elementType: ElementType, shape: Shape, storage: TensorStorage) {
    self.elementType = elementType
    self.shape = shape
    self.storage = storage
  }

  /// The largest tensor that is ever allocated: beyond it a shape is a mistake, not a wish.
  static var byteLimit: Int { physicalMemoryByteCount }

  static func tooLarge(_ elementType: ElementType, _ shape: Shape) -> OVError {
    OVError(.invalidData, "a tensor \(elementType)[\(shape.map(String.init).joined(separator: ","))] cannot be held in memory")
  }

  /// What is known of the tensor as a value of a model.
  public var type: ValueType { ValueType(elementType, shape) }

  /// The same elements under another shape.
  ///
  /// - Precondition: the shapes have the same number of elements.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.checkedElementCount == elementCount, "a reshape keeps the number of elements")
    var tensor = self
    tensor.shape = shape
    return tensor
  }

  // MARK: Bytes

  /// Reads the bytes.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount))
  }

  /// Gives the tensor other memory, uninitialised, where another tensor shares its own.
  mutating func makeStorageUnique() {
    if isKnownUniquelyReferenced(&storage) { return }
    storage = TensorStorage(byteCount: storage.byteCount, isZeroed: false)
  }

  /// Writes the bytes, after a copy when they are shared.
  public mutating func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    if storage.isBorrowed || !isKnownUniquelyReferenced(&storage) {
      let copy = TensorStorage(byteCount: storage.byteCount)
      copy.base.copyMemory(from: storage.base, byteCount: storage.byteCount)
      copy.strings = storage.strings
      storage = copy
    }
    return try body(UnsafeMutableRawBufferPointer(start: storage.base, count: storage.byteCount))
  }

  /// The tensor with memory of its own, where it borrows a request's.
  func owned() -> Tensor {
    guard storage.isBorrowed else { return self }
    var copy = self
    copy.withUnsafeMutableBytes { _ in }
    return copy
  }

  // MARK: Elements

  /// The elements of a plain type.
  ///
  /// - Precondition: `type` is the Swift type of ``elementType``.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
    precondition(Element.elementType == elementType || Element.alsoReads.contains(elementType), "the elements are \(elementType)")
    return withUnsafeBytes { Array($0.bindMemory(to: Element.self).prefix(elementCount)) }
  }

  /// The elements of a string tensor.
  public var strings: [String] { storage.strings }
}

/// A Swift type that is an element type's own.
public protocol TensorElement: BitwiseCopyable, Sendable {
  static var elementType: ElementType { get }
  /// Other element types with the same representation.
  static var alsoReads: Set<ElementType> { get }
}

extension TensorElement {
  public static var alsoReads: Set<ElementType> { [] }
}

extension Float: TensorElement { public static var elementType: ElementType { .f32 } }
extension Double: TensorElement { public static var elementType: ElementType { .f64 } }
extension Float16: TensorElement { public static var elementType: ElementType { .f16 } }
extension Int8: TensorElement { public static var elementType: ElementType { .i8 } }
extension Int16: TensorElement { public static var elementType: ElementType { .i16 } }
extension Int32: TensorElement { public static var elementType: ElementType { .i32 } }
extension Int64: TensorElement { public static var elementType: ElementType { .i64 } }
extension UInt8: TensorElement {
  public static var elementType: ElementType { .u8 }
  public static var alsoReads: Set<ElementType> { [.boolean, .f8e4m3, .f8e5m2, .f8e8m0] }
}
extension UInt16: TensorElement {
  public static var elementType: ElementType { .u16 }
  public static var alsoReads: Set<ElementType> { [.bf16] }
}
extension UInt32: TensorElement { public static var elementType: ElementType { .u32 } }
extension UInt64: TensorElement { public static var elementType: ElementType { .u64 } }
