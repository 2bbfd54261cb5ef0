import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Commits memory of large pages, one after the other.
final class PageTouching: SharedWork {
  private let range: LargePages
  private let byteCount: Int
  private let isStopped = Atomic(false)

  /// Commits the first `byteCount` bytes of a range, down to whole pages.
  init(_ range: LargePages, byteCount: Int) {
    self.range = range
    self.byteCount = min(byteCount, range.byteCount)
  }

  /// Ends the work with the page under way.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  func work(_ worker: Int) {
    #if os(Linux)
    // MADV_POPULATE_WRITE, which the C libraries' headers may lack: as if every page were written. Kernels before 5.14 refuse it.
    let populateWrite: Int32 = 23
    var offset = 0
    while offset + LargePages.pageByteCount <= byteCount, !isStopped.load(ordering: .relaxed) {
      if madvise(range.base + offset, LargePages.pageByteCount, populateWrite) != 0 { return }
      offset += LargePages.pageByteCount
    }
    #endif
  }
}
