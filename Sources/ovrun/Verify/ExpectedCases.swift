import OVRuntime

/// A checked-in list of the cases that pass: a name a line; lines that begin with `#` are comments.
struct ExpectedCases {
  private let path: String
  private let comments: [String]
  let names: Set<String>

  init(path: String) throws(OVError) {
    self.path = path
    let lines = try FileSystem.text(of: path).split(separator: "\n").map { String($0).trimmed }.filter { !$0.isEmpty }
    comments = lines.filter { $0.hasPrefix("#") }
    names = Set(lines.filter { !$0.hasPrefix("#") })
  }

  /// Replaces the list by `passed`; names in it of cases that did not run stay.
  func update(passed: Set<String>, failed: Set<String>) throws(OVError) {
    let lines = comments + names.subtracting(failed).union(passed).sorted()
    try FileSystem.write(to: path) { (file) throws(OVError) in try file.append(lines.map { $0 + "\n" }.joined()) }
  }
}
