#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What this package needs of a file system, with every failure as an ``OVError`` that names the path.
package enum FileSystem {
  /// Maps a regular file into memory, read-only.
  ///
  /// The file must not become shorter while the buffer is alive: the system ends a process that reads beyond a mapped file.
  package static func map(_ path: String) throws(OVError) -> WeightsBuffer {
    let file = try openForReading(path)
    defer { close(file) }
    guard let size = try regularSize(of: file, path) else {
      throw OVError(.unreadableFile, "not a regular file, so it cannot be mapped", at: .init(path: path))
    }
    if size == 0 { return WeightsBuffer(unsafeBase: UnsafeRawPointer(bitPattern: 64)!, count: 0, path: path) { _, _ in } }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
      throw failure(.unreadableFile, "cannot map the file", path)
    }
    return WeightsBuffer(mapping: UnsafeRawPointer(base), count: size, path: path)
  }

  /// Reads a whole file, pipes and devices included, into memory aligned to 64 bytes. A file of more than `limit` bytes is refused.
  package static func contents(of path: String, limit: Int = 1 << 40) throws(OVError) -> WeightsBuffer {
    let file = try openForReading(path)
    defer { close(file) }
    // One byte more than a regular file has shows its end without another allocation.
    var capacity = min(try regularSize(of: file, path) ?? 65536, limit) + 1
    var memory = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    var count = 0
    while true {
      let received = read(file, memory + count, capacity - count)
      if received < 0 && errno == EINTR { continue }
      if received < 0 {
        let error = failure(.unreadableFile, "cannot read the file", path)
        memory.deallocate()
        throw error
      }
      if received == 0 { break }
      count += received
      if count > limit {
        memory.deallocate()
        throw OVError(.unreadableFile, "the file is larger than \(limit) bytes", at: .init(path: path))
      }
      if count == capacity {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 64)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
        capacity *= 2
      }
    }
    return WeightsBuffer(unsafeBase: memory, count: count, path: path) { base, _ in
      UnsafeMutableRawPointer(mutating: base).deallocate()
    }
  }

  /// Reads a whole file as UTF-8; bytes that are none become U+FFFD.
  package static func text(of path: String) throws(OVError) -> String {
    try contents(of: path).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes a file such that `path` holds either what it held before or all of the new bytes: beside it first, then renamed.
  /// A path that exists and is no regular file (a pipe, `/dev/stdout`) is written in place.
  package static func write(to path: String, _ body: (borrowing FileWriter) throws(OVError) -> Void) throws(OVError) {
    var status = stat()
    guard stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG else {
      var replacement = try FileReplacement(path)
      try body(replacement.writer)
      try replacement.finish()
      return try replacement.place()
    }
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(.unwritableFile, "cannot write the file", path) }
    defer { close(file) }
    try body(FileWriter(file, path))
  }

  /// The names in a folder, sorted, without `.` and `..`.
  package static func entries(of path: String) throws(OVError) -> [String] {
    guard let folder = opendir(path) else { throw failure(.unreadableFile, "cannot list the folder", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether `path` is a folder.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether something of that name exists.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Makes a folder and those that lead to it; fine when it is there.
  package static func makeFolder(_ path: String) throws(OVError) {
    var prefix = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      prefix += part
      if !part.isEmpty && mkdir(prefix, 0o777) != 0 && !isFolder(prefix) {
        throw failure(.unwritableFile, "cannot make the folder", prefix)
      }
      prefix += "/"
    }
  }

  private static func openForReading(_ path: String) throws(OVError) -> Int32 {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(.unreadableFile, "cannot open the file", path) }
    return file
  }

  /// The size of a regular file; `nil` for pipes and devices.
  private static func regularSize(of file: Int32, _ path: String) throws(OVError) -> Int? {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure(.unreadableFile, "cannot read the file", path) }
    if status.st_mode & S_IFMT == S_IFDIR { throw OVError(.unreadableFile, "is a folder, not a file", at: .init(path: path)) }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  static func failure(_ code: OVError.Code, _ what: String, _ path: String) -> OVError {
    OVError(code, "\(what): \(String(cString: strerror(errno)))", at: .init(path: path))
  }
}
