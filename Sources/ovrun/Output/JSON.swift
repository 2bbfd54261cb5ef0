/// A JSON value that is written, not read.
enum JSON {
  case null
  case bool(Bool)
  case integer(Int)
  /// Written as `null` when it is not finite, which JSON cannot say.
  case number(Double)
  case string(String)
  case array([JSON])
  /// In the order given.
  case object([(String, JSON)])

  /// The value over several lines; arrays and objects of plain values in one line.
  var text: String { render("") }

  private func render(_ indent: String) -> String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .number(let value): return value.isFinite ? String(value) : "null"
    case .string(let value): return JSON.quoted(value)
    case .array(let values): return JSON.enclosed("[", values.map { ("", $0) }, "]", indent)
    case .object(let entries): return JSON.enclosed("{", entries.map { (JSON.quoted($0.0) + ": ", $0.1) }, "}", indent)
    }
  }

  private var isPlain: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  private static func enclosed(_ open: String, _ entries: [(String, JSON)], _ close: String, _ indent: String) -> String {
    if entries.allSatisfy(\.1.isPlain) {
      return open + entries.map { $0 + $1.render(indent) }.joined(separator: ", ") + close
    }
    let inner = indent + "  "
    return open + "\n" + entries.map { inner + $0 + $1.render(inner) }.joined(separator: ",\n") + "\n" + indent + close
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 32 || scalar.value == 127:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }

  /// `value`, or `null`.
  static func optional<Value>(_ value: Value?, _ make: (Value) -> JSON) -> JSON { value.map(make) ?? .null }
}
