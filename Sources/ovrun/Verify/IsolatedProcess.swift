import OVRuntime

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How a process that ran to its end ended.
struct ProcessOutcome {
  /// What it wrote to standard output.
  var output: String
  /// `nil` when a signal ended it.
  var exitCode: Int32?
  var signal: Int32?

  /// Runs this program again with other arguments, standard error discarded, and waits for it.
  static func ofThisProgram(_ arguments: [String]) throws(OVError) -> ProcessOutcome {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw OVError(.internalFailure, "cannot make a pipe: \(String(cString: strerror(errno)))") }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addclose(&actions, ends[0])

    // A crash should end the process, not print a backtrace that nobody sees.
    setenv("SWIFT_BACKTRACE", "enable=no", 1)
    let program = CommandLine.arguments[0]
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawnp(&process, program, &actions, nil, &words, environ)
    close(ends[1])
    guard failure == 0 else { throw OVError(.internalFailure, "cannot start \(program): \(String(cString: strerror(failure)))") }

    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7F
    let code = status >> 8 & 0xFF
    return ProcessOutcome(
      output: String(decoding: bytes, as: UTF8.self), exitCode: signal == 0 ? code : nil, signal: signal == 0 ? nil : signal)
  }
}
