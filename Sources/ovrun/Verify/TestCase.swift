import OVRuntime

/// A folder with a model, inputs, and the outputs they should give.
struct TestCase {
  let path: String

  /// The folder's name.
  var name: String {
    let parts = path.split(separator: "/")
    return parts.last.map(String.init) ?? path
  }

  /// The case at `path`, or the cases in the folders within it when it holds no model itself.
  static func all(at path: String) throws(OVError) -> [TestCase] {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    if FileSystem.exists(path + "/model.xml") { return [TestCase(path: path)] }
    let folders = try FileSystem.entries(of: path).map { TestCase(path: path + "/" + $0) }
    let cases = folders.filter { FileSystem.exists($0.path + "/model.xml") }
    guard !cases.isEmpty else {
      throw OVError(
        .unreadableFile, "there is no model.xml in the folder or in those within it", at: .init(path: path),
        suggestion: "a case is a folder with model.xml, 0/input_0.npy …, 0/output_0.npy …")
    }
    return cases
  }

  /// What running a case showed.
  struct Outcome {
    /// Over all outputs: the largest.
    var error = 0.0
    /// Over all outputs: the least.
    var cosine = 1.0
    /// Why the case failed.
    var failure: String?
    var passed: Bool { failure == nil }
  }

  /// Runs every data set with a state of its own, then the steps as consecutive inferences, until an output is wrong.
  func run(_ engine: Engine, _ criterion: Criterion) -> Outcome {
    var outcome = Outcome()
    do throws(OVError) {
      let model = try engine.prepare(Model(contentsOf: path + "/model.xml"))
      let sets = try numberedFolders(in: path)
      guard !sets.isEmpty else { throw OVError(.unreadableFile, "the case has no folder 0 with data", at: .init(path: path)) }
      for set in sets where outcome.passed {
        try check(model, model.makeSession(), set, criterion, &outcome)
      }
      if FileSystem.isFolder(path + "/steps") {
        let session = model.makeSession()
        for step in try numberedFolders(in: path + "/steps") where outcome.passed {
          try check(model, session, "steps/" + step, criterion, &outcome)
        }
      }
    } catch {
      outcome.failure = error.description
    }
    return outcome
  }

  private func check(
    _ model: PreparedModel, _ infer: ([Tensor]) throws(OVError) -> [Tensor], _ set: String, _ criterion: Criterion,
    _ outcome: inout Outcome
  ) throws(OVError) {
    let folder = path + "/" + set
    var inputs: [Tensor] = []
    for (index, port) in model.inputs.enumerated() {
      inputs.append(try port.adopting(Tensor(npyFile: "\(folder)/input_\(index).npy")))
    }
    for (kind, count) in [("input", model.inputs.count), ("output", model.outputs.count)] {
      let surplus = "\(folder)/\(kind)_\(count).npy"
      if FileSystem.exists(surplus) { throw OVError(.invalidData, "the model has \(count) \(kind)s", at: .init(path: surplus)) }
    }
    for (index, actual) in try infer(inputs).enumerated() {
      let expected = try Tensor(npyFile: "\(folder)/output_\(index).npy")
      let comparison = Comparison(actual, expected, criterion)
      outcome.error = max(outcome.error, comparison.error)
      outcome.cosine = min(outcome.cosine, comparison.cosine)
      if let failure = comparison.failure {
        outcome.failure = "\(set)/output_\(index): \(failure)"
        return
      }
    }
  }

  /// The names of the folders that are numbers, in their order.
  private func numberedFolders(in path: String) throws(OVError) -> [String] {
    try FileSystem.entries(of: path).compactMap { name in Int(name).map { ($0, name) } }.sorted { $0.0 < $1.0 }.map(\.1)
      .filter { FileSystem.isFolder(path + "/" + $0) }
  }
}
