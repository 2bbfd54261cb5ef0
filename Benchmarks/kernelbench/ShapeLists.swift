/// A line of a shape list: a kind and key=value pairs.
struct ShapeLine {
  let model: String
  let text: String
  let kind: String
  private let values: [String: String]

  init?(_ line: String, model: String) {
    let words = line.split(separator: " ")
    guard let kind = words.first, !kind.hasPrefix("#") else { return nil }
    self.model = model
    self.kind = String(kind)
    var values: [String: String] = [:]
    for word in words.dropFirst() {
      let pair = word.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { fail("\(model).txt: \(word) is no key=value", code: 65) }
      values[String(pair[0])] = String(pair[1])
    }
    self.values = values
    text = "\(model): " + words.filter { !$0.hasPrefix("times=") }.joined(separator: " ")
  }

  func string(_ key: String) -> String {
    guard let value = values[key] else { fail("\(text) has no \(key)", code: 65) }
    return value
  }

  /// Numbers joined by x, as in `3x224x224`.
  func numbers(_ key: String) -> [Int] {
    string(key).split(separator: "x").map { number in
      guard let value = Int(number) else { fail("\(text): \(number) is no number", code: 65) }
      return value
    }
  }

  func number(_ key: String) -> Int { numbers(key)[0] }
}

/// The lines of all lists of a folder, each shape once, under the first model that has it.
func shapeLines(_ folder: String) -> [ShapeLine] {
  let files = listFolder(folder).filter { $0.hasSuffix(".txt") }
  if files.isEmpty { fail("no shape lists in \(folder); run from the package's root or give --shapes", code: 66) }
  var seen: Set<String> = []
  return files.flatMap { file -> [ShapeLine] in
    let model = String(file.dropLast(4))
    return (readText("\(folder)/\(file)") ?? "").split(separator: "\n").compactMap { ShapeLine(String($0), model: model) }
  }.filter { seen.insert(String($0.text.drop { $0 != ":" })).inserted }
}
