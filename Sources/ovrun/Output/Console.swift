#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The standard streams.
enum Console {
  /// Lets writing to a closed pipe fail instead of ending the process by a signal.
  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Writes a line to standard output at once.
  static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

  /// Writes text as it is to standard output at once.
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes the one line that says why the tool ends.
  static func printError(_ message: String) { write("ovrun: \(message)\n", to: STDERR_FILENO) }

  /// Shows how far something is, in a line of the terminal that the next call overwrites; nothing when standard error is no
  /// terminal. The empty text clears the line.
  static func showProgress(_ text: String) {
    if isatty(STDERR_FILENO) == 1 { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }
  }

  private static func write(_ text: String, to stream: Int32) {
    var text = text
    let isWritten = text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Self.write(stream, rest)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
      return true
    }
    // Nobody reads on (`| head`): what is left to do has no use, and whether it would have gone well is not known.
    if !isWritten && stream == STDOUT_FILENO { exit(ExitCode.file.rawValue) }
  }

  private static func write(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    Glibc.write(stream, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
    Musl.write(stream, bytes.baseAddress, bytes.count)
    #else
    Darwin.write(stream, bytes.baseAddress, bytes.count)
    #endif
  }
}
