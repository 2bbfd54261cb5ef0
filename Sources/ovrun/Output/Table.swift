#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Rows in aligned columns.
struct Table {
  enum Alignment {
    case left
    case right
  }

  let columns: [(title: String, alignment: Alignment)]
  private(set) var rows: [[String]] = []

  init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

  /// - Precondition: one cell a column.
  mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "one cell a column")
    rows.append(row)
  }

  /// The rows under the titles (none when all titles are empty), each with a line end.
  var text: String {
    let titles = columns.map(\.title)
    let all = titles.allSatisfy(\.isEmpty) ? rows : [titles] + rows
    let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return columns[column].alignment == .left ? row[column] + space : space + row[column]
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

extension Double {
  /// With so many digits behind the point.
  func fixed(_ decimals: Int) -> String { printed("%.*f", decimals) }

  /// With so many significant digits, in scientific notation when that is shorter.
  func significant(_ digits: Int) -> String { printed("%.*g", digits) }

  private func printed(_ format: String, _ precision: Int) -> String {
    withVaList([Int32(precision), self]) { arguments in
      var buffer = [CChar](repeating: 0, count: 400)
      vsnprintf(&buffer, buffer.count, format, arguments)
      return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}

extension Int {
  /// A number of bytes for people: `4.2 MB`.
  var byteText: String {
    let units = ["bytes", "KB", "MB", "GB", "TB"]
    var value = Double(self)
    var unit = 0
    while value >= 1000 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(self) bytes" : value.significant(3) + " " + units[unit]
  }
}
