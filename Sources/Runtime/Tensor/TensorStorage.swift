/// The memory behind tensors: bytes that one owner frees.
final class TensorStorage: @unchecked Sendable {
  // Sendable: written only while uniquely referenced or before it is shared; see Tensor.
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let release: (@Sendable (UnsafeMutableRawPointer) -> Void)?
  /// Keeps what owns the bytes alive, when they belong to somebody else.
  private let owner: AnyObject?
  /// The elements of a string tensor; empty for every other type.
  var strings: [String] = []

  /// Allocates bytes aligned to a cache line, zeroed unless the caller writes them all before they are read.
  init(byteCount: Int, isZeroed: Bool = true) {
    base = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    if isZeroed { base.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, 1)) }
    self.byteCount = byteCount
    release = { $0.deallocate() }
    owner = nil
  }

  /// Borrows bytes that `owner` keeps valid, or takes them over when `release` is given.
  init(
    base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject?, release: (@Sendable (UnsafeMutableRawPointer) -> Void)? = nil
  ) {
    self.base = base
    self.byteCount = byteCount
    self.owner = owner
    self.release = release
  }

  init(strings: [String]) {
    base = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64)
    byteCount = 0
    release = { $0.deallocate() }
    owner = nil
    self.strings = strings
  }

  /// Whether the bytes belong to somebody else and must not be written through this storage.
  var isBorrowed: Bool { owner != nil }

  deinit { release?(base) }
}

extension TensorStorage {
  /// Uninitialised bytes, on large pages where they fill some.
  static func large(byteCount: Int) -> TensorStorage {
    guard byteCount >= LargePages.pageByteCount, let pages = LargePages(byteCount: byteCount) else {
      return TensorStorage(byteCount: byteCount, isZeroed: false)
    }
    return TensorStorage(base: pages.base, byteCount: byteCount, owner: pages)
  }
}
