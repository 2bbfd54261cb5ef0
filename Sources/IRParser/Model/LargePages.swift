#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A range of memory that the system may back with large pages; committed as it is touched.
///
/// Small pages cost twice: a fault for each when it is first written, and an address translation for each in every inference.
package final class LargePages: Sendable {
  /// Aligned to ``pageByteCount``.
  package nonisolated(unsafe) let base: UnsafeMutableRawPointer
  package let byteCount: Int

  package static let pageByteCount = 2 << 20

  /// Reserves at least `byteCount` bytes; `nil` when the system refuses.
  package init?(byteCount: Int) {
    let page = LargePages.pageByteCount
    let (rounded, overflow) = byteCount.addingReportingOverflow(page - 1)
    if overflow { return nil }
    let wanted = rounded / page * page
    let (reserved, overflows) = wanted.addingReportingOverflow(page)
    guard !overflows, let start = mmap(nil, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED
    else { return nil }
    let before = (page - Int(bitPattern: start) % page) % page
    base = start + before
    self.byteCount = wanted
    if before > 0 { munmap(start, before) }
    munmap(base + wanted, reserved - before - wanted)
    #if os(Linux)
    madvise(base, wanted, Int32(MADV_HUGEPAGE))
    #endif
  }

  deinit { munmap(base, byteCount) }
}
