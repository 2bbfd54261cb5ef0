import OVRuntime

/// How the tool ends; the numbers are those of BSD's `sysexits` where it has one.
enum ExitCode: Int32 {
  case success = 0
  /// A verification failed.
  case verificationFailed = 1
  /// The command line is wrong.
  case usage = 64
  /// The model or the data are bad.
  case badData = 65
  /// A file cannot be read or written.
  case file = 66
  /// The model needs what is not supported.
  case unsupported = 69
  /// A bug of this package.
  case internalFailure = 70

  init(_ error: any Error) {
    guard let error = error as? OVError else {
      self = .internalFailure
      return
    }
    self =
      switch error.code {
      case .invalidArgument: .usage
      case .invalidModel, .invalidData: .badData
      case .unreadableFile, .unwritableFile: .file
      case .unsupported: .unsupported
      default: .internalFailure
      }
  }
}
