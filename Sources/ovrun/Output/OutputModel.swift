import OVRuntime

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a command writes a model.
struct OutputModel {
  let path: String

  /// The path of `--output`, checked before the work is done.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` without one, ``OVError/Code/unwritableFile`` when its folder does not exist.
  init(_ arguments: Arguments) throws(OVError) {
    guard let path = arguments.text("--output") else { throw arguments.command.misuse("'--output' is missing") }
    guard path.hasSuffix(".xml") else {
      throw arguments.command.misuse("'--output' is '\(path)', not an XML file", "the weights go beside it, into a .bin file")
    }
    if let end = path.lastIndex(of: "/"), !FileSystem.isFolder(String(path[...end])) {
      throw OVError(.unwritableFile, "there is no such folder", at: .init(path: String(path[..<end])))
    }
    self.path = path
  }

  /// Writes both files. Interrupts are held off meanwhile: there are both files of one model, or those that were there before.
  func write(_ model: Model) throws(OVError) {
    let signals = [SIGINT, SIGTERM, SIGHUP]
    let handlers = signals.map { signal($0, SIG_IGN) }
    defer { for (number, handler) in zip(signals, handlers) { signal(number, handler) } }
    try model.write(to: path)
  }
}
