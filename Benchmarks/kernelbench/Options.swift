#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The command line of `kernelbench`.
struct Options {
  /// Only kernels whose name or shape contains this.
  var filter = ""
  /// One JSON object a line instead of a table.
  var isJSON = false
  /// Time given to each kernel and shape in each round.
  var seconds = 0.02
  /// How often everything is measured, so that a disturbance does not meet all samples of a kernel.
  var rounds = 3
  /// The output of an earlier run with `--json`, to compare with.
  var compare: String?
  /// Ends with status 1 where a pick is slower than the fastest kernel by more than 5 %, or below its share of what binds it.
  var isCheck = false
  /// Where the lists of shapes lie.
  var shapes = "Benchmarks/shapes"

  static let usage =
    "usage: kernelbench [--filter TEXT] [--json] [--seconds S] [--rounds N] [--compare FILE.json] [--check] [--shapes FOLDER]"

  init(_ arguments: [String]) {
    var rest = arguments[...]
    func value(_ option: String) -> String {
      guard let value = rest.popFirst() else { fail("\(option) needs a value\n\(Self.usage)", code: 64) }
      return value
    }
    while let option = rest.popFirst() {
      switch option {
      case "--filter": filter = value(option)
      case "--json": isJSON = true
      case "--seconds":
        guard let number = Double(value(option)), number > 0 else { fail("--seconds needs a positive number", code: 64) }
        seconds = number
      case "--rounds":
        guard let number = Int(value(option)), number > 0 else { fail("--rounds needs a positive number", code: 64) }
        rounds = number
      case "--compare": compare = value(option)
      case "--check": isCheck = true
      case "--shapes": shapes = value(option)
      case "--help":
        print(Self.usage)
        exit(0)
      default: fail("unknown option \(option)\n\(Self.usage)", code: 64)
      }
    }
  }
}
