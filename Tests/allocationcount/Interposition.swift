#if canImport(Glibc)
import Glibc
import Synchronization

// The C library's allocation functions, replaced for the whole process: the manifest lets the linker give these functions the
// library's names, and the dynamic linker finds the program's before the library's. They count, and hand on to the library under its
// own names for them. None of this may allocate.

/// How often memory was asked for since the process began.
let allocationCount = Atomic(0)

private func count() { allocationCount.add(1, ordering: .relaxed) }

@_silgen_name("__libc_malloc") private func libraryMalloc(_ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_calloc") private func libraryCalloc(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_realloc") private func libraryRealloc(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer?
@_silgen_name("__libc_memalign") private func libraryMemalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer?

@_cdecl("counted_malloc") public func countedMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
  count()
  return libraryMalloc(size)
}

@_cdecl("counted_calloc") public func countedCalloc(_ number: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  count()
  return libraryCalloc(number, size)
}

@_cdecl("counted_realloc") public func countedRealloc(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
  count()
  return libraryRealloc(block, size)
}

@_cdecl("counted_memalign") public func countedMemalign(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  count()
  return libraryMemalign(alignment, size)
}

@_cdecl("counted_aligned_alloc") public func countedAlignedAlloc(_ alignment: Int, _ size: Int) -> UnsafeMutableRawPointer? {
  count()
  return libraryMemalign(alignment, size)
}

@_cdecl("counted_posix_memalign") public func countedPosixMemalign(
  _ block: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ alignment: Int, _ size: Int
) -> Int32 {
  count()
  block.pointee = libraryMemalign(alignment, size)
  return block.pointee == nil ? ENOMEM : 0
}
#endif
