#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that is written under another name in the same folder and takes its place when it is complete. What is not put into
/// place is removed.
struct FileReplacement: ~Copyable {
  private let path: String
  private let temporaryPath: String
  /// Where the file lies whose place this one takes, once it is set aside.
  private var formerPath: String?
  private var file: Int32
  private var isPlaced = false

  /// - Throws: ``OVError/Code/unwritableFile`` when nothing can be created in the folder.
  init(_ path: String) throws(OVError) {
    self.path = path
    var attempt = 0
    while true {
      let temporaryPath = "\(path).\(getpid()).\(attempt).partial"
      let file = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if file >= 0 {
        self.temporaryPath = temporaryPath
        self.file = file
        return
      }
      guard errno == EEXIST || errno == EINTR, attempt < 100 else { throw FileReplacement.failure(path) }
      attempt += 1
    }
  }

  deinit {
    if file >= 0 { close(file) }
    if isPlaced { return }
    unlink(temporaryPath)
    if let formerPath { rename(formerPath, path) }
  }

  /// Appends to the new file.
  var writer: FileWriter { FileWriter(file, path) }

  /// Brings everything that was written to the disk. The file cannot be appended to any more.
  mutating func finish() throws(OVError) {
    guard fsync(file) == 0 else { throw FileReplacement.failure(path) }
    let closed = close(file)
    file = -1
    guard closed == 0 else { throw FileReplacement.failure(path) }
  }

  /// Renames the file that has the name so far, if there is one. It gets its name back unless this one is put into place.
  mutating func setFormerAside() throws(OVError) {
    if FileSystem.isFolder(path) { throw OVError(.unwritableFile, "is a folder, not a file", at: .init(path: path)) }
    let formerPath = temporaryPath + ".former"
    if rename(path, formerPath) == 0 {
      self.formerPath = formerPath
      syncFolder()
    } else if errno != ENOENT {
      throw FileReplacement.failure(path)
    }
  }

  /// Gives the finished file its name.
  mutating func place() throws(OVError) {
    guard rename(temporaryPath, path) == 0 else { throw FileReplacement.failure(path) }
    isPlaced = true
    if let formerPath { unlink(formerPath) }
    syncFolder()
  }

  /// A name is on the disk when the folder is. Not every file system offers that; the file is complete either way.
  private borrowing func syncFolder() {
    let folderEnd = path.lastIndex(of: "/")
    let folder = open(folderEnd.map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      _ = fsync(folder)
      close(folder)
    }
  }

  private static func failure(_ path: String) -> OVError { FileSystem.failure(.unwritableFile, "cannot write the file", path) }
}

/// Appends bytes to a file that is being written.
package struct FileWriter: ~Copyable {
  private let file: Int32
  private let path: String

  init(_ file: Int32, _ path: String) {
    self.file = file
    self.path = path
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(OVError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = write(file, rest.baseAddress!, rest.count)
      if written < 0 && errno == EINTR { continue }
      if written < 0 { throw FileSystem.failure(.unwritableFile, "cannot write the file", path) }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  package func append(_ text: String) throws(OVError) { try append([UInt8](text.utf8)) }

  package func append(_ bytes: [UInt8]) throws(OVError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(OVError) in try append(UnsafeRawBufferPointer(bytes)) }
  }
}
