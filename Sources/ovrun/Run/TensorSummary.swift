import OVRuntime

/// A tensor for people.
struct TensorSummary {
  let tensor: Tensor

  init(_ tensor: Tensor) { self.tensor = tensor }

  /// The extremes and the mean of the finite numbers, and how many are none.
  var statistics: String {
    if tensor.elementType == .string || tensor.elementCount == 0 { return "\(tensor.elementCount) elements" }
    if tensor.elementType == .boolean { return "\(tensor.int64s().reduce(0, +)) of \(tensor.elementCount) true" }
    let numbers = tensor.doubles()
    let finite = numbers.filter(\.isFinite)
    var text = "no finite numbers"
    if let least = finite.min(), let largest = finite.max() {
      let mean = finite.reduce(0, +) / Double(finite.count)
      text = "min \(Self.text(least))  max \(Self.text(largest))  mean \(Self.text(mean))"
    }
    return finite.count == numbers.count ? text : text + "  \(numbers.count - finite.count) not finite"
  }

  /// The values, a line each, or the most telling of them.
  var values: String {
    if let rows = classRows { return describe(rows) }
    let limit = 8
    let texts: [String] =
      tensor.elementType == .string
      ? tensor.strings.prefix(limit).map { "\"\(OVError.printable($0, limit: 60))\"" }
      : tensor.elementType.isFloatingPoint
        ? tensor.doubles().prefix(limit).map(Self.text) : tensor.int64s().prefix(limit).map(String.init)
    return texts.isEmpty ? "" : "  " + texts.joined(separator: "  ") + (tensor.elementCount > limit ? "  …\n" : "\n")
  }

  /// The rows of an output that looks like a classifier's: real numbers, at least three along one axis, and otherwise only a batch.
  private var classRows: [[Double]]? {
    guard tensor.elementType.isFloatingPoint else { return nil }
    let long = tensor.shape.indices.filter { tensor.shape[$0] > 1 }
    guard let axis = long.last, long.count == 1 || long.count == 2 && long[0] == 0, tensor.shape[axis] >= 3 else { return nil }
    guard axis > 0 || tensor.shape.count == 1 else { return nil }
    let width = tensor.shape[axis]
    let numbers = tensor.doubles()
    return stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<($0 + width)]) }
  }

  private func describe(_ rows: [[Double]]) -> String {
    func ranked(_ row: [Double]) -> [Int] {
      row.indices.filter { !row[$0].isNaN }.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
    }
    if rows.count == 1 {
      var table = Table([("", .right), ("", .right), ("", .left)])
      for index in ranked(rows[0]).prefix(5) { table.append(["  \(index)", Self.text(rows[0][index]), Self.bar(rows[0][index])]) }
      return table.text
    }
    let limit = 10
    var table = Table([("", .right), ("", .right), ("", .right)])
    for (number, row) in rows.prefix(limit).enumerated() {
      guard let best = ranked(row).first else { continue }
      table.append(["  row \(number):", "\(best)", Self.text(row[best])])
    }
    return table.text + (rows.count > limit ? "  … \(rows.count - limit) more rows\n" : "")
  }

  private static func text(_ value: Double) -> String { value.significant(5) }

  /// A probability as a bar; nothing for other numbers.
  private static func bar(_ value: Double) -> String {
    (0...1).contains(value) ? String(repeating: "█", count: Int((value * 20).rounded())) : ""
  }
}
