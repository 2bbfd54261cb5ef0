#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Read-only bytes that constants point into: a mapped file or memory of the process.
public final class WeightsBuffer: @unchecked Sendable {
  // Sendable: the bytes never change after initialisation.
  private let base: UnsafeRawPointer
  /// The number of bytes.
  public let count: Int
  private let release: @Sendable (UnsafeRawPointer, Int) -> Void
  /// The file the bytes come from.
  public let path: String?
  /// Whether the bytes are a mapping of the file, which the system can read again.
  private let isMapped: Bool

  /// Takes over `count` bytes at `base`, which `release` frees.
  public init(
    unsafeBase base: UnsafeRawPointer, count: Int, path: String? = nil, release: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
  ) {
    self.base = base
    self.count = count
    self.path = path
    self.release = release
    isMapped = false
  }

  /// Takes over a mapping of the whole file `path`.
  package init(mapping base: UnsafeRawPointer, count: Int, path: String) {
    self.base = base
    self.count = count
    self.path = path
    isMapped = true
    release = { base, count in munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }

  /// Copies `bytes`, aligned to 64 bytes.
  public convenience init(copying bytes: UnsafeRawBufferPointer) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
    if bytes.count > 0 { copy.baseAddress!.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count) }
    self.init(unsafeBase: UnsafeRawPointer(copy.baseAddress!), count: bytes.count) { base, _ in
      UnsafeMutableRawPointer(mutating: base).deallocate()
    }
  }

  /// Allocates `count` bytes aligned to 64 bytes, on large pages where they fill some, and lets `initialize` write them.
  public convenience init<Failure: Error>(
    count: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    if count >= LargePages.pageByteCount, let pages = LargePages(byteCount: count) {
      try initialize(UnsafeMutableRawBufferPointer(start: pages.base, count: count))
      self.init(unsafeBase: UnsafeRawPointer(pages.base), count: count) { _, _ in withExtendedLifetime(pages) {} }
      return
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    do { try initialize(UnsafeMutableRawBufferPointer(start: memory.baseAddress, count: count)) } catch {
      memory.deallocate()
      throw error
    }
    self.init(unsafeBase: UnsafeRawPointer(memory.baseAddress!), count: count) { base, _ in
      UnsafeMutableRawPointer(mutating: base).deallocate()
    }
  }

  deinit { release(base, count) }

  /// Gives the memory of a mapped file back to the system; what is read again comes from the file again.
  package func giveBackPages() {
    if isMapped { madvise(UnsafeMutableRawPointer(mutating: base), count, Int32(MADV_DONTNEED)) }
  }

  /// All bytes. Valid while the buffer is alive, which may end with its last use: see ``withUnsafeBytes(_:)``.
  public var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Calls `body` with all bytes, and keeps the buffer alive until it returns.
  public func withUnsafeBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result
  {
    defer { withExtendedLifetime(self) {} }
    return try body(unsafeBytes)
  }
}

/// The payload of a `Constant`: a range of a ``WeightsBuffer``, little-endian, packed as the element type demands.
public struct ConstantData: Sendable, Hashable {
  public let buffer: WeightsBuffer
  public let offset: Int
  public let byteCount: Int

  /// - Precondition: the range lies within the buffer.
  public init(_ buffer: WeightsBuffer, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset <= buffer.count - byteCount, "a constant lies within its buffer")
    self.buffer = buffer
    self.offset = offset
    self.byteCount = byteCount
  }

  /// A constant with a buffer of its own.
  public init(copying bytes: UnsafeRawBufferPointer) {
    self.init(WeightsBuffer(copying: bytes), offset: 0, byteCount: bytes.count)
  }

  /// The bytes. Valid while ``buffer`` is alive.
  public var unsafeBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer.unsafeBytes[offset..<(offset + byteCount)])
  }

  /// Calls `body` with the bytes, and keeps ``buffer`` alive until it returns.
  public func withUnsafeBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result
  {
    defer { withExtendedLifetime(buffer) {} }
    return try body(unsafeBytes)
  }

  /// Whether both are the same range of the same buffer (contents are not compared).
  public static func == (a: ConstantData, b: ConstantData) -> Bool {
    a.buffer === b.buffer && a.offset == b.offset && a.byteCount == b.byteCount
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(buffer))
    hasher.combine(offset)
    hasher.combine(byteCount)
  }
}
