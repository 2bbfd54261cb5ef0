import OVRuntime

/// A bar a layer, as SVG or as a page that holds it.
struct LayerPicture {
  struct Row {
    let name: String
    let type: String
    /// A word behind the name.
    let note: String
    let isHighlighted: Bool
    /// The length of the bar; infinite for full length.
    let value: Double
    /// Where a mark stands.
    let mark: Double?
    /// Shown when the pointer rests on the row.
    let details: String
  }

  let title: String
  let lines: [String]
  let legend: String
  let rows: [Row]

  private static let rowHeight = 18
  private static let nameWidth = 420
  private static let barWidth = 480
  private static let width = nameWidth + barWidth + 80

  /// The picture alone.
  var svg: String {
    let top = 34 + 18 * (lines.count + 1)
    let height = top + Self.rowHeight * rows.count + 16
    let largest = max(1, rows.flatMap { [$0.value, $0.mark ?? 0] }.filter(\.isFinite).max() ?? 1)
    func length(_ value: Double) -> Int { Int(Double(Self.barWidth) * max(0, min(1, value / largest))) }
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" height="\(height)" \
      font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="#fff"/>
      <text x="8" y="22" font-size="16" font-weight="bold">\(Self.escaped(title))</text>\n
      """
    for (index, line) in (lines + [legend]).enumerated() {
      text += "<text x=\"8\" y=\"\(42 + 18 * index)\" fill=\"#444\">\(Self.escaped(line))</text>\n"
    }
    for (index, row) in rows.enumerated() {
      let y = top + Self.rowHeight * index
      let color = row.isHighlighted ? "#3572b0" : "#b9b9b9"
      let number = row.value.isFinite ? row.value.fixed(1) : "exact"
      text += "<g><title>\(Self.escaped("\(row.name) (\(row.type)): \(row.details)"))</title>"
      text += "<text x=\"8\" y=\"\(y + 13)\">\(Self.escaped(shortened(row.name, 44)))</text>"
      text += "<text x=\"\(Self.nameWidth - 90)\" y=\"\(y + 13)\" fill=\"#777\">\(Self.escaped(shortened(row.type, 14)))</text>"
      text += "<rect x=\"\(Self.nameWidth)\" y=\"\(y + 3)\" width=\"\(max(1, length(row.value)))\" height=\"12\" fill=\"\(color)\"/>"
      if let mark = row.mark {
        text += "<rect x=\"\(Self.nameWidth + length(mark) - 1)\" y=\"\(y + 1)\" width=\"2\" height=\"16\" fill=\"#c0392b\"/>"
      }
      text += "<text x=\"\(Self.nameWidth + max(length(row.value), row.mark.map(length) ?? 0) + 6)\" y=\"\(y + 13)\" fill=\"#444\">"
      text += Self.escaped("\(number) \(row.note)") + "</text></g>\n"
    }
    return text + "</svg>\n"
  }

  /// A page with the picture.
  var html: String {
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>\(Self.escaped(title))</title></head>\n<body>\n\(svg)</body>\n</html>\n"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in OVError.printable(text, limit: 1000).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// A report in a file, in the form that the file's name asks for.
struct ReportFile {
  let path: String

  /// The path of `--report`; `nil` without one.
  ///
  /// - Throws: ``OVError/Code/invalidArgument`` when the name asks for no form there is.
  init?(_ arguments: Arguments) throws(OVError) {
    guard let path = arguments.text("--report") else { return nil }
    guard [".json", ".html", ".svg"].contains(where: { path.hasSuffix($0) }) else {
      throw arguments.command.misuse("'--report' is '\(path)'", "its name ends in .json, .html or .svg")
    }
    self.path = path
  }

  func write(_ json: JSON, _ picture: LayerPicture) throws(OVError) {
    let text = path.hasSuffix(".json") ? json.text + "\n" : path.hasSuffix(".svg") ? picture.svg : picture.html
    try FileSystem.write(to: path) { (file) throws(OVError) in try file.append(text) }
  }
}
