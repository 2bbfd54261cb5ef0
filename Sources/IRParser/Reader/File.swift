#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reading whole files.
enum File {
  /// The greatest XML that is read: 1 GiB.
  private static let readLimit = 1 << 30

  /// Calls `body` with the bytes of a regular file.
  ///
  /// - Throws: ``OVError/Code/unreadableFile`` with the path, or what `body` throws.
  static func withBytes<Result>(
    of path: String, _ body: (UnsafeRawBufferPointer) throws(OVError) -> Result
  ) throws(OVError) -> Result {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    guard size <= readLimit else { throw failure(path, "is larger than \(readLimit) bytes") }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 16)
    defer { memory.deallocate() }
    var count = 0
    while count < size {
      let received = read(descriptor, memory.baseAddress! + count, size - count)
      if received < 0 && errno == EINTR { continue }
      if received < 0 { throw failure(path, "cannot be read: \(lastSystemError())") }
      if received == 0 { break }
      count += received
    }
    return try body(UnsafeRawBufferPointer(start: memory.baseAddress, count: count))
  }

  /// Maps a regular file into memory. The file must not be made shorter while the buffer is in use.
  ///
  /// - Throws: ``OVError/Code/unreadableFile`` with the path.
  static func map(_ path: String) throws(OVError) -> WeightsBuffer {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    if size == 0 {
      let empty = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64)
      return WeightsBuffer(unsafeBase: empty, count: 0, path: path) { base, _ in UnsafeMutableRawPointer(mutating: base).deallocate() }
    }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw failure(path, "cannot be mapped: \(lastSystemError())")
    }
    return WeightsBuffer(unsafeBase: base, count: size, path: path) { base, count in
      munmap(UnsafeMutableRawPointer(mutating: base), count)
    }
  }

  /// Whether something is at `path`.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// What `errno` says.
  static func lastSystemError() -> String { String(cString: strerror(errno)) }

  private static func open(_ path: String) throws(OVError) -> (descriptor: Int32, size: Int) {
    var descriptor: Int32
    repeat { descriptor = systemOpen(path) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw failure(path, "cannot be opened: \(lastSystemError())") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let size = Int(exactly: status.st_size) else {
      close(descriptor)
      throw failure(path, "is not a regular file")
    }
    return (descriptor, size)
  }

  private static func failure(_ path: String, _ message: String) -> OVError {
    OVError(.unreadableFile, "the file \(message)", at: .init(path: path))
  }
}

private func systemOpen(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
